// The text as one edits it: input methods, paste, characters of all kinds, the caret under changes of others.
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
  const [page] = regions.pages;
  visitors = await Promise.all([page, page].map((each) => Visitor.open(browser, each)));
});
after(async () => {
  await browser?.close();
  await regions?.stop();
});

// Copies a text out of another field, and pastes it at the caret.
async function paste(visitor, text) {
  const {page} = visitor;
  const [from, to] = await visitor.text.evaluate((area) => [area.selectionStart, area.selectionEnd]);
  await page.evaluate((copied) => {
    const source = document.body.appendChild(document.createElement('textarea'));
    source.id = 'source';
    source.value = copied;
    source.select();
  }, text);
  await page.keyboard.press('Control+c');
  await page.evaluate(() => document.querySelector('#source').remove());
  await visitor.text.focus();
  await visitor.text.evaluate((area, [start, end]) => area.setSelectionRange(start, end), [from, to]);
  await page.keyboard.press('Control+v');
}

test('changes of others leave the caret and the selection where they are in the text', async () => {
  const [ada, bo] = visitors;
  await ada.caretBehind('meet');
  await bo.caretAt(0);
  await bo.type('First. ', 20);
  await until('the letters', async () => (await ada.shown()).startsWith('First. We'));
  await ada.type('!', 20);
  await until('the caret has moved along', async () => (await bo.shown()).startsWith('First. We meet!'));
  await ada.text.evaluate((area) => area.setSelectionRange(10, 14, 'backward'));
  await bo.caretAt(12);
  await bo.type('--', 20);
  await until('the letters', async () => (await ada.shown()).includes('me--et!'));
  assert.deepEqual(await ada.text.evaluate((area) =>
    [area.selectionStart, area.selectionEnd, area.selectionDirection]), [10, 16, 'backward']);
});

test('the cursor of another person is shown with the name', async () => {
  const [ada, bo] = visitors;
  await bo.caretAt(3);
  await bo.text.evaluate((area) => area.setSelectionRange(3, 9));
  await ada.page.waitForSelector('.mark.selection');
  const name = await bo.page.inputValue('#name');
  await until('the name', async () => await ada.page.textContent('.mark.cursor span') === name);
});

test('an input method composes while others write', async () => {
  const [ada, bo] = visitors;
  await ada.caretBehind('et!');
  const input = await ada.page.context().newCDPSession(ada.page);
  await input.send('Input.imeSetComposition', {text: 'に', selectionStart: 1, selectionEnd: 1});
  await bo.caretAt(0);
  await bo.type('Hm. ', 20);
  await bo.saved();
  await input.send('Input.imeSetComposition', {text: 'にほ', selectionStart: 2, selectionEnd: 2});
  await input.send('Input.insertText', {text: '日本'});
  await until('both', async () => /^Hm\. .*et!日本/.test(await bo.shown()));
  await sameText(visitors);
});

test('emoji, accents and right-to-left text are typed, erased and equal everywhere', async () => {
  const [ada, bo] = visitors;
  await ada.caretAt(0);
  const mixed = 'e\u0301 👩‍👩‍👧 \u05e9\u05dc\u05d5\u05dd \u202eabc\u202c 😀';
  await paste(ada, mixed);
  await until('the text', async () => (await bo.shown()).startsWith(mixed));
  await ada.page.keyboard.press('Backspace');
  await until('the emoji is gone', async () => (await bo.shown()).startsWith(`${mixed.slice(0, -2)}Hm`));
  await paste(ada, '😁');
  await until('another one', async () => (await bo.shown()).startsWith(`${mixed.slice(0, -2)}😁`));
  await sameText(visitors);
});

test('half a character is sent as a replacement character', async () => {
  const [ada, bo] = visitors;
  await ada.caretAt(0);
  await ada.text.evaluate((area) => {
    area.setRangeText('<\ud83d>', 0, 0, 'end');
    area.dispatchEvent(new InputEvent('input'));
  });
  await until('the text', async () => (await bo.shown()).startsWith('<\ufffd>'));
  assert.ok((await ada.shown()).startsWith('<\ufffd>'));
});

test('who wrote a range is shown where the pointer rests', async () => {
  const [ada] = visitors;
  await ada.saved();
  const box = await ada.text.boundingBox();
  await ada.page.mouse.move(box.x + 20, box.y + 16);
  await until('the author', async () => /Written in Frankfurt/.test(await ada.page.textContent('#author')));
});

