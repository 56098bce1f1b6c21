// The card of a document (title, time, to-do, votes, tags) as the region last told it, and with the edits on top that
// it has not answered yet. Pure.

// Returns the card as it will be once the edits, {path, body}, are executed. Parts that wait are marked
// `waits`.
export function shownCard(card, edits) {
  const shown = structuredClone(card);
  for (const {path, body} of edits) kEdits[path.split('/').pop()]?.(shown, body);
  return shown;
}

const kEdits = {
  title(card, {text}) {
    card.title = {...card.title, text, waits: true};
  },
  when(card, {text}) {
    card.when = {...card.when, text, waits: true};
  },
  'put-back'(card, {id}) {
    const other = card.title.also.find((each) => each.id === id);
    if (!other) return;
    card.title = {...card.title, text: other.text, waits: true,
      also: card.title.also.filter((each) => each !== other)};
  },
  todo(card, body) {
    const index = card.todo.findIndex((each) => each.id === body.id);
    if (body.do === 'add') {
      card.todo.push({id: body.request, text: body.text, done: false, waits: true, isNew: true});
    } else if (index >= 0) {
      kTodo[body.do]?.(card.todo, index, body);
    }
  },
  vote(card, {choice, add = 1}) {
    const found = card.votes.find((each) => each.choice === choice);
    if (found) Object.assign(found, {votes: found.votes + add, waits: true});
    else card.votes.push({choice, votes: add, waits: true});
  },
  tag(card, {tag, do: what}) {
    card.tags = card.tags.filter((each) => each !== tag);
    if (what === 'add') card.tags.push(tag);
    card.tags.sort();
  },
};

const kTodo = {
  tick: (list, index, {done}) => Object.assign(list[index], {done, waits: true}),
  rename: (list, index, {text}) => Object.assign(list[index], {text, waits: true}),
  remove: (list, index) => list.splice(index, 1),
  move(list, index, {to}) {
    const [item] = list.splice(index, 1);
    list.splice(to, 0, {...item, waits: true});
  },
};

// The edits of a card that wait: a source of the outbox. Each is shown until the region has told the card
// with it.
export class CardEdits {
  // `changed()` is called when the shown card may differ, `settled(answer)` with an answer,
  // `refused(sentence)` when an edit is lost.
  constructor({changed, settled, refused}) {
    Object.assign(this, {changed, settled, refused});
    this.list = [];      // {path, body}: not answered.
    this.answered = [];  // Answered; the card that shows them may be on its way.
    this.cards = 0;      // So many cards have come.
  }
  get shown() {
    return [...this.answered, ...this.list];
  }
  add(edit) {
    this.list.push(edit);
    this.changed();
  }
  // The region has told its card.
  onCard() {
    this.cards += 1;
    this.answered = [];
  }
  next() {
    const [edit] = this.list;
    if (!edit) return null;
    const {cards} = this;
    return {...edit, done: (answer) => this.#done(edit, answer, cards)};
  }
  #done(edit, answer, cards) {
    this.list.shift();
    if (answer.error) this.refused(answer.error);
    else this.settled(answer);
    if (!answer.error && answer.changed !== false && this.cards === cards) {
      this.answered.push(edit);
      setTimeout(() => {
        this.answered = this.answered.filter((each) => each !== edit);
        this.changed();
      }, kGraceMs);
    }
    this.changed();
  }
}

// A card comes within this time of an answer.
const kGraceMs = 300;
