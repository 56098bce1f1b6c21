// The title, the line below it, and titles that lost against it.
import {button, make, showList} from './keyed_list.js';

const kPauseMs = 1000;

// A field of one line that is sent when it is left, with Enter, and after a pause. Changes of others are shown
// unless something is being typed here.
class Line {
  constructor(field, send) {
    Object.assign(this, {field, send, shown: '', timer: 0});
    field.addEventListener('input', () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.#send(), kPauseMs);
    });
    for (const name of ['blur', 'change']) field.addEventListener(name, () => this.#send());
  }
  show(text, waits) {
    if (!this.#isDirty && this.field.value !== text) this.field.value = text;
    this.shown = text;
    this.field.classList.toggle('waits', waits === true);
  }
  get #isDirty() {
    return this.field.value !== this.shown && this.timer !== 0;
  }
  #send() {
    if (!this.#isDirty) return;
    clearTimeout(this.timer);
    this.timer = 0;
    const text = this.field.value.trim();
    if (text || this.field.id === 'when') this.send(text);
    else this.field.value = this.shown;
  }
}

export class TitlesView {
  // `edit(path, body)` is called for each edit, such as edit('title', {text}).
  constructor({title, when, also, limits}, edit) {
    this.title = new Line(title, (text) => edit('title', {text}));
    this.when = new Line(when, (text) => edit('when', {text}));
    title.maxLength = limits.title_characters;
    when.maxLength = limits.when_characters;
    Object.assign(this, {also, edit});
  }

  show({title, when}) {
    this.title.show(title.text, title.waits);
    this.when.show(when.text, when.waits);
    showList(this.also, title.also, (each) => each.id, (each) => this.#make(each), () => {});
  }

  #make({id, text, by, region}) {
    const author = by ? `${by} in ${region}` : `somebody in ${region}`;
    return make('li', {}, 'Also written: ', make('q', {}, make('bdi', {textContent: text})), ' by ',
      make('bdi', {textContent: author}), ' ',
      button('Put back', `Put back the title ${text}`, () => this.edit('put-back', {id})));
  }
}
