// A document on a page: its text, its card and its people, with the stream and the outbox of a region.
import {Authors} from './authors.js';
import {CardEdits, shownCard} from './card.js';
import {Connection} from './connection.js';
import {Marks} from './marks.js';
import {Outbox} from './outbox.js';
import {People} from './people.js';
import {get, newId, post} from './requests.js';
import {TagsView, VotesView} from './votes.js';
import {TextChannel} from './text_channel.js';
import {TextModel} from './text_model.js';
import {TextView} from './text_view.js';
import {TitlesView} from './titles.js';
import {TodoView} from './todo.js';
import {fromSplices, moved} from './change.js';

const kCursorMs = 120;   // Between two messages about the cursor.
const kKeepMs = 250;     // What waits so long is kept in the browser.
const kFadeStepMs = 1000;

const byId = (id) => document.getElementById(id);

export class DocumentPage {
  // `person()` returns {page, name}; `number(region)` its number.
  constructor({doc, person, number, limits, status, waiting, onMesh, onDocs}) {
    Object.assign(this, {doc, person, status, waiting});
    this.path = `/api/docs/${doc}`;
    this.connected = false;
    this.cursor = {timer: 0, sent: ''};
    this.kept = 0;
    this.#makeText(number);
    this.#makeCard(limits);
    this.outbox = new Outbox({post, sources: [this.channel, this.cards], lost: () => this.connection.lost()});
    this.connection = new Connection(() => this.#address(), {
      text: (event) => this.#opened(() => this.channel.onText(event)),
      resumed: (event) => this.#opened(() => this.channel.onResumed(event)),
      delta: (event) => {
        this.people.onChange(fromSplices(event.deltas.map(placeOf)));
        this.channel.onDelta(event);
        this.outbox.run();
      },
      card: (event) => this.#onCard(event),
      people: (event) => {
        this.people.onPeople(event, this.channel.recent);
        this.#draw();
      },
      seen: (event) => status.seen(event),
      mesh: (event) => {
        status.onMesh(event);
        onMesh(event);
      },
      docs: (event) => onDocs(event.docs),
      down: () => this.#down(),
    });
    addEventListener('pagehide', () => this.#keep());
    setInterval(() => this.people.others.length > 0 && this.#draw(), kFadeStepMs);
  }

  #makeText(number) {
    this.model = new TextModel();
    this.marks = new Marks(byId('marks'), byId('mirror'));
    this.people = new People(byId('people'), this.person().page, number);
    this.view = new TextView(byId('text'), byId('mirror'), {
      typed: (change, joins) => {
        this.model.typed(change, joins);
        this.#edited();
      },
      undo: (what) => this.undo(what),
      moved: () => {
        this.#draw();
        this.#sendCursor();
      },
    });
    this.channel = new TextChannel({model: this.model, path: this.path, person: this.person,
      followed: (change, about) => this.#followed(change, about),
      settled: (answer) => this.status.settled(answer), refused: (sentence) => this.status.refused(sentence),
      anew: () => this.connection.open()});
    this.author = null;
    new Authors(byId('text'), (from, to) => this.#authors(from, to), (author) => {
      this.author = author && {...author, region: number(author.region), kind: 'author'};
      byId('author').textContent = author ? `Written in ${author.region}` : '';
      byId('author').hidden = !author;
      this.#draw();
    });
  }

  #makeCard(limits) {
    this.card = null;
    this.cards = new CardEdits({changed: () => this.#showCard(),
      settled: (answer) => this.status.settled(answer), refused: (sentence) => this.status.refused(sentence)});
    const edit = (path) => (body) => this.send({path: `${this.path}/${path}`, body: {...body, request: newId()}});
    this.views = {
      titles: new TitlesView({title: byId('title'), when: byId('when'), also: byId('also'), limits},
        (path, body) => edit(path)(body)),
      todo: new TodoView(byId('todo'), byId('todo-add'), edit('todo')),
      votes: new VotesView(byId('votes'), byId('votes-add'), edit('vote')),
      tags: new TagsView(byId('tags'), byId('tags-add'), edit('tag')),
    };
  }

  // Sends an edit that is not of the text, when its turn comes.
  send({path, body}) {
    this.cards.add({path, body: {...this.person(), ...body}});
    this.#edited();
  }

  // Undoes or redoes the last edit of the text that was made here.
  undo(what) {
    const back = what === 'undo' ? this.model.takeBack() : null;
    if (back) this.view.show(back, true);
    else this.channel.undos.push({what, id: newId()});
    this.#edited();
  }

  // Returns how many edits wait.
  get waitingCount() {
    return this.model.unsent.length + (this.model.sent ? 1 : 0) + this.channel.undos.length +
      this.cards.list.length;
  }

  #address() {
    const {page, name} = this.person();
    const {after} = this.channel;
    return `/api/events?${new URLSearchParams({doc: this.doc, page, name, ...(after && {after})})}`;
  }

  #opened(tell) {
    tell();
    this.connected = true;
    byId('document').setAttribute('aria-busy', 'false');
    this.#edited();
    this.outbox.setOpen(true);
    this.cursor.sent = '';
    this.#sendCursor();
  }
  #down() {
    this.connected = false;
    this.outbox.setOpen(false);
    this.#edited();
    get(this.path).then(({status}) => { this.status.isAbsent = status === 404; }, () => {});
  }

  // Something waits, or has been answered.
  #edited() {
    this.outbox?.run();
    this.#draw();
    const count = this.waitingCount;
    if (count > 0) this.kept ||= setTimeout(() => this.#keep(), kKeepMs);
    else if (this.kept) this.#keep();
    clearTimeout(this.slow);
    const tell = () => this.status.setDown(!this.connected, this.waitingCount);
    if (this.connected && count > 0) this.slow = setTimeout(tell, kKeepMs);
    else tell();
  }

  #keep() {
    clearTimeout(this.kept);
    const waits = this.waitingCount > 0;
    this.kept = waits ? setTimeout(() => this.#keep(), kKeepMs) : 0;
    this.waiting.keep(!waits ? null : {doc: this.doc, person: this.person(),
      text: this.model.isPending ? this.model.saved() : null, cards: this.cards.list});
  }

  #followed(change, about) {
    const own = this.channel.undos.some((each) => each.id === about?.request);
    this.view.show(change, own);
    this.#edited();
    this.#sendCursor();
  }

  #onCard(card) {
    this.card = card;
    this.cards.onCard();
    this.#showCard();
  }
  #showCard() {
    if (!this.card) return;
    const card = shownCard(this.card, this.cards.shown);
    document.title = card.title.text || 'Board';
    this.views.titles.show(card);
    this.views.todo.show(card.todo);
    this.views.votes.show(card.votes);
    this.views.tags.show(card.tags);
    this.#edited();
  }

  #draw() {
    const {pending} = this.model;
    this.marks.draw([
      ...(this.author ? [this.author] : []),
      ...this.model.pendingRanges.map(([from, to]) => ({kind: 'pending', from, to})),
      ...this.people.marks(pending)]);
  }

  // Tells the others where the cursor is, once all is sent that it stands behind.
  #sendCursor() {
    this.cursor.timer ||= setTimeout(() => {
      this.cursor.timer = 0;
      if (!this.connected || this.model.isPending || this.channel.held) return;
      const place = this.view.selection ?? {from: null, to: null};
      const body = JSON.stringify({...this.channel.version, ...place});
      if (body === this.cursor.sent) return;
      this.cursor.sent = body;
      post(`${this.path}/cursor`, {...this.person(), ...JSON.parse(body)}).catch(() => {
        this.cursor.sent = '';  // The stream finds out whether the region is there.
      });
    }, kCursorMs);
  }

  async #authors(from, to) {
    if (!this.connected || this.model.isPending) return null;
    const {epoch, v} = this.channel.version;
    const range = {epoch, v, from, to: Math.min(to, this.model.base.length)};
    const answer = await get(`${this.path}/authors?${new URLSearchParams(range)}`);
    const since = this.channel.recent.filter((each) => each.v > v);
    return answer.authors?.map(({at, count, region}) => {
      const [start, end] = [at, at + count].map((place) =>
        moved(since.reduce((position, {change}) => moved(position, change), place), this.model.pending));
      return {at: start, count: end - start, region};
    }) ?? null;
  }
}

function placeOf(each) {
  return {position: each.at, erased: each.erase, inserted: each.insert};
}
