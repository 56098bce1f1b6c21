// A region is killed (kill -9) while people write: what they write waits in their pages and counts once.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {Visitor, launch, sameText, until} from './browser.mjs';
import {Regions} from './regions.mjs';

let regions;
let browser;
let visitors;

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

test('edits wait while a region is down, and count once when it is back', async () => {
  const [here, there] = visitors;
  await here.caretBehind('tent');
  const typing = here.type(' BEFORE-AND-AFTER');
  await new Promise((done) => setTimeout(done, 700));
  await regions.kill(0);
  await typing;
  await there.caretAt(0);
  await there.type('MEANWHILE ', 30);
  const votes = Number(await there.page.locator('#votes .count').first().textContent());
  await here.page.locator('#votes button:last-child').first().click();
  await until('the page says that edits wait', async () =>
    /Frankfurt is down. Your edits wait here \(\d+\)/.test(await here.page.textContent('#trouble')));
  assert.ok(await here.page.locator('.mark.pending').count() > 0);
  await regions.restart(0);
  await here.saved();
  const text = await sameText(visitors);
  assert.equal(text.split('tent BEFORE-AND-AFTER').length, 2, text);
  assert.ok(text.startsWith('MEANWHILE '));
  for (const visitor of visitors) {
    await until('one vote more', async () =>
      Number(await visitor.page.locator('#votes .count').first().textContent()) === votes + 1);
  }
});

test('edits that wait survive that the page is closed', async () => {
  const [here] = visitors;
  await regions.kill(0);
  await here.caretBehind('BEFORE');
  await here.type('-CLOSED', 30);
  await until('the page says that edits wait', async () =>
    /wait here/.test(await here.page.textContent('#trouble')));
  const context = here.page.context();
  assert.deepEqual(here.errors, []);
  await here.page.close();
  await regions.restart(0);
  visitors[0] = new Visitor(await context.newPage());
  await visitors[0].go(regions.pages[0]);
  await until('it was sent', async () => (await visitors[0].shown()).includes('BEFORE-CLOSED-AND'));
  const text = await sameText(visitors);
  assert.equal(text.split('-CLOSED').length, 2, text);
  await visitors[0].reload();
  assert.equal(await sameText(visitors), text);
  for (const visitor of visitors) await visitor.close();
});
