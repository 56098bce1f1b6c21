// The modules of the dashboard that need no browser: its words, its figures, its verdict.
import assert from 'node:assert/strict';
import {existsSync, readFileSync} from 'node:fs';
import test from 'node:test';

import {History} from '../../../http/page/history.js';
import {LinkLog} from '../../../http/page/link_log.js';
import {linksOf, stateWords} from '../../../http/page/links.js';
import {metricNames} from '../../../http/page/metric_names.js';
import {inSentence, printable, shortened} from '../../../http/page/printable.js';
import {noteFigures, takeHistory} from '../../../http/page/figures.js';
import {addressOf} from '../../../http/page/sections.js';
import {clock, count, millis, rate, size, span} from '../../../http/page/units.js';
import {Verdict} from '../../../http/page/verdict.js';
import {warningsOf} from '../../../http/page/warnings.js';
import * as statuses from '../statuses.mjs';

// Shows statuses one second apart, and returns the links, warnings and verdict of the last.
function show(statusAt, turns, memory = {log: new LinkLog(), history: new History(), judge: new Verdict()}) {
  let shown;
  const first = memory.turn ?? 0;
  for (let turn = first; turn < first + turns; turn += 1) {
    const now = 1e12 + 1000 * turn;
    const status = statusAt(turn);
    noteFigures(memory.history, status, now);
    const links = linksOf({status, now, ...memory});
    const warnings = warningsOf(status);
    shown = {links, warnings, verdict: memory.judge.of(links, warnings, now)};
  }
  return {...memory, ...shown, turn: first + turns};
}

test('units are short, and grow with their figures', () => {
  assert.deepEqual([0, 999, 1000, 81204, 1234567].map(count), ['0', '999', '1\u202f000', '81\u202f204',
    '1\u202f234\u202f567']);
  assert.deepEqual([0, 1023, 1024, 1536, 222298112].map(size), ['0 B', '1\u202f023 B', '1.0 KiB', '1.5 KiB',
    '212.0 MiB']);
  assert.deepEqual([0, 420, 1000, 61000, 3600000, 273600000, 86405000].map(span), ['0 ms', '420 ms', '1 s',
    '1 min 1 s', '1 h', '3 d 4 h', '1 d']);
  assert.deepEqual([0, 0.44, 9.94, 12.4, 12345].map(rate), ['0', '0.4', '9.9', '12', '12.3\u202fk']);
  assert.deepEqual([412, 2130, 18220].map(millis), ['0.41 ms', '2.1 ms', '18 ms']);
  const noon = new Date(2026, 0, 31, 12, 5, 9).getTime();
  assert.equal(clock(noon, noon + 1000), '12:05:09');
  assert.equal(clock(noon, noon + 2 * 86400000), '2026-01-31 12:05:09');
});

test('what hides or turns is written out, and the rest stays', () => {
  assert.equal(printable('a\u202eb\u0000c\nd\ud800'), 'a\\u{202e}b\\x00c\\nd\\u{d800}');
  assert.equal(printable('Grüße, 水, 👩‍🚀'), 'Grüße, 水, 👩‍🚀');
  assert.equal(printable({hex: '00ff'}), '\\x00ff');
  assert.equal(shortened('👩👩👩👩', 3), '👩👩…');
  assert.equal(inSentence('us'), 'us');
  assert.equal(inSentence('אזור'), '\u2068אזור\u2069');
});

test('a rate is taken between figures, and a counter that begins anew has none below 0', () => {
  const history = new History();
  assert.equal(history.rate('x'), undefined);
  history.add('x', 0, 100);
  assert.equal(history.rate('x'), undefined);
  history.add('x', 2000, 300);
  assert.equal(history.rate('x'), 100);
  history.add('x', 3000, 10);
  assert.equal(history.rate('x'), 0);
  history.add('x', 700000, 20);
  assert.equal(history.of('x').length, 1, 'ten minutes are kept');
});

