// Changes of a text and differences of texts, against random histories. The seed is printed.
import assert from 'node:assert/strict';
import test from 'node:test';

import {apply, compose, fromSplices, insertedRanges, isEmpty, moved, splice, splices, transform}
  from '../../../examples/board/page/change.js';
import {commonEnds, difference} from '../../../examples/board/page/difference.js';
import {Random} from './random.mjs';

const random = new Random('change_test');

test('a splice erases and inserts at its position', () => {
  assert.deepEqual(splice(0, 0, ''), []);
  assert.deepEqual(splice(2, 1, 'x'), [2, 'x', -1]);
  assert.equal(apply('abcd', splice(2, 1, 'xy')), 'abxyd');
  assert.ok(isEmpty([3]));
  assert.ok(!isEmpty([-1]));
});

test('a composed change does what its two changes do', () => {
  for (let round = 0; round < 2000; round += 1) {
    const text = random.text(12);
    const a = random.change(text);
    const b = random.change(apply(text, a));
    assert.equal(apply(text, compose(a, b)), apply(apply(text, a), b));
  }
});

test('two changes arrive at one text in either order', () => {
  for (let round = 0; round < 4000; round += 1) {
    const text = random.text(12);
    const a = random.change(text);
    const b = random.change(text);
    const aFirst = random.below(2) === 1;
    assert.equal(apply(apply(text, a), transform(b, a, !aFirst)),
      apply(apply(text, b), transform(a, b, aFirst)),
      `${JSON.stringify({text, a, b, aFirst})}`);
  }
});

test('at one place the first text comes in front', () => {
  assert.deepEqual(transform([1, 'A'], [1, 'B'], true), [1, 'A']);
  assert.deepEqual(transform([1, 'A'], [1, 'B'], false), [2, 'A']);
});

test('an erased range spares what was inserted in it meanwhile', () => {
  assert.equal(apply('abXcd', transform(splice(1, 2, ''), [2, 'X'], true)), 'aXd');
});

test('places of a change make the change again', () => {
  for (let round = 0; round < 1000; round += 1) {
    const text = random.text(12);
    const change = compose(random.change(text), []);
    assert.equal(apply(text, fromSplices(splices(change))), apply(text, change));
  }
  assert.deepEqual(insertedRanges([2, 'ab', -3, 1, 'c']), [[2, 4], [5, 6]]);
});

test('a position moves with its text', () => {
  assert.equal(moved(3, [1, 'xy']), 5);
  assert.equal(moved(3, [3, 'xy']), 3);
  assert.equal(moved(3, [3, 'xy'], true), 5);
  assert.equal(moved(3, [1, -5]), 1);
  assert.equal(moved(3, [1, 'ab', -1]), 4);
  assert.equal(moved(3, []), 3);
  assert.equal(moved(9, [1, 'x']), 10);
  for (let round = 0; round < 2000; round += 1) {
    // A mark in the text is the position that it stands at, as long as it is not erased.
    const text = random.text(10);
    const change = random.change(text);
    const position = random.below(text.length + 1);
    const marked = apply(`${text.slice(0, position)}|${text.slice(position)}`,
      transform(change, splice(position, 0, '|'), false));
    assert.equal(moved(position, change), marked.indexOf('|'), JSON.stringify({text, change, position}));
  }
});

test('a difference makes one text the other', () => {
  for (let round = 0; round < 2000; round += 1) {
    const before = random.text(20);
    const after = random.below(2) ? random.text(20) : apply(before, random.change(before));
    assert.equal(apply(before, difference(before, after)), after);
  }
});

test('a difference finds edits that are far apart', () => {
  const long = 'The quick brown fox jumps over the lazy dog. '.repeat(50);
  const after = `A word. ${long.slice(0, 1000)}in the middle ${long.slice(1000, 2000)}${long.slice(2010)}`;
  assert.equal(splices(difference(long, after)).length, 3);
});

test('texts that have little in common are replaced as a whole', () => {
  const before = 'a'.repeat(5000);
  const after = 'b'.repeat(6000);
  assert.deepEqual(difference(`x${before}y`, `x${after}y`), [1, after, -5000]);
});

test('no difference cuts a character of two units', () => {
  assert.deepEqual(commonEnds('a😀b', 'a😁b'), {head: 1, tail: 1});
  assert.deepEqual(difference('😀', '😁'), ['😁', -2]);
  assert.deepEqual(commonEnds('\u{1f600}', '\u{1fa00}'), {head: 0, tail: 0});
  assert.deepEqual(difference('\u{10400}', '\u{10800}'), ['\u{10800}', -2]);
});
