// Texts with edits that wait: several pages and one region, in random orders. The seed is printed.
import assert from 'node:assert/strict';
import test from 'node:test';

import {apply, fromSplices, splice, splices, transform} from '../../../examples/board/page/change.js';
import {TextModel} from '../../../examples/board/page/text_model.js';
import {Random} from './random.mjs';

const random = new Random('text_model_test');

// A region: applies requests in the order in which they come, each once, and remembers all changes.
class Region {
  constructor(text, contrary) {
    this.text = text;
    this.contrary = contrary;  // Puts an edit behind others at its place now and then.
    this.log = [];             // {change, id}
  }
  take({id, version, splices: places}) {
    if (this.log.some((each) => each.id === id)) return;
    const first = !(this.contrary && random.below(3) === 0);
    const change = this.log.slice(version).reduce(
      (mine, each) => transform(mine, each.change, first), fromSplices(places));
    this.text = apply(this.text, change);
    this.log.push({change, id});
  }
}

// A page with a connection that delays, breaks, and loses requests or their answers.
class Page {
  constructor(region, name) {
    Object.assign(this, {region, name, model: new TextModel(), heard: 0, count: 0, mail: []});
    this.open();
  }
  open() {
    const done = this.region.log.some((each) => each.id === this.model.sent?.id);
    this.followed(this.model.opened(this.region.text, this.region.log.length, done));
    this.heard = this.region.log.length;
    const again = this.model.sent && this.model.renewed();
    this.mail = again ? [again] : [];
  }
  followed(change) {
    this.view = apply(this.view ?? '', change);
    assert.equal(this.view, this.model.shown);
  }
  step() {
    const what = random.below(10);
    if (what < 3) {
      const change = random.change(this.model.shown);
      this.model.typed(change, random.below(2) === 1);
      this.view = apply(this.view, change);
    } else if (what < 5) {
      const request = this.model.next(`${this.name}${this.count++}`);
      if (request) this.mail.push(request);
    } else if (what < 7) {
      if (this.mail.length > 0) this.region.take(this.mail.shift());
    } else if (what < 9) {
      this.hear();
    } else if (random.below(8) === 0) {
      this.open();  // What is on the way is lost or was taken.
    }
  }
  hear() {
    if (this.heard === this.region.log.length) return;
    const {change, id} = this.region.log[this.heard++];
    this.followed(this.model.received(this.heard, splices(change), id));
  }
  finish() {
    for (;;) {
      while (this.heard < this.region.log.length) this.hear();
      const request = this.mail.shift() ?? this.model.next(`${this.name}${this.count++}`);
      if (!request) break;
      this.region.take(request);
    }
    assert.ok(!this.model.isPending);
  }
}

for (const contrary of [false, true]) {
  test(`pages that type at once arrive at the text of the region${contrary ? ' when it orders otherwise' : ''}`, () => {
    for (let round = 0; round < 300; round += 1) {
      const region = new Region(random.text(15), contrary);
      const pages = ['a', 'b', 'c'].map((name) => new Page(region, name));
      for (let steps = 0; steps < 80; steps += 1) pages[random.below(3)].step();
      for (let again = 0; again < 2; again += 1) pages.forEach((page) => page.finish());
      pages.forEach((page) => assert.equal(page.model.shown, region.text));
    }
  });
}

test('an edit counts once when its answer was lost', () => {
  const region = new Region('', false);
  const page = new Page(region, 'a');
  page.model.typed(splice(0, 0, 'one'));
  page.view = 'one';
  const request = page.model.next('1');
  region.take(request);
  page.open();
  assert.equal(page.model.shown, 'one');
  assert.ok(!page.model.isPending);
  region.take(request);
  assert.equal(region.text, 'one');
});

test('edits that waited find their places in a text that has changed far away', () => {
  const model = new TextModel();
  model.opened('The first line.\nThe last line.', 7, false);
  model.typed(splice(29, 0, ' at all'));
  model.typed(splice(9, 0, ' good'));
  model.opened('Before. The very first line.\nThe last line.\nBehind.', 'other:1', false);
  assert.equal(model.shown, 'Before. The very first good line.\nThe last line at all.\nBehind.');
});

test('a step that waits can be taken back, one under way cannot', () => {
  const model = new TextModel();
  model.opened('ab', 0, false);
  model.typed(splice(1, 0, 'x'));
  model.typed(splice(2, 0, 'y'), true);
  model.typed(splice(3, 1, ''));
  assert.equal(model.shown, 'axy');
  assert.deepEqual(model.pendingRanges, [[1, 3]]);
  model.takeBack();
  assert.equal(model.shown, 'axyb');
  model.takeBack();
  assert.equal(model.shown, 'ab');
  assert.equal(model.takeBack(), null);
  model.typed(splice(0, 0, 'z'));
  model.next('1');
  assert.equal(model.takeBack(), null);
});

test('a refused request leaves the text and keeps what was typed behind it', () => {
  const model = new TextModel();
  model.opened('ab', 0, false);
  model.typed(splice(2, 0, 'NO'));
  model.next('1');
  model.typed(splice(0, 0, 'yes '));
  model.settled('1');
  assert.equal(model.shown, 'yes ab');
  assert.ok(model.isPending);
});

test('what waits is taken up again after a reload', () => {
  const model = new TextModel();
  model.opened('ab', 0, false);
  model.typed(splice(1, 0, 'x'));
  model.next('1');
  model.typed(splice(2, 0, 'y'));
  const again = new TextModel();
  again.restore(JSON.parse(JSON.stringify(model.saved())));
  assert.equal(again.shown, 'axyb');
  again.opened('axb!', 5, true);
  assert.equal(again.shown, 'axyb!');
});