test('histories of the leader are taken over by its clock, without what it has none of', () => {
  const history = new History();
  takeHistory(history, {time_ms: [5000, 6000], writes: [1, 2], reads: [null, null], applied: [3], commits: [4, 5]}, 100);
  assert.deepEqual(history.of('writes'), [{t: -900, value: 1}, {t: 100, value: 2}]);
  assert.deepEqual(history.of('reads'), []);
  assert.deepEqual(history.of('applied'), [], 'of another length');
});

test('a healthy mesh is equal, one with writes under way is not, and neither is wrong', () => {
  const healthy = show(statuses.healthy, 3);
  assert.equal(healthy.verdict.kind, 'equal');
  assert.deepEqual(healthy.warnings, []);
  assert.equal(healthy.links.length, 4);
  assert.ok(healthy.links.every((each) => each.equal && each.rate > 0));
  assert.equal(show(statuses.busy, 1, healthy).verdict.kind, 'equal', 'it was just now');
  const busy = show(statuses.busy, 6, healthy);
  assert.equal(busy.verdict.kind, 'busy');
  assert.equal(busy.verdict.words, 'All connected; ap is 40 operations (188 ms) behind');
  assert.match(busy.verdict.asOf, /^all were equal at /);
});

test('catching up ends at what was lacking, and says how long it takes', () => {
  const {links} = show(statuses.catchingUp, 5);
  const [out] = links;
  assert.equal(stateWords(out), 'catching up 20 %');
  assert.equal(Math.round(out.leftMs), 16000);
});

test('warnings are those of the leader, in sentences, with what they cost', () => {
  const [away] = show(statuses.cut, 1).warnings;
  assert.equal(away.words, 'Region ap (tcp://ap.example:7400) is not connected, for 3 h 2 min: connection refused.');
  assert.equal(away.todo, 'Start its leader, or correct its address (listen there, peers here).');
  assert.match(away.cost, /^Writes for it are kept: 212.0 MiB/);
  const fork = show(statuses.alarm, 1).warnings.find((each) => each.see === 'docs/operations/alarms.md#fork');
  assert.equal(fork.cost, 'Writes of us wait.');
  const twice = statuses.warning('unproven', 'us', 'x', 'y');
  const all = warningsOf({...statuses.healthy(1), warnings: [twice, twice, statuses.warning('newer', '', 'z!', '')]});
  assert.equal(new Set(all.map((each) => each.key)).size, 3);
  assert.deepEqual(all.map((each) => [each.words, each.todo]), [['X.', 'Y.'], ['X.', 'Y.'], ['Z!', '']]);
  const [note] = warningsOf(statuses.alone(1));
  assert.equal(note.wrong, false);
});

test('what is wrong, and each note, names a section that is there', () => {
  const sectionsOf = (page) => [...readFileSync(new URL(`../../../${page}`, import.meta.url), 'utf8')
    .matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading.toLowerCase().replaceAll(' ', '-'));
  const rejoining = {...statuses.healthy(1), rejoin: {stage: 'waits', failed: '', taken: 1, left: 2}};
  const shown = [statuses.cut(1), statuses.paused(1), statuses.alarm(1), statuses.alone(1), rejoining];
  const named = new Set(shown.flatMap((each) => warningsOf(each).map(({see}) => see)));
  assert.ok(named.size > 5, [...named].join(' '));
  for (const see of named) {
    const [page, section] = see.split('#');
    assert.ok(sectionsOf(page).includes(section), see);
  }
});

test('a section has an address on the site', () => {
  assert.equal(addressOf('docs/operations/alarms.md#log_kept', 'docs/'), 'docs/operations/alarms.html#log_kept');
  assert.equal(addressOf('docs/semantics.md', '/docs/'), '/docs/semantics.html');
});

test('every name of a metric is one of /metrics', {
  skip: !existsSync(new URL('../../../http/metric_table.cc', import.meta.url)) && 'no /metrics here',
}, () => {
  const table = readFileSync(new URL('../../../http/metric_table.cc', import.meta.url), 'utf8');
  for (const [path, name] of metricNames()) assert.ok(table.includes(`MetricRow{"${path}", "${name}"`), path);
});