test('lines that others insert above leave the line of the caret where it is on the screen', async () => {
  const [ada, bo] = visitors;
  await ada.caretAt(0);
  await paste(ada, 'A line of its own.\n'.repeat(60));
  await ada.saved();
  const at = (await ada.shown()).indexOf('line', 600);
  await ada.caretAt(at);
  const scrolled = () => ada.page.evaluate(() => document.querySelector('.paper').scrollTop);
  await ada.page.evaluate(() => { document.querySelector('.paper').scrollTop = 700; });
  await sameText(visitors);
  await bo.caretAt(0);
  await bo.type('1\n2\n3\n', 20);
  await bo.saved();
  await until('three lines more', async () => (await ada.shown()).startsWith('1\n2\n3\n'));
  assert.equal(await scrolled(), 700 + 3 * 24);
  await ada.page.keyboard.press('Control+z');
  await sameText(visitors);
});

test('a new document is listed in all pages and can be opened', async () => {
  const [ada, bo] = visitors;
  await ada.page.click('summary');
  await ada.page.fill('#new-document input', 'Second trip');
  await ada.page.press('#new-document input', 'Enter');
  await bo.page.locator('#documents a', {hasText: 'Second trip'}).click();
  await until('it is open', async () => await bo.page.inputValue('#title') === 'Second trip');
  assert.equal(await bo.shown(), '');
  await bo.caretAt(0);
  await bo.type('New.', 20);
  await bo.saved();
  await bo.go(regions.pages[0]);
  await sameText(visitors);
});

test('a paste of a megabyte arrives whole', async () => {
  const [ada, bo] = visitors;
  const start = Date.now();
  await ada.caretAt(0);
  await paste(ada, 'All of it is text <b>and</b> nothing else. \n'.repeat(24000));
  await until('all of it', async () => (await bo.shown()).length > 1000000, 60000);
  await ada.saved();
  console.log(`a paste of 1 MB was in the other page after ${Date.now() - start} ms`);
  await ada.page.keyboard.press('Control+z');
  await until('undone', async () => (await bo.shown()).length < 1000, 60000);
  await sameText(visitors);
});

test('hostile titles, names and items are shown as text', async () => {
  const [ada, bo] = visitors;
  const hostile = '<img src=x onerror="document.title=1"><script>boom()</script>\u202e&amp;😀';
  await ada.page.fill('#name', hostile.slice(0, 40));
  await ada.page.press('#name', 'Enter');
  await ada.page.fill('#title', hostile);
  await ada.page.press('#title', 'Enter');
  await ada.page.fill('#todo-add input', hostile);
  await ada.page.press('#todo-add input', 'Enter');
  await ada.page.fill('#tags-add input', hostile.slice(0, 40));
  await ada.page.press('#tags-add input', 'Enter');
  await ada.page.fill('#votes-add input', hostile.slice(0, 60));
  await ada.page.press('#votes-add input', 'Enter');
  await until('the title', async () => await bo.page.inputValue('#title') === hostile);
  await until('the item', async () => await bo.page.locator('#todo .item').last().inputValue() === hostile);
  await bo.page.locator('#tags li', {hasText: hostile.slice(0, 40)}).waitFor();
  assert.equal(await bo.page.locator('img, body script').count(), 0);
  for (const visitor of visitors) await visitor.saved();
});

test('a page of another origin cannot write, nor show the board in a frame', async () => {
  const other = await Visitor.open(browser, `${regions.pages[1]}/icon.svg?three`);
  const address = `${regions.pages[0]}/api/docs/canoe-trip/title`;
  const body = JSON.stringify({page: 'p-12345678', name: 'Eve', request: 'r-12345678', text: 'Mine'});
  for (const type of ['application/json', 'text/plain']) {
    const refused = await other.page.evaluate(([to, data, kind]) =>
      fetch(to, {method: 'POST', body: data, headers: {'Content-Type': kind}}).then((each) => each.status,
        () => 'refused'), [address, body, type]);
    assert.ok(refused === 'refused' || refused >= 400, String(refused));
  }
  const direct = await fetch(address, {method: 'POST', body,
    headers: {'Content-Type': 'application/json', Origin: 'http://evil.example'}});
  assert.equal(direct.status, 403);
  assert.notEqual(await visitors[0].page.inputValue('#title'), 'Mine');
  const front = await fetch(regions.pages[0]);
  assert.match(front.headers.get('content-security-policy'), /frame-ancestors 'self' http:\/\/127/);
  for (const visitor of visitors) await visitor.close();
});
