// The dashboard of a leader, against canned statuses: what it says of each state, whether everybody can
// use it, what it does when the leader is silent. Writes screenshots into the folder
// ANABRANCH_SCREENSHOTS, by default `screenshots` of the tree.
import assert from 'node:assert/strict';
import {mkdirSync} from 'node:fs';
import {after, afterEach, before, beforeEach, test} from 'node:test';

import {Visitor, launch, until} from './browser.mjs';
import {CannedLeader} from './canned_leader.mjs';
import {contrasts, focusStops, unnamed} from './inspection.mjs';
import * as statuses from './statuses.mjs';

const folder = process.env.ANABRANCH_SCREENSHOTS ?? `${process.env.ANABRANCH_TEST_BUILD}/screenshots`;
const kThin = '\u202f';
let leader;
let browser;

class Operator extends Visitor {
  ready() {
    return this.page.waitForSelector('#main:not([hidden])');
  }
  words(selector) {
    return this.page.locator(selector).allInnerTexts();
  }
  // Returns the texts of a row of the links, by the names of its columns.
  link(name) {
    return this.page.evaluate((wanted) => {
      const row = Array.from(document.querySelectorAll('#links tbody tr'))
        .find((each) => each.querySelector('th').textContent === wanted);
      return Object.fromEntries(Array.from(row.cells, (cell) =>
        [cell.dataset.name ?? 'Act', cell.textContent]));
    }, name);
  }
  // The same of a row of what the links have carried.
  traffic(name) {
    return this.page.evaluate((wanted) => {
      const row = Array.from(document.querySelectorAll('#traffic tbody tr'))
        .find((each) => each.querySelector('th').textContent === wanted);
      return Object.fromEntries(Array.from(row.cells, (cell) => [cell.dataset.name, cell.textContent]));
    }, name);
  }
  // Returns the number of lines of the text in the first element of a selector.
  lines(selector) {
    return this.page.locator(selector).first().evaluate((element) => {
      const text = document.createRange();
      text.selectNodeContents(element);
      return new Set(Array.from(text.getClientRects(), (each) => Math.round(each.top))).size;
    });
  }
  async shot(name) {
    await this.page.screenshot({path: `${folder}/dashboard-${name}.png`, fullPage: true});
  }
  async inspect(name) {
    assert.deepEqual(await this.page.evaluate(unnamed), [], `${name}: everything has a name`);
    assert.deepEqual(await this.page.evaluate(contrasts, 4.5), [], `${name}: contrast`);
    // Curves are drawn anew some moments after the window has another size.
    await until(`${name}: nothing overflows sideways`, () => this.page.evaluate(() =>
      document.documentElement.scrollWidth <= document.documentElement.clientWidth));
    const cells = await this.page.$$eval('td, th, dt, dd, .words, .details', (all) => all
      .filter((each) => each.checkVisibility() && each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 1)
      .map((each) => each.textContent));
    assert.deepEqual(cells, [], `${name}: no cell runs into its neighbour`);
  }
  // Until statuses have been shown for some turns of a leader: rates are known then.
  async turns(number) {
    const end = leader.turn + number;
    await until('the leader goes on', () => leader.turn >= end);
  }
}

before(async () => {
  mkdirSync(folder, {recursive: true});
  browser = await launch();
});
after(() => browser?.close());
beforeEach(async () => {
  leader = await CannedLeader.start(process.env.ANABRANCH_ROOT, statuses.healthy);
  leader.history = statuses.history(Date.now());
});
afterEach(() => leader.stop());

const open = (options) => Operator.open(browser, leader.address, {viewport: {width: 1280, height: 900}, ...options});

const kStates = ['healthy', 'busy', 'cut', 'paused', 'catchingUp', 'alarm', 'conflicts', 'twelve', 'hostile',
  'alone'];
const kLooks = ['light', 'dark'].flatMap((colorScheme) =>
  [['wide', 1280, 900], ['middle', 820, 900], ['phone', 360, 740]].map(([size, width, height]) =>
    ({name: `${size}-${colorScheme}`, colorScheme, viewport: {width, height}})));
