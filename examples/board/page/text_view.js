// The text as one sees and edits it: a text area, so that input methods, selection by keyboard, right-to-left
// text and screen readers work as everywhere. Below it lies a mirror, the same text in the same
// lines but invisible, to find the places of characters (marks.js).
import {apply, compose, moved, splice, splices, transform} from './change.js';
import {commonEnds} from './difference.js';

const kWordPauseMs = 1000;

// Returns the text as a text area shows it: it has no carriage returns, and would change the places of all that
// follows. One unit for one unit.
export function displayed(text) {
  return text.replaceAll('\r', '\u240d');
}

// Returns the text with U+FFFD for each half of a character of two units that stands alone: no UTF-8 has that.
export function wellFormed(text) {
  return text.toWellFormed ? text.toWellFormed() : text.replace(/\p{Surrogate}/gu, '\ufffd');
}

export class TextView {
  // `typed(change, joins)` is called for each edit made here, `undo('undo' or 'redo')` for the keys,
  // `moved()` when the selection or the layout has changed.
  constructor(area, mirror, on) {
    Object.assign(this, {area, mirror, on});
    this.text = '';         // As the model shows it; the area lags behind while it composes.
    this.composing = false;
    this.waiting = [];      // Changes of others that came meanwhile.
    this.last = {at: -1, time: 0};  // Of the last letter typed: behind it, and when.
    mirror.append('');
    area.addEventListener('input', () => this.composing || this.#input());
    area.addEventListener('compositionstart', () => { this.composing = true; });
    area.addEventListener('compositionend', () => this.#composed());
    area.addEventListener('keydown', (event) => this.#keydown(event));
    area.addEventListener('beforeinput', (event) => this.#beforeInput(event));
    document.addEventListener('selectionchange', () =>
      document.activeElement === area && on.moved());
    for (const name of ['focus', 'blur', 'select', 'keyup']) area.addEventListener(name, () => on.moved());
    new ResizeObserver(() => on.moved()).observe(mirror);
  }

  // Returns {from, to} in the shown text, the cursor at `to`; null without focus.
  get selection() {
    if (document.activeElement !== this.area || this.composing) return null;
    const {selectionStart, selectionEnd, selectionDirection} = this.area;
    return selectionDirection === 'backward' ? {from: selectionEnd, to: selectionStart}
      : {from: selectionStart, to: selectionEnd};
  }

  // Shows a change that was not made here. The caret stays where it is in the text; at the end of the change if
  // `follow`.
  show(change, follow = false) {
    if (change.length === 0) return;
    if (this.composing) {
      this.waiting.push(change);
      return;
    }
    const {area} = this;
    const {selectionStart, selectionEnd, selectionDirection} = area;
    this.text = apply(this.text, change);
    const places = splices(change);
    for (const {position, erased, inserted} of places) {
      area.setRangeText(displayed(inserted), position, position + erased, 'preserve');
    }
    let [from, to] = [selectionStart, selectionEnd].map((each) => moved(each, change));
    if (follow && places.length > 0) {
      const end = places[places.length - 1];
      from = to = end.position + end.inserted.length;
    }
    if (area.selectionStart !== from || area.selectionEnd !== to ||
        area.selectionDirection !== selectionDirection) {
      area.setSelectionRange(from, to, selectionDirection);
    }
    this.#mirror(places);
  }

  #mirror(places) {
    const node = this.mirror.firstChild;
    // A last empty line has no height without anything behind it.
    const end = '\u200b';
    if (node.data === '') node.data = end;
    for (const {position, erased, inserted} of places) {
      node.replaceData(position, erased, displayed(inserted));
    }
  }

  #input() {
    const change = this.#takeChange();
    if (change.length > 0) this.on.typed(change, this.#joins(splices(change)[0]));
  }

  // Returns the edit that was made, and shows it in the mirror, too. The text behind the caret has most likely not
  // changed, so a letter typed in front of an equal one is found at its place.
  #takeChange() {
    const {area} = this;
    const after = area.value;
    const before = displayed(this.text);
    const caret = area.selectionEnd;
    let ends = commonEnds(before, after, {head: caret, tail: after.length - caret});
    const changed = ({head, tail}) => before.length + after.length - 2 * (head + tail);
    if (changed(ends) > Math.abs(before.length - after.length)) {
      const wider = commonEnds(before, after);
      if (changed(wider) < changed(ends)) ends = wider;
    }
    const end = after.length - ends.tail;
    const inserted = wellFormed(after.slice(ends.head, end));
    const change = splice(ends.head, before.length - ends.head - ends.tail, inserted);
    this.text = apply(this.text, change);
    if (inserted !== after.slice(ends.head, end)) {
      area.setRangeText(inserted, ends.head, end, 'preserve');
    }
    this.#mirror(splices(change));
    return change;
  }

  // Whether an edit goes on with the word that was typed last.
  #joins({position, erased, inserted}) {
    const {last} = this;
    const now = performance.now();
    const joins = erased === 0 && inserted.length <= 2 && position === last.at &&
      now - last.time < kWordPauseMs && !(/\S/.test(inserted) && last.space);
    this.last = {at: position + inserted.length, time: now, space: /\s$/.test(inserted)};
    return joins;
  }

  // The composed text goes in front of text that others wrote at its place meanwhile.
  #composed() {
    this.composing = false;
    const others = this.waiting.reduce(compose, []);
    this.waiting = [];
    const mine = this.#takeChange();
    if (mine.length > 0) this.on.typed(transform(mine, others, true), false);
    this.show(transform(others, mine, false));
  }

  #keydown(event) {
    if (event.isComposing || event.altKey || !(event.ctrlKey || event.metaKey)) return;
    const key = event.key.toLowerCase();
    if (key !== 'z' && key !== 'y') return;
    event.preventDefault();
    this.on.undo(key === 'y' || event.shiftKey ? 'redo' : 'undo');
  }

  #beforeInput(event) {
    if (event.inputType !== 'historyUndo' && event.inputType !== 'historyRedo') return;
    event.preventDefault();
    this.on.undo(event.inputType === 'historyRedo' ? 'redo' : 'undo');
  }
}
