// The people of a document, and the places of their cursors.
import {make, showList} from './keyed_list.js';
import {moved} from './change.js';

const kNameMs = 3000;   // A cursor that rests so long has no name any more,
const kFadeMs = 10000;  // and so long is not shown.
const kShownMax = 6;

export class People {
  // `number(region)` returns a region's number, for its colour.
  constructor(list, page, number) {
    Object.assign(this, {list, page, number});
    this.others = [];  // With places in the base of the text model, and when their cursor moved.
  }

  // Takes the event of the region. `recent` are the last changes of the base, {v, change}.
  onPeople({v, people}, recent) {
    const since = recent.filter((each) => each.v > v);
    const now = performance.now();
    this.others = people.filter((each) => each.page !== this.page).map((each) => {
      const place = (at) => at === null ? null
        : since.reduce((position, {change}) => moved(position, change, true), at);
      return {...each, from: place(each.from), to: place(each.to), time: now - (each.typed_ms ?? 0)};
    });
    this.#show(people);
  }

  // The base of the text has changed.
  onChange(change) {
    for (const each of this.others) {
      if (each.to === null) continue;
      each.from = moved(each.from, change, true);
      each.to = moved(each.to, change, true);
    }
  }

  // Returns the marks of the others. `pending` is the change between the base and the shown text.
  marks(pending) {
    const now = performance.now();
    return this.others.filter((each) => each.to !== null).flatMap((each) => {
      const [from, to] = [moved(each.from, pending), moved(each.to, pending)];
      const mark = {region: this.number(each.region), name: each.name,
        quiet: now - each.time > kNameMs, faded: now - each.time > kFadeMs};
      const cursor = {...mark, kind: 'cursor', from: to, to};
      return from === to ? [cursor]
        : [{...mark, kind: 'selection', from: Math.min(from, to), to: Math.max(from, to)}, cursor];
    });
  }

  #show(people) {
    const shown = people.slice(0, kShownMax);
    const more = people.length - shown.length;
    const items = more > 0 ? [...shown, {page: 'more', name: `+${more}`, region: ''}] : shown;
    showList(this.list, items, (each) => each.page, () => make('li', {dir: 'auto'}), (element, each) => {
      element.textContent = each.name;
      element.classList.toggle('me', each.page === this.page);
      element.title = each.region ? `${each.name} in ${each.region}` : 'more';
      element.dataset.region = this.number(each.region);
    });
  }
}
