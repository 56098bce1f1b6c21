// How old the data on the page are, in words: they come each second, and the page says when they do not.
import {write} from './elements.js';
import {printable} from './printable.js';
import {clock, span} from './units.js';

const kOldMs = 3000;
const kLookMs = 500;

export class Freshness {
  // `at`: the elements {fresh, freeze, trouble}; `onFreeze(frozen)` stops and starts the stream.
  constructor(at, stream, onFreeze) {
    this.at = at;
    this.stream = stream;
    this.frozenAt = undefined;
    at.freeze.addEventListener('click', () => {
      this.frozenAt = this.frozenAt === undefined ? Date.now() : undefined;
      at.freeze.setAttribute('aria-pressed', String(this.frozenAt !== undefined));
      write(at.freeze, this.frozenAt === undefined ? 'Freeze' : 'Go on');
      onFreeze(this.frozenAt !== undefined);
      this.look();
    });
    setInterval(() => this.look(), kLookMs);
  }

  look() {
    const frozen = this.frozenAt !== undefined;
    const {age} = this.stream;
    const old = !frozen && age > kOldMs;
    document.body.dataset.data = frozen ? 'frozen' : old ? 'old' : 'fresh';
    if (!frozen) this.stream.look();
    write(this.at.fresh, frozen ? `Frozen at ${clock(this.frozenAt, Date.now())}` :
      old ? 'No connection' : 'Live, each second');
    const what = this.stream.heardAt === undefined ? 'This leader has not answered for' : 'The data are old, by';
    const why = this.stream.trouble && `: ${printable(this.stream.trouble)}`;
    write(this.at.trouble, old ? `${what} ${span(age)}${why}. This page tries again by itself.` : '');
    this.at.trouble.hidden = !old;
  }
}
