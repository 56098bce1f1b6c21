// Is anything wrong? One line about all links and warnings: {kind, words, asOf}. The kinds: wrong,
// equal, busy (writes are under way), alone.
import {inSentence as named} from './printable.js';
import {clock, counted, span} from './units.js';

// Writes under way for so long leave the verdict as it was: it says as of when.
const kJustNowMs = 3000;

// The link that lacks most, by time, else by operations.
const furthest = (links) => links.reduce((most, each) =>
  (each.lackingMs ?? 0) > (most.lackingMs ?? 0) ||
  ((each.lackingMs ?? 0) === (most.lackingMs ?? 0) && each.lacking > most.lacking) ? each : most);

function busyWords(links) {
  const catching = links.find((each) => each.state === 'catching');
  if (catching) return `${named(catching.to)} is catching up`;
  const {to, lacking, lackingMs} = furthest(links);
  const time = lackingMs > 0 ? ` (${span(lackingMs)})` : '';
  return `All connected; ${named(to)} is ${counted(lacking, 'operation')}${time} behind`;
}

export class Verdict {
  constructor() {
    this.equalAt = undefined;
  }

  // Returns the verdict of now, and remembers when all were equal last.
  of(links, warnings, now) {
    const wrong = warnings.filter((each) => each.wrong).length;
    const equal = links.length > 0 && links.every((each) => each.equal);
    if (equal) this.equalAt = now;
    const before = this.equalAt === undefined ? '' : `all were equal at ${clock(this.equalAt, now)}`;
    if (wrong > 0) {
      return {kind: 'wrong', words: wrong === 1 ? 'One thing is wrong' : `${wrong} things are wrong`,
        asOf: equal ? 'the connected regions are equal' : before};
    }
    if (links.length === 0) return {kind: 'alone', words: 'One region alone', asOf: ''};
    const catching = links.some((each) => each.state === 'catching');
    if (catching || !(now - this.equalAt <= kJustNowMs)) {
      return {kind: 'busy', words: busyWords(links), asOf: before};
    }
    const peers = links.length / 2;
    return {kind: 'equal', words: peers === 1 ? 'Both regions are equal' : `All ${peers + 1} regions are equal`,
      asOf: `as of ${clock(this.equalAt, now)}`};
  }
}
