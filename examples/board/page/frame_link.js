// A column's part for the page around it, three.html: it plays parts of a story, through the same fields and
// buttons that a person uses, and takes the visitor's name.

const kLetterMs = 70;

const byId = (id) => document.getElementById(id);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export class FrameLink {
  constructor({page, person, regions}) {
    Object.assign(this, {page, person, stopped: 0});
    const origins = regions.map((each) => new URL(each.page).origin);
    addEventListener('message', (event) => {
      if (event.source !== parent || !origins.includes(event.origin)) return;
      this.#onMessage(event.data, (answer) => event.source.postMessage(answer, event.origin));
    });
    origins.forEach((origin) => location.ancestorOrigins?.contains(origin) === false ||
      parent.postMessage({ready: true}, origin));
  }

  async #onMessage({id, act, ...what}, answer) {
    if (act === 'stop') {
      this.stopped += 1;
    } else if (act === 'name') {
      this.#rename(what.name);
    } else if (kActs[act]) {
      const {stopped} = this;
      await kActs[act]({...what, page: this.page, goesOn: () => stopped === this.stopped});
    }
    answer({id});
  }

  #rename(name) {
    if (this.person.name === name) return;
    this.person.name = name;
    this.page.connection.open();
  }
}

const kActs = {
  // Types behind a word of the text, or at its end, letter by letter.
  async type({text, behind, page, goesOn}) {
    const area = byId('text');
    const at = behind ? page.text.model.shown.lastIndexOf(behind) + behind.length : page.text.model.shown.length;
    area.focus({preventScroll: true});
    area.setSelectionRange(at, at);
    for (const letter of text) {
      if (!goesOn()) return;
      area.setRangeText(letter, area.selectionStart, area.selectionEnd, 'end');
      area.dispatchEvent(new InputEvent('input', {inputType: 'insertText', data: letter}));
      await pause(kLetterMs);
    }
  },
  async title({text, goesOn}) {
    const field = byId('title');
    for (let length = 1; length <= text.length && goesOn(); length += 1) {
      field.value = text.slice(0, length);
      await pause(kLetterMs / 2);
    }
    if (!goesOn()) return;
    field.dispatchEvent(new InputEvent('input'));
    field.dispatchEvent(new Event('change'));
  },
  async tick({text}) {
    const rows = Array.from(document.querySelectorAll('#todo li'));
    rows.find((row) => row.querySelector('.item').value === text && !row.classList.contains('done'))
      ?.querySelector('[type=checkbox]').click();
  },
  async vote({choice}) {
    const rows = Array.from(document.querySelectorAll('#votes li'));
    rows.find((row) => row.querySelector('.choice').textContent === choice)
      ?.querySelector('button:last-child').click();
  },
};