kStates.forEach((state, number) => {
  test(`state ${state}, in every look: names, contrast, no overflow`, async () => {
    leader.statusAt = statuses[state];
    leader.losers = ['conflicts', 'hostile'].includes(state) ? statuses.losers(Date.now()) : [];
    // Each state is opened in another look: a page may depend on how it began.
    const begin = number % kLooks.length;
    const looks = [...kLooks.slice(begin), ...kLooks.slice(0, begin)];
    const operator = await open({colorScheme: looks[0].colorScheme, viewport: looks[0].viewport});
    await operator.turns(3);
    for (const {name, colorScheme, viewport} of looks) {
      await operator.page.emulateMedia({colorScheme});
      await operator.page.setViewportSize(viewport);
      await operator.inspect(`${state}, ${name}`);
      if (state === 'cut') assert.equal(await operator.lines('#links tbody th'), 1, 'a short name has one line');
      await operator.shot(`${state}-${name}`);
    }
    await operator.close();
  });
});

test('a healthy mesh is equal, and every row says so', async () => {
  const operator = await open();
  await operator.turns(3);
  assert.equal(await operator.page.textContent('#verdict-words'), 'All 3 regions are equal');
  assert.match(await operator.page.textContent('#verdict-as-of'), /^as of \d\d:\d\d:\d\d$/);
  assert.equal(await operator.page.locator('#warnings li').count(), 0);
  assert.equal(await operator.page.title(), 'eu · Anabranch');
  const link = await operator.link('eu → us');
  assert.equal(link.State, 'connected');
  assert.equal(link.Behind, '0');
  assert.equal(link.Equal, 'now');
  assert.match(link.Rate, /^\d+ \/s$/);
  assert.equal(await operator.page.locator('#links tbody tr').count(), 4);
  assert.match(await operator.page.getAttribute('#mesh svg', 'aria-label'), /ap: equal; us: equal/);
  const line = await operator.page.locator('#figures .history path.line').first().getAttribute('d');
  assert.ok(line.split('L').length > 100, 'the history begins with that of the leader');
  const figures = await operator.words('#figures > div');
  assert.ok(figures.some((each) => /Writes here\s+\d+ \/s/.test(each)), figures.join('|'));
  assert.ok(figures.some((each) => /0\.41 ms p50\s+2\.1 ms p99/.test(each)), figures.join('|'));
  assert.ok(figures.some((each) => each.includes(`310${kThin}442`)), figures.join('|'));
  assert.ok(figures.some((each) => /Memory\s+182\.0 MiB/.test(each)), figures.join('|'));
  assert.ok(figures.some((each) => /Disk\s+384\.0 MiB\s+39\.0 GiB free, reserve 64\.0 MiB/.test(each)),
    figures.join('|'));
  assert.deepEqual(await operator.traffic('us'), {'Peer': 'us', 'Round trip': '82 ms', 'Sent': `162${kThin}000`,
    'Received': `40${kThin}000`, 'Queued': '0 B', 'Not durable there': '0'});
  await operator.close();
});

test('writes under way: what is queued, what a peer can lose, and when it was equal last', async () => {
  leader.statusAt = statuses.busy;
  const operator = await open();
  await operator.turns(2);
  const carried = await operator.traffic('ap');
  assert.equal(carried.Queued, '50.0 KiB');
  assert.equal(carried['Not durable there'], '95, for 1 s');
  const {Equal} = await operator.link('eu → ap');
  assert.match(Equal, /^at \d\d:\d\d:\d\d$/);
  assert.equal((await operator.link('eu → us')).Equal, 'now');
  await operator.close();
});

test('a peer that was never reached has neither a round trip nor a time of being equal', async () => {
  leader.statusAt = statuses.alarm;
  const operator = await open();
  await operator.turns(1);
  const link = await operator.link('eu → sa.example:7400');
  assert.match(link.State, /^never reachedsince .*, 9 tries, the next just now$/);
  assert.equal(link.Equal, '');
  assert.deepEqual((await operator.words('#traffic tbody th')), ['ap', 'us'], 'only those that it has met');
  await operator.close();
});

