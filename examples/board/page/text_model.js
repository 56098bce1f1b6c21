// The text of a document as this page knows it: the part that the region has confirmed, and behind that the
// edits made here that it has not. No clock, no page, no connection.
//
//   base -- sent --> -- unsent --> shown
//
// One request is under way at a time; later edits wait, and go with the next one. Changes
// of others are moved in front of all of that (change.js), so the shown text keeps its caret. The
// region decides: where it has put an edit elsewhere, the shown text follows.
import {apply, compose, fromSplices, insertedRanges, isEmpty, isSame, splices, transform} from './change.js';
import {difference} from './difference.js';

// Whether the text of this page comes in front of another's at the same place: so the caret
// stays at the end of one's own word.
const kMineFirst = true;

// Places in a request, at most; the region takes 1000.
const kPlacesMax = 500;

export class TextModel {
  constructor() {
    this.base = '';
    this.version = null;  // Of the base, as the region names it; null before the first.
    this.sent = null;     // {id, change, request}: the edit under way, and its request.
    this.unsent = [];     // Changes, each after the one before: steps that can be taken back here.
    this.joins = false;   // The first of these goes on with the step that was sent last.
    this.shown = '';
  }

  // Returns the change that all unconfirmed edits make to the base.
  get pending() {
    return this.unsent.reduce(compose, this.sent ? this.sent.change : []);
  }
  get isPending() {
    return this.sent !== null || this.unsent.length > 0;
  }
  // Returns the ranges of the shown text that the region does not have yet.
  get pendingRanges() {
    return insertedRanges(this.pending);
  }

  // Takes an edit made here. `joins`: it is one step with the edit before, if that still waits.
  typed(change, joins = false) {
    if (isEmpty(change)) return;
    this.shown = apply(this.shown, change);
    const last = this.unsent.length - 1;
    if (last < 0) this.joins = joins;
    if (joins && last >= 0) this.unsent[last] = compose(this.unsent[last], change);
    else this.unsent.push(change);
    if (this.unsent.every(isEmpty)) this.unsent = [];
  }

  // Takes back the last step that waits. Returns the change of the shown text, or null when no step waits.
  takeBack() {
    if (this.unsent.length === 0) return null;
    this.unsent.pop();
    return this.#show();
  }

  // Returns the next request, {id, version, splices, join}, and counts it as under way; null when nothing waits or
  // one is under way already.
  next(id) {
    if (this.sent || this.unsent.length === 0 || this.version === null) return null;
    let change = [];
    let steps = 0;
    for (; steps < this.unsent.length; steps += 1) {
      const more = compose(change, this.unsent[steps]);
      if (steps > 0 && splices(more).length > kPlacesMax) break;
      change = more;
    }
    this.unsent.splice(0, steps);
    this.sent = {id, change, join: this.joins};
    this.joins = false;
    return this.renewed();
  }
  // Returns the request under way, as it was sent; null without one.
  get request() {
    return this.sent && this.sent.request;
  }
  // Returns the request under way for the present version: after the region has said that it has not
  // executed it, and no longer knows the version before. Null when nothing is left of it.
  renewed() {
    if (isEmpty(this.sent.change)) {
      this.sent = null;
      return null;
    }
    const {id, change, join} = this.sent;
    this.sent.request = {id, version: this.version, splices: splices(change), join};
    return this.sent.request;
  }

  // Takes a change of the region: its version afterwards, its places in order, and the id of the
  // request that it answers, if one does. Returns the change of the shown text.
  received(version, places, id) {
    const change = fromSplices(places);
    this.version = version;
    const own = this.sent !== null && this.sent.id === id;
    const expected = own ? this.sent.change : [];
    const before = this.base;
    this.base = apply(before, change);
    if (own) {
      this.sent = null;
      if (isSame(change, expected)) return [];
      this.#rebase(difference(apply(before, expected), this.base));
      return this.#show();
    }
    const moved = this.#rebase(change);
    this.shown = apply(this.shown, moved);
    return moved;
  }

  // Drops the request under way, when the region has refused it or has it already. Returns the change of the
  // shown text.
  settled(id) {
    if (!this.sent || this.sent.id !== id) return [];
    const without = apply(this.base, this.sent.change);
    this.sent = null;
    this.#rebase(difference(without, this.base));
    return this.#show();
  }

  // Takes the whole text, as after a reconnection. `done`: the request under way is part of it. Edits
  // that wait find their places by the difference. Returns the change of the shown text.
  opened(text, version, done) {
    const before = done && this.sent ? apply(this.base, this.sent.change) : this.base;
    if (done) this.sent = null;
    const first = this.version === null && !this.isPending;
    this.base = text;
    this.version = version;
    if (!first) this.#rebase(difference(before, text));
    return this.#show();
  }

  // Returns the edits that a reload must keep, and takes them up again, before anything else.
  saved() {
    return {base: this.base, version: this.version, sent: this.sent, unsent: this.unsent};
  }
  restore({base, version, sent, unsent}) {
    Object.assign(this, {base, version, sent, unsent});
    this.shown = apply(base, this.pending);
  }

  // Moves the edits that wait behind a change of the text before them. Returns that change as it is behind
  // them.
  #rebase(change) {
    let behind = change;
    const move = (mine) => {
      const moved = transform(mine, behind, kMineFirst);
      behind = transform(behind, mine, !kMineFirst);
      return moved;
    };
    if (this.sent) this.sent.change = move(this.sent.change);
    this.unsent = this.unsent.map(move).filter((each) => !isEmpty(each));
    return behind;
  }

  // Shows the base with the edits that wait. Returns the change of the shown text.
  #show() {
    const shown = apply(this.base, this.pending);
    const change = difference(this.shown, shown);
    this.shown = shown;
    return change;
  }
}
