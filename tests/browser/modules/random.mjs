// Random numbers, texts and changes from a seed: ANABRANCH_TEST_SEED, or one of the clock. Printed.
import {splice, compose, apply} from '../../../examples/board/page/change.js';

export class Random {
  constructor(name) {
    this.state = Number(process.env.ANABRANCH_TEST_SEED ?? Date.now()) >>> 0;
    console.log(`${name}: seed ${this.state}`);
  }
  // Returns 0 to n - 1. The generator is mulberry32 (T. Ettinger, public domain).
  below(n) {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let z = this.state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) % n;
  }
  text(longest) {
    return Array.from({length: this.below(longest + 1)}, () => 'ab1-\n '[this.below(6)]).join('');
  }
  // Returns a change of a text of one to three places.
  change(text) {
    let change = [];
    for (let places = 1 + this.below(3); places > 0; places -= 1) {
      const length = apply(text, change).length;
      const position = this.below(length + 1);
      const erased = this.below(Math.min(4, length - position) + 1);
      change = compose(change, splice(position, erased, ['', 'X', 'YZ', '1', '-2', '0', '12X'][this.below(7)]));
    }
    return change;
  }
}
