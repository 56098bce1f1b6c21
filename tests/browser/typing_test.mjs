// Three people in three regions write at the same place, through links that are cut, slow and healed.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {Visitor, launch, sameText, until} from './browser.mjs';
import {Regions} from './regions.mjs';

let regions;
let browser;
let visitors;
const typed = [];

before(async () => {
  regions = await Regions.start();
  browser = await launch();
  visitors = await Promise.all(regions.pages.map((page) => Visitor.open(browser, page)));
  await sameText(visitors);
});
after(async () => {
  await browser?.close();
  await regions?.stop();
});

// Everybody types words at once, each a few; a word names its author.
async function everybodyTypes(phase, words = 4) {
  await Promise.all(visitors.map(async (visitor, index) => {
    for (let word = 0; word < words; word += 1) {
      const text = `${'FVS'[index]}${phase}${word}end`;
      typed.push(text);
      await visitor.type(`${text} `);
    }
  }));
}

async function allIsThere() {
  await Promise.all(visitors.map((each) => each.saved()));
  const text = await sameText(visitors);
  for (const word of typed) {
    assert.equal(text.split(word).length, 2, `${word} is once in ${text}`);
  }
  return text;
}

test('words typed at one place stay whole while all links are open', async () => {
  for (const visitor of visitors) await visitor.caretBehind('tent');
  await Promise.all(visitors.map((each) => each.type(' ')));
  await everybodyTypes('open');
  await allIsThere();
});

// Notes times in a page: of each key, of the frame that shows it, and of the growth of the text.
const watchKeys = (page) => page.evaluate(() => {
  const mirror = document.querySelector('#mirror');
  const begin = mirror.textContent.length;
  window.times = {key: [], shown: [], grown: []};
  document.querySelector('#text').addEventListener('keydown', () => {
    window.times.key.push(Date.now());
    requestAnimationFrame(() => window.times.shown.push(Date.now()));
  });
  new MutationObserver(() => {
    while (window.times.grown.length < mirror.textContent.length - begin) window.times.grown.push(Date.now());
  }).observe(mirror, {characterData: true, subtree: true});
});
const p95 = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length * 0.95)];

test('a key stroke is shown here and in the others', async () => {
  const [here, there] = visitors;
  await here.caretAt(0);
  await Promise.all([here, there].map((each) => watchKeys(each.page)));
  await here.type('quick as a key stroke, 95 of 100 ');
  await here.saved();
  await sameText(visitors);
  const [mine, theirs] = await Promise.all([here, there].map((each) => each.page.evaluate(() => window.times)));
  assert.equal(theirs.grown.length, mine.key.length);
  const after = (list) => p95(list.map((each, index) => each - mine.key[index]));
  console.log(`p95 of ${mine.key.length} letters: shown here after ${after(mine.shown)} ms, ` +
    `in another region after ${after(theirs.grown)} ms`);
});

test('each region goes on while its links are cut, and says so', async () => {
  await regions.link(0, 1, 'cut');
  await regions.link(0, 2, 'cut');
  await regions.link(1, 2, 'cut');
  await everybodyTypes('cut');
  await Promise.all(visitors.map((each) => each.saved()));
  await until('the page tells what others have not seen', async () =>
    /edits? here that .*Virginia.* not seen/.test(await visitors[0].page.textContent('#unseen')));
  assert.ok(!(await visitors[0].shown()).includes('Scut0end'));
});

test('two titles written at once are both kept, and the loser can be put back', async () => {
  for (const [index, title] of [[0, 'Canoe on the Danube'], [2, 'Canoe with kids']]) {
    await visitors[index].page.fill('#title', title);
    await visitors[index].page.press('#title', 'Enter');
    await visitors[index].saved();
  }
  await regions.link(0, 1, 'heal');
  await regions.link(0, 2, 'slow');
  await regions.link(1, 2, 'heal');
  const {page} = visitors[1];
  await page.waitForSelector('#also li');
  const lost = await page.textContent('#also q');
  await page.click('#also button');
  for (const visitor of visitors) {
    await until('the title is back', async () => await visitor.page.inputValue('#title') === lost);
  }
});

test('words stay whole over slow and healed links', async () => {
  for (const visitor of visitors) await visitor.text.focus();
  await everybodyTypes('slow');
  await regions.link(0, 2, 'heal');
  await everybodyTypes('healed', 2);
  await allIsThere();
});

test('votes of all regions add up, a tick stays', async () => {
  const {page} = visitors[0];
  const votes = Number(await page.locator('#votes .count').first().textContent());
  await regions.link(0, 1, 'cut');
  await regions.link(1, 2, 'cut');
  for (const visitor of visitors) await visitor.page.locator('#votes button:last-child').first().click();
  await visitors[1].page.locator('#todo [type=checkbox]').nth(1).check();
  await regions.link(0, 1, 'heal');
  await regions.link(1, 2, 'heal');
  for (const visitor of visitors) {
    await until('three votes more', async () =>
      Number(await visitor.page.locator('#votes .count').first().textContent()) === votes + 3);
    await until('the tick', () => visitor.page.locator('#todo [type=checkbox]').nth(1).isChecked());
  }
});

test('undo takes back what was typed here, and nothing of others', async () => {
  const [first, second] = visitors;
  await first.caretAt(0);
  await first.type('Oops');
  await first.saved();
  await sameText(visitors);
  await second.caretAt(2);
  await second.type('xx');
  await second.saved();
  await until('the other letters', async () => (await first.shown()).startsWith('Ooxxps'));
  await first.page.keyboard.press('Control+z');
  await until('the undo', async () => (await first.shown()).startsWith('xx'));
  await first.page.keyboard.press('Control+Shift+z');
  await until('the redo', async () => (await second.shown()).startsWith('Ooxxps'));
  await first.page.keyboard.press('Control+z');
  await allIsThere();
});

test('a reload shows all that was saved', async () => {
  await Promise.all(visitors.map((each) => each.reload()));
  await allIsThere();
  for (const visitor of visitors) await visitor.close();
});