test('a link that is cut is told within 3 s: since when, why, its cost, what to do', async () => {
  const operator = await open();
  await operator.turns(1);
  leader.statusAt = statuses.cut;
  const start = Date.now();
  await operator.page.locator('#verdict[data-kind=wrong]').waitFor({timeout: 3000});
  console.log(`the cut was shown after ${Date.now() - start} ms`);
  const warning = (await operator.words('#warnings li'))[0];
  assert.match(warning, /^Region ap \(tcp:\/\/ap\.example:7400\) is not connected, for 3 h 2 min: connection refused\./);
  assert.match(warning, /Writes for it are kept: 212\.0 MiB, the oldest for 3 h 2 min\./);
  assert.match(warning, /What to do: Start its leader, or correct its address/);
  assert.match((await operator.link('eu → ap')).State,
    /^not connectedsince .*, connection refused, 41 tries, the next in 700 ms$/);
  assert.equal((await operator.link('eu → ap')).For, '3 h 2 min');
  assert.match((await operator.link('eu → ap')).Equal, /^at .*\d\d:\d\d:\d\d$/, 'when it was equal last');
  assert.equal(await operator.page.locator('#mesh .arrow[data-state=away]').count(), 2);
  assert.match(await operator.page.textContent('#mesh'), /cut, 3 h 2 min/);
  assert.match(await operator.page.textContent('#announced'), /One thing is wrong\. Region ap/);
  assert.equal(await operator.page.title(), '! eu: One thing is wrong');
  leader.statusAt = statuses.healthy;
  await operator.page.locator('#verdict[data-kind=equal]').waitFor({timeout: 3000});
  assert.equal(await operator.page.textContent('#announced'), 'All 3 regions are equal.');
  await operator.close();
});

test('catching up tells how far it is and how long it takes, by operations and by a snapshot', async () => {
  leader.statusAt = statuses.catchingUp;
  const operator = await open();
  await operator.turns(4);
  assert.match((await operator.link('eu → ap')).State, /^catching up \d+ %about \d+ s left$/);
  assert.match((await operator.link('us → eu')).State,
    /^catching up 4\d %receiving a snapshot, 12\d.\d{3} of 310.000 rows, about 3 min \d+ s left$/);
  assert.equal((await operator.link('ap → eu')).State, 'connected');
  assert.equal(await operator.page.locator('#mesh .arrow[data-state=catching]').count(), 2);
  await operator.close();
});

test('each alarm has words, and something to do', async () => {
  leader.statusAt = statuses.alarm;
  const operator = await open();
  assert.equal(await operator.page.textContent('#verdict-words'), '6 things are wrong');
  const warnings = await operator.words('#warnings li');
  assert.equal(warnings.length, 6);
  for (const each of warnings) assert.match(each, /What to do: .* See docs\/operations\/[a-z-]+\.md#[a-z_-]+\./);
  const all = warnings.join('\n');
  for (const words of ['nearly full', 'has applied the same and holds other rows', 'has two histories',
    'it lacks nearest, widest', 'tcp://sa.example:7400 is not connected', '75 years ahead']) {
    assert.ok(all.includes(words), `${words} in ${all}`);
  }
  assert.equal((await operator.link('eu → ap')).Equal, 'other rows');
  assert.match(await operator.page.textContent('#alarms'), /"nearest" threw/);
  await operator.close();
});

test('the sections that warnings name are links where the leader has the documents', async () => {
  leader.statusAt = statuses.cut;
  const plain = await open();
  assert.equal(await plain.page.locator('#warnings a').count(), 0);
  await plain.close();
  leader.documents = 'docs/';
  const operator = await open();
  const link = operator.page.locator('#warnings a').first();
  await until('it is a link', async () => await operator.page.locator('#warnings a').count() > 0);
  assert.equal(await link.innerText(), 'docs/operations/alarms.md#away');
  assert.equal(await link.evaluate((each) => each.href), `${leader.address}docs/operations/alarms.html#away`);
  await link.focus();
  await operator.turns(2);
  assert.ok(await link.evaluate((each) => each === document.activeElement), 'the focus stays');
  await operator.inspect('documents');
  await operator.close();
});

test('hostile names are text, and cannot turn or hide their neighbours', async () => {
  leader.statusAt = statuses.hostile;
  leader.losers = statuses.losers(Date.now()).map((each) => ({...each, key: statuses.kHostile.markup,
    value: statuses.kHostile.turned, region: statuses.kHostile.control, policy: statuses.kHostile.markup,
    winner: {hex: '00ff'}}));
  const operator = await open();
  await operator.page.waitForSelector('#losers tbody tr');
  await operator.page.click('#all summary');
  await operator.turns(1);
  const text = await operator.page.evaluate(() => document.documentElement.textContent);
  const titles = await operator.page.$$eval('[title], [aria-label]', (all) =>
    all.map((each) => (each.title ?? '') + each.getAttribute('aria-label')).join(''));
  const {markup} = statuses.kHostile;
  assert.ok(text.includes(markup), 'markup is shown as it is written');
  assert.equal(await operator.page.locator('main img, main b, #health img, #health b').count(), 0);
  assert.ok(text.includes('us\\u{202e}txe\\u{2066}'));
  assert.ok(text.includes('a\\x07b\\x1b[31mc\\nd'));
  assert.ok(text.includes('\\x00ff'), 'bytes that are no text');
  for (const shown of [text, titles]) {
    // Without the isolates that the page puts around names from right to left.
    const hidden = shown.match(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066\u2067]/u);
    assert.equal(hidden, null, `hidden: ${JSON.stringify(hidden)}`);
  }
  assert.notEqual(await operator.page.title(), 'owned');
  await operator.close();
});

