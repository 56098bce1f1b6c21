// A document on a page: its text, its card and its people, with the stream and the outbox of a region.
import {CardEdits, shownCard} from './card.js';
import {Connection} from './connection.js';
import {Outbox} from './outbox.js';
import {SharedText} from './shared_text.js';
import {TagsView, VotesView} from './votes.js';
import {TitlesView} from './titles.js';
import {TodoView} from './todo.js';
import {get, newId, post} from './requests.js';

const kKeepMs = 250;  // Edits that wait so long are kept in the browser, and told.

const byId = (id) => document.getElementById(id);

export class DocumentPage {
  // `person()` returns {page, name}, `number(region)` the region's number; `onDocs` is told the documents.
  constructor({doc, person, number, limits, status, waiting, onDocs}) {
    Object.assign(this, {doc, person, status, waiting, connected: false, kept: 0});
    this.path = `/api/docs/${doc}`;
    const told = {settled: (answer) => status.settled(answer), refused: (sentence) => status.refused(sentence)};
    this.text = new SharedText({path: this.path, person, number,
      elements: {area: byId('text'), mirror: byId('mirror'), marks: byId('marks'), people: byId('people'),
        author: byId('author')},
      on: {...told, edited: () => this.#edited(), anew: () => this.connection.open()}});
    this.#makeCard(limits, told);
    this.outbox = new Outbox({post, sources: [this.text.channel, this.cards],
      lost: () => this.connection.lost()});
    this.connection = new Connection(() => this.#address(), {
      text: (event) => this.#opened(() => this.text.channel.onText(event)),
      resumed: (event) => this.#opened(() => this.text.channel.onResumed(event)),
      delta: (event) => {
        this.text.onDelta(event);
        this.outbox.run();
      },
      card: (event) => this.#onCard(event),
      people: (event) => this.text.onPeople(event),
      seen: (event) => status.seen(event),
      mesh: (event) => status.onMesh(event),
      docs: (event) => onDocs(event.docs),
      down: () => this.#down(),
    });
    addEventListener('pagehide', () => this.#keep());
  }

  #makeCard(limits, told) {
    this.card = null;
    this.cards = new CardEdits({...told, changed: () => this.#showCard()});
    const edit = (path) => (body) =>
      this.send({path: `${this.path}/${path}`, body: {...body, request: newId()}});
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

  // Returns how many edits wait.
  get waitingCount() {
    return this.text.waitingCount + this.cards.list.length;
  }

  #address() {
    const {page, name} = this.person();
    const {after} = this.text.channel;
    return `/api/events?${new URLSearchParams({doc: this.doc, page, name, ...(after && {after})})}`;
  }

  #opened(tell) {
    tell();
    this.connected = true;
    byId('document').setAttribute('aria-busy', 'false');
    this.#edited();
    this.outbox.setOpen(true);
    this.text.setOpen(true);
  }
  #down() {
    this.connected = false;
    this.outbox.setOpen(false);
    this.text.setOpen(false);
    this.#edited();
    get(this.path).then(({status}) => { this.status.isAbsent = status === 404; }, () => {});
  }

  // Something waits, or has been answered.
  #edited() {
    this.outbox?.run();
    this.text.draw();
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
    const {model} = this.text;
    this.waiting.keep(!waits ? null : {doc: this.doc, person: this.person(),
      text: model.isPending ? model.saved() : null, cards: this.cards.list});
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
}
