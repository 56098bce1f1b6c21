// How the pages look and whether everybody can use them: labels, contrast, focus, narrow screens, no motion.
// Writes screenshots into the folder ANABRANCH_SCREENSHOTS, by default `screenshots` of the tree.
import assert from 'node:assert/strict';
import {mkdirSync} from 'node:fs';
import {after, before, beforeEach, test} from 'node:test';

import {Visitor, launch, until} from './browser.mjs';
import {contrasts, focusStops, unnamed} from './inspection.mjs';
import {Regions} from './regions.mjs';

const folder = process.env.ANABRANCH_SCREENSHOTS ?? `${process.env.ANABRANCH_TEST_BUILD}/screenshots`;
let regions;
let browser;

before(async () => {
  mkdirSync(folder, {recursive: true});
  regions = await Regions.start();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await regions?.stop();
});

// Whatever the test before has left.
beforeEach(async () => {
  for (const [one, other] of [[0, 1], [0, 2], [1, 2]]) await regions.link(one, other, 'heal');
});

const shot = (visitor, name) => visitor.page.screenshot({path: `${folder}/${name}.png`});

async function inspect(page, name) {
  for (const frame of page.frames()) {
    assert.deepEqual(await frame.evaluate(unnamed), [], `${name}: everything has a name`);
    assert.deepEqual(await frame.evaluate(contrasts, 4.5), [], `${name}: contrast`);
    const width = await frame.evaluate(() =>
      [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(width[0] <= width[1], `${name}: nothing overflows sideways, ${width}`);
  }
}

// All columns are loaded, and the line below them says so.
async function framesReady(visitor, words = /All three are equal/) {
  for (const name of ['Frankfurt', 'Virginia', 'Sydney']) {
    await visitor.page.frameLocator(`iframe[title=${name}]`).locator('#document[aria-busy=false]').waitFor();
  }
  await until(`${words}`, async () => words.test(await visitor.page.textContent('#equal')), 60000);
}

for (const colorScheme of ['light', 'dark']) {
  for (const [size, width, height] of [['wide', 1280, 800], ['middle', 900, 900], ['phone', 360, 740]]) {
    test(`the page of a region, ${size}, ${colorScheme}: names, contrast, no overflow`, async () => {
      const visitor = await Visitor.open(browser, regions.pages[0], {colorScheme, viewport: {width, height}});
      await visitor.page.waitForSelector('#votes li');
      await inspect(visitor.page, size);
      await shot(visitor, `region-${size}-${colorScheme}`);
      await visitor.close();
    });

    test(`all regions side by side, ${size}, ${colorScheme}: names, contrast, no overflow`, async () => {
      const visitor = await Visitor.open(browser, `${regions.pages[0]}/three`,
        {colorScheme, viewport: {width, height}});
      await framesReady(visitor);
      await visitor.page.frameLocator('iframe').first().locator('#votes li').first().waitFor();
      await inspect(visitor.page, size);
      await shot(visitor, `three-${size}-${colorScheme}`);
      await visitor.close();
    });
  }
}

test('every stop of the Tab key is visible', async () => {
  const visitor = await Visitor.open(browser, regions.pages[0]);
  await visitor.page.waitForSelector('#votes li');
  const seen = new Set();
  for (let stop = 0; stop < 60; stop += 1) {
    await visitor.page.keyboard.press('Tab');
    const focus = await visitor.page.evaluate(focusStops);
    if (!focus) break;
    assert.ok(focus.visible, `${focus.name} shows that it has the focus`);
    seen.add(focus.name);
  }
  for (const name of ['Title', 'Text, edited together', 'Something to do', 'Another choice', 'A tag']) {
    assert.ok(seen.has(name), `${name} is reached: ${[...seen].join(', ')}`);
  }
  await visitor.close();
});

test('a to-do item is moved and ticked by keyboard', async () => {
  const visitor = await Visitor.open(browser, regions.pages[0]);
  const items = () => visitor.page.$$eval('#todo .item', (fields) => fields.map((each) => each.value));
  await visitor.page.waitForSelector('#todo li >> nth=1');
  const [first, second] = await items();
  await visitor.page.locator('#todo .item').first().focus();
  await visitor.page.keyboard.press('Alt+ArrowDown');
  await until('moved', async () => (await items())[1] === first);
  assert.equal((await items())[0], second);
  await visitor.saved();
  await until('the focus moves along', () => visitor.page.evaluate((text) =>
    document.activeElement.value === text, first));
  await visitor.close();
});

test('a link is cut and healed with its buttons, and the page tells', async () => {
  const visitor = await Visitor.open(browser, `${regions.pages[0]}/three`, {viewport: {width: 1280, height: 800}});
  const {page} = visitor;
  await framesReady(visitor);
  for (const pair of ['Frankfurt – Sydney', 'Virginia – Sydney']) {
    await page.getByRole('button', {name: `Cut the link ${pair}`}).click();
    await page.locator(`[aria-label="Link ${pair}"][data-state=cut]`).waitFor();
  }
  const [frankfurt, sydney] = ['Frankfurt', 'Sydney'].map((name) =>
    page.frameLocator(`iframe[title=${name}]`));
  await frankfurt.locator('#text').click();
  await page.keyboard.type(' seen by two ');
  await sydney.locator('#text').click();
  await page.keyboard.type(' alone ');
  await framesReady(visitor, /Not equal: each lacks edits of another/);
  await page.locator('[aria-label="Link Frankfurt – Sydney"]', {hasText: 'waiting'}).waitFor();
  await inspect(page, 'cut');
  await shot(visitor, 'three-cut');
  await page.getByRole('button', {name: 'Slow the link Virginia – Sydney'}).click();
  await page.getByRole('button', {name: 'Heal the link Frankfurt – Sydney'}).click();
  await page.locator('[aria-label="Link Virginia – Sydney"][data-state=slow]').waitFor();
  await framesReady(visitor);
  await shot(visitor, 'three-slow');
  await page.getByRole('button', {name: 'Heal the link Virginia – Sydney'}).click();
  await page.locator('[aria-label="Link Virginia – Sydney"][data-state=open]').waitFor();
  assert.equal(await page.textContent('#announced'), 'All three are equal');
  await visitor.close();
});

test('a region that is down is told on its column and below', async () => {
  const visitor = await Visitor.open(browser, `${regions.pages[0]}/three`, {viewport: {width: 1280, height: 800}});
  await framesReady(visitor);
  await regions.kill(1);
  await framesReady(visitor, /Virginia is down/);
  const virginia = visitor.page.frameLocator('iframe[title=Virginia]');
  await virginia.locator('#text').click();
  await visitor.page.keyboard.type('Waiting. ');
  await virginia.locator('#trouble', {hasText: 'Your edits wait here'}).waitFor();
  await inspect(visitor.page, 'down');
  await shot(visitor, 'three-down');
  await regions.restart(1);
  await framesReady(visitor);
  await virginia.locator('#trouble').waitFor({state: 'hidden'});
  await visitor.close();
});

test('the story plays to its end, and leaves the page to the visitor', async () => {
  const visitor = await Visitor.open(browser, `${regions.pages[0]}/three`, {viewport: {width: 1280, height: 800}});
  await framesReady(visitor);
  await visitor.page.click('#story');
  await until('its end', async () => /Now you/.test(await visitor.page.textContent('#caption')), 90000);
  await framesReady(visitor);
  await shot(visitor, 'three-story');
  const column = visitor.page.frameLocator('iframe[title=Virginia]');
  assert.match(await column.locator('#also').textContent(), /Also written: Canoe .* Put back/);
  assert.match(await column.locator('#text').inputValue(), /Sam: a \w+\. /);
  assert.match(await column.locator('#text').inputValue(), /Ada: a \w+\. /);
  await visitor.close();
});

test('a story can be stopped at any time', async () => {
  const visitor = await Visitor.open(browser, `${regions.pages[0]}/three`, {viewport: {width: 1280, height: 800}});
  await framesReady(visitor);
  await visitor.page.click('#story');
  await visitor.page.locator('[data-state=cut]').first().waitFor();
  await visitor.page.click('#story');
  await framesReady(visitor);
  await until('all links are open', async () => await visitor.page.locator('[data-state=cut]').count() === 0);
  assert.equal(await visitor.page.textContent('#story'), 'Start a story');
  await visitor.close();
});

test('without motion no dot travels', async () => {
  const visitor = await Visitor.open(browser, `${regions.pages[0]}/three`, {reducedMotion: 'reduce'});
  await framesReady(visitor);
  await visitor.page.evaluate(() => {
    window.dots = 0;
    new MutationObserver((changes) => {
      window.dots += changes.filter((each) => each.addedNodes.length).length;
    }).observe(document.querySelector('.line'), {childList: true});
  });
  await visitor.page.frameLocator('iframe').first().locator('#text').click();
  await visitor.page.keyboard.type('Still.');
  await framesReady(visitor);
  assert.equal(await visitor.page.evaluate(() => window.dots), 0);
  await visitor.close();
});

test('100 000 characters are shown and edited', async () => {
  const visitor = await Visitor.open(browser, regions.pages[0]);
  await visitor.page.evaluate(() => {
    const area = document.querySelector('#text');
    area.setRangeText('A hundred thousand characters, line by line.\n'.repeat(2223), 0, 0, 'end');
    area.dispatchEvent(new InputEvent('input'));
  });
  await visitor.saved();
  await visitor.text.focus();
  const start = Date.now();
  await visitor.type('typed at the end', 0);
  await visitor.saved();
  console.log(`16 letters in a text of 100 000 took ${Date.now() - start} ms`);
  await shot(visitor, 'region-long');
  await visitor.close();
});
