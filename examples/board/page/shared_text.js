// The text of a document on a page, with the cursors of others: letters typed here go to the region through
// the channel, changes that come from there are shown.
import {Authors} from './authors.js';
import {Marks} from './marks.js';
import {People} from './people.js';
import {TextChannel} from './text_channel.js';
import {TextModel} from './text_model.js';
import {TextView} from './text_view.js';
import {fromSplices, moved} from './change.js';
import {get, newId, post} from './requests.js';

const kCursorMs = 120;    // Between two messages about the cursor.
const kFadeStepMs = 1000;

export class SharedText {
  // `elements` are {area, mirror, marks, people, author}; `on` has edited(), called when something waits
  // or has been answered, settled(answer), refused(sentence), and anew(), to open the stream anew.
  constructor({path, person, number, elements, on}) {
    Object.assign(this, {path, person, on, isOpen: false, author: null, cursor: {timer: 0, sent: ''},
      paper: elements.area.parentElement});
    this.model = new TextModel();
    this.marks = new Marks(elements.marks, elements.mirror);
    this.people = new People(elements.people, person().page, number);
    this.view = new TextView(elements.area, elements.mirror, {
      typed: (change, joins) => {
        this.model.typed(change, joins);
        on.edited();
      },
      undo: (what) => this.undo(what),
      moved: () => {
        this.draw();
        this.#tellCursor();
      },
    });
    this.channel = new TextChannel({model: this.model, path, person,
      followed: (change, about) => this.#followed(change, about),
      settled: on.settled, refused: on.refused, anew: on.anew});
    new Authors(elements.area, (from, to) => this.#authors(from, to), (author) => {
      this.author = author && {...author, region: number(author.region), kind: 'author'};
      elements.author.textContent = author ? `Written in ${author.region}` : '';
      elements.author.hidden = !author;
      this.draw();
    });
    setInterval(() => this.people.others.length > 0 && this.draw(), kFadeStepMs);
  }

  // Returns how many edits wait.
  get waitingCount() {
    return this.model.unsent.length + (this.model.sent ? 1 : 0) + this.channel.undos.length;
  }

  // There is a connection, or none.
  setOpen(open) {
    this.isOpen = open;
    this.cursor.sent = '';
    if (open) this.#tellCursor();
  }

  onDelta(event) {
    this.people.onChange(fromSplices(event.deltas.map((each) =>
      ({position: each.at, erased: each.erase, inserted: each.insert}))));
    this.channel.onDelta(event);
  }
  onPeople(event) {
    this.people.onPeople(event, this.channel.recent);
    this.draw();
  }

  // Takes back the last edit of the text that was made here, or brings it back ('redo').
  undo(what) {
    const back = what === 'undo' ? this.model.takeBack() : null;
    if (back) this.view.show(back, true);
    else this.channel.undos.push({what, id: newId()});
    this.on.edited();
  }

  draw() {
    this.marks.draw([
      ...(this.author ? [this.author] : []),
      ...this.model.pendingRanges.map(([from, to]) => ({kind: 'pending', from, to})),
      ...this.people.marks(this.model.pending)]);
  }

  #followed(change, about) {
    const own = this.channel.undos.some((each) => each.id === about?.request);
    const height = () => this.marks.place(this.view.selection?.to ?? -1)?.top;
    const before = height();
    this.view.show(change, own);
    const after = own ? undefined : height();
    // The line of the caret stays where it is on the screen.
    if (before !== undefined && after !== undefined) this.paper.scrollTop += after - before;
    this.on.edited();
    this.#tellCursor();
  }

  // Tells the others the place of the cursor, once all is sent that it stands behind.
  #tellCursor() {
    this.cursor.timer ||= setTimeout(() => {
      this.cursor.timer = 0;
      if (!this.isOpen || this.model.isPending || this.channel.held) return;
      const place = this.view.selection ?? {from: null, to: null};
      const body = {...this.channel.version, ...place};
      if (JSON.stringify(body) === this.cursor.sent) return;
      this.cursor.sent = JSON.stringify(body);
      post(`${this.path}/cursor`, {...this.person(), ...body}).catch(() => {
        this.cursor.sent = '';  // The stream finds out whether the region is there.
      });
    }, kCursorMs);
  }

  async #authors(from, to) {
    if (!this.isOpen || this.model.isPending) return null;
    const {epoch, v} = this.channel.version;
    const range = {epoch, v, from, to: Math.min(to, this.model.base.length)};
    const answer = await get(`${this.path}/authors?${new URLSearchParams(range)}`).catch(() => ({}));
    const since = this.channel.recent.filter((each) => each.v > v);
    return answer.authors?.map(({at, count, region}) => {
      const [start, end] = [at, at + count].map((place) =>
        moved(since.reduce((position, {change}) => moved(position, change), place), this.model.pending));
      return {at: start, count: end - start, region};
    }) ?? null;
  }
}