test('a leader that tells nothing for 3 s is said to, and comes back by itself', async () => {
  const operator = await open();
  await operator.turns(1);
  leader.silent = true;
  await operator.page.locator('#trouble', {hasText: /^The data are old, by \d+ s\. This page tries again by itself\.$/})
    .waitFor({timeout: 6000});
  await operator.inspect('old');
  await operator.shot('old');
  leader.silent = false;
  await operator.page.locator('#trouble').waitFor({state: 'hidden'});
  leader.tellTrouble('the leader is stopping');
  leader.silent = true;
  await operator.page.locator('#trouble', {hasText: 'the leader is stopping'}).waitFor();
  leader.silent = false;
  await operator.page.locator('#trouble').waitFor({state: 'hidden'});
  await leader.kill();
  await operator.page.locator('#fresh', {hasText: 'No connection'}).waitFor();
  await leader.back();
  await operator.page.locator('#fresh', {hasText: 'Live, each second'}).waitFor();
  await operator.page.locator('#trouble').waitFor({state: 'hidden'});
  await operator.close();
});

test('a page that is opened while no leader answers says so', async () => {
  leader.silent = true;
  const page = await browser.newPage();
  await page.goto(leader.address);
  await page.locator('#trouble', {hasText: 'This leader has not answered for'}).waitFor();
  assert.ok(await page.locator('#main').isHidden());
  await page.close();
});

test('a loser is put back with the token, which is asked for once', async () => {
  leader.statusAt = statuses.conflicts;
  leader.losers = statuses.losers(Date.now());
  const operator = await open();
  const {page} = operator;
  const button = page.getByRole('button', {name: 'Put back Canoe on the Danube at doc/1/title'});
  await button.focus();
  await page.keyboard.press('Enter');
  await page.locator('#token-text:focus').waitFor();
  await operator.inspect('token');
  await operator.shot('token');
  await page.keyboard.type('a wrong one');
  await page.keyboard.press('Enter');
  await page.locator('#token-why', {hasText: 'The leader refused that token'}).waitFor();
  await page.keyboard.type(leader.token);
  await page.keyboard.press('Enter');
  await page.locator('#done', {hasText: 'Put back: Canoe on the Danube'}).waitFor();
  await page.getByRole('button', {name: 'Pause the exchange with us'}).click();
  await page.locator('#done', {hasText: 'The exchange with us is paused'}).waitFor();
  await until('the notice goes', async () => await page.textContent('#done') === '');
  assert.deepEqual(leader.acts, [{path: '/put-back', body: {id: '17.1'}}, {path: '/pause', body: {peer: 'us'}}]);
  leader.refusal = 'that key shows another type now';
  await button.click();
  await page.locator('#done[data-failed=true]', {hasText: 'Not done: that key shows another type now'}).waitFor();
  assert.deepEqual(await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]),
    [0, 0, ''], 'the token is kept nowhere');
  await operator.inspect('done');
  await operator.close();
});

