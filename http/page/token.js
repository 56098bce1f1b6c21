// The token that acts need: asked for once, and kept in the memory of this page alone.

export class Token {
  #text;

  constructor(dialog) {
    this.dialog = dialog;
    this.field = dialog.querySelector('#token-text');
    dialog.querySelector('#token-cancel').addEventListener('click', () => dialog.close(''));
  }

  // Returns the token, after asking for it where it is not known; undefined when it is not given.
  async get(why) {
    return this.#text ?? this.#ask(why);
  }

  // The leader has refused it.
  forget() {
    this.#text = undefined;
  }

  #ask(why) {
    this.dialog.querySelector('#token-why').textContent = why;
    this.field.value = '';
    this.dialog.returnValue = '';
    this.dialog.showModal();
    this.field.focus();
    return new Promise((done) => {
      this.dialog.addEventListener('close', () => {
        if (this.dialog.returnValue === 'use') this.#text = this.field.value.trim() || undefined;
        this.field.value = '';
        done(this.#text);
      }, {once: true});
    });
  }
}