test('a loser that is shown now is said to be, and is settled', async () => {
  leader.statusAt = statuses.conflicts;
  leader.user = 'operator';
  leader.losers = statuses.losers(Date.now()).map((each, index) => ({...each, is_shown: index === 0}));
  const operator = await open();
  const {page} = operator;
  const button = page.getByRole('button', {name: 'Settle Canoe on the Danube at doc/1/title'});
  await button.waitFor();
  await operator.turns(2);
  assert.deepEqual(await page.$$eval('#losers td[data-name=Shown]', (all) => all.map((each) => each.textContent)),
    ['this one, now', '5', '']);
  await button.click();
  await page.locator('#done', {hasText: 'Settled: Canoe on the Danube'}).waitFor();
  assert.deepEqual(leader.acts, [{path: '/put-back', body: {id: '17.1'}}]);
  leader.losers = statuses.losers(Date.now());
  await page.getByRole('button', {name: 'Put back Canoe on the Danube at doc/1/title'}).waitFor();
  await operator.close();
});

test('where a leader has users no token is asked for', async () => {
  leader.user = 'operator';
  const operator = await open();
  const {page} = operator;
  await operator.turns(2);
  await page.getByRole('button', {name: 'Pause the exchange with us'}).click();
  await page.locator('#done', {hasText: 'The exchange with us is paused'}).waitFor();
  assert.deepEqual(leader.acts, [{path: '/pause', body: {peer: 'us'}}]);
  assert.ok(await page.locator('#token').isHidden());
  await operator.close();
});

test('without a token nothing is done, and the focus goes back', async () => {
  const operator = await open();
  const {page} = operator;
  await page.getByRole('button', {name: 'Pause the exchange with ap'}).focus();
  await page.keyboard.press('Enter');
  await page.locator('#token-text:focus').waitFor();
  await page.keyboard.press('Escape');
  await operator.turns(2);
  assert.equal((await page.evaluate(focusStops)).name, 'Pause the exchange with ap');
  assert.deepEqual(leader.acts, []);
  leader.statusAt = statuses.paused;
  await page.getByRole('button', {name: 'Resume the exchange with ap'}).waitFor();
  assert.equal((await page.evaluate(focusStops)).name, 'Resume the exchange with ap');
  assert.equal((await operator.link('eu → ap')).State.slice(0, 6), 'paused');
  await operator.close();
});

test('every stop of the Tab key is visible, in the order of the page', async () => {
  leader.statusAt = statuses.conflicts;
  leader.losers = statuses.losers(Date.now());
  const operator = await open();
  await operator.page.waitForSelector('#losers button');
  const stops = [];
  for (let stop = 0; stop < 20; stop += 1) {
    await operator.page.keyboard.press('Tab');
    const focus = await operator.page.evaluate(focusStops);
    if (!focus) break;
    assert.ok(focus.visible, `${focus.name} shows that it has the focus`);
    stops.push(focus.name);
  }
  assert.deepEqual(stops, ['Skip to the figures', 'Freeze', 'Pause the exchange with ap',
    'Pause the exchange with us', 'Put back Canoe on the Danube at doc/1/title', 'Put back 3 at cart/991',
    'Put back berlin@example at user/7', 'All figures, by their names in anabranch status --json']);
  await operator.close();
});

test('a page that is frozen holds its figures and no stream', async () => {
  const operator = await open();
  const {page} = operator;
  await page.getByRole('button', {name: 'Freeze'}).click();
  await page.locator('#fresh', {hasText: /^Frozen at \d\d:\d\d:\d\d$/}).waitFor();
  await until('the stream is closed', () => leader.streams.size === 0);
  const before = await page.textContent('#links');
  await operator.turns(4);
  assert.equal(await page.textContent('#links'), before);
  assert.ok(await page.isHidden('#trouble'));
  await page.getByRole('button', {name: 'Go on'}).click();
  await until('figures go on', async () => await page.textContent('#links') !== before);
  await operator.close();
});

test('every figure of the status stands on the page, and each page holds one stream', async () => {
  leader.statusAt = () => statuses.cut(7);
  const operator = await open();
  await operator.page.click('#all summary');
  const shown = await operator.page.$$eval('#every tbody tr', (rows) =>
    rows.map((row) => [row.cells[0].textContent, row.cells[1].textContent]));
  const expected = [];
  const flatten = (value, name) => {
    if (value === null || typeof value !== 'object') expected.push([name, String(value)]);
    else if (Object.keys(value).length === 0) expected.push([name, '–']);
    else for (const [key, each] of Object.entries(value)) {
      flatten(each, Array.isArray(value) ? `${name}[${key}]` : name ? `${name}.${key}` : key);
    }
  };
  flatten(leader.status, '');
  assert.deepEqual(shown, expected);
  assert.equal(leader.streams.size, 1);
  await operator.close();
});
