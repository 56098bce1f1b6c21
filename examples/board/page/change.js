// Changes of a text. A change is a list of parts, read from the beginning of the text: a number n > 0
// keeps n units, n < 0 erases -n units, a string is inserted. The text behind the last part is
// kept. The unit is that of JavaScript's strings, UTF-16. Nothing here modifies its arguments.
//
// compose and transform are those of operational transformation (Ellis and Gibbs, 1989; the parts
// are as in Google Wave). The server decides the order of changes, so one law is enough:
// apply(apply(t, a), transform(b, a)) == apply(apply(t, b), transform(a, b)), one of the two first.

// A digit that is inserted is a string, and JavaScript would compare it as a number.
const keeps = (part) => typeof part === 'number' && part > 0;
const erases = (part) => typeof part === 'number' && part < 0;

// Adds a part to a change that is being built: merges neighbours, puts insertions before erasures.
function push(change, part) {
  if (part === 0 || part === '') return;
  const last = change.length - 1;
  if (typeof part === 'string') {
    if (typeof change[last] === 'string') change[last] += part;
    else if (erases(change[last]) && typeof change[last - 1] === 'string') change[last - 1] += part;
    else if (erases(change[last])) change.splice(last, 0, part);
    else change.push(part);
  } else if (typeof change[last] === 'number' && change[last] > 0 === part > 0) {
    change[last] += part;
  } else {
    change.push(part);
  }
}

function trimmed(change) {
  if (keeps(change[change.length - 1])) change.pop();
  return change;
}

// The parts of a change, piece by piece; kept text behind the last one.
class Pieces {
  constructor(change) {
    this.change = change;
    this.index = 0;
    this.offset = 0;
  }
  get ended() {
    return this.index >= this.change.length;
  }
  get inserts() {
    return !this.ended && typeof this.change[this.index] === 'string';
  }
  get erases() {
    return !this.ended && erases(this.change[this.index]);
  }
  // Returns how many units are left of the part.
  get size() {
    if (this.ended) return Infinity;
    const part = this.change[this.index];
    return (typeof part === 'string' ? part.length : Math.abs(part)) - this.offset;
  }
  // Takes the next `count` units, at most size: an inserted string, or a number.
  take(count) {
    if (this.ended) return count;
    const part = this.change[this.index];
    const piece = typeof part === 'string' ? part.slice(this.offset, this.offset + count)
      : part < 0 ? -count : count;
    if (count === this.size) {
      this.index += 1;
      this.offset = 0;
    } else {
      this.offset += count;
    }
    return piece;
  }
}

// Returns the change that erases `erased` units at a position and inserts a text there.
export function splice(position, erased, inserted) {
  const change = [];
  push(change, position);
  push(change, inserted);
  push(change, -erased);
  return trimmed(change);
}

export function isEmpty(change) {
  return change.every(keeps);
}

export function isSame(a, b) {
  return a.length === b.length && a.every((part, index) => part === b[index]);
}

export function apply(text, change) {
  let result = '';
  let at = 0;
  for (const part of change) {
    if (typeof part === 'string') result += part;
    else if (part > 0) result += text.slice(at, at += part);
    else at -= part;
  }
  return result + text.slice(at);
}

// Returns the change that does `a`, then `b`.
export function compose(a, b) {
  const result = [];
  const [first, second] = [new Pieces(a), new Pieces(b)];
  while (!first.ended || !second.ended) {
    if (first.erases) push(result, first.take(first.size));
    else if (second.inserts) push(result, second.take(second.size));
    else {
      const count = Math.min(first.size, second.size);
      const erases = second.erases;
      const inserts = first.inserts;
      const piece = first.take(count);
      second.take(count);
      if (!erases) push(result, piece);
      else if (!inserts) push(result, -count);
    }
  }
  return trimmed(result);
}

// Returns change `a` for a text that change `b` was applied to meanwhile. Where both insert at
// one place, a's text comes in front if `aFirst`.
export function transform(a, b, aFirst) {
  const result = [];
  const [mine, other] = [new Pieces(a), new Pieces(b)];
  while (!mine.ended) {
    if (mine.inserts && (aFirst || !other.inserts)) {
      push(result, mine.take(mine.size));
    } else if (other.inserts) {
      push(result, other.take(other.size).length);
    } else {
      const count = Math.min(mine.size, other.size);
      const gone = other.erases;
      const piece = mine.take(count);
      other.take(count);
      if (!gone) push(result, piece);
    }
  }
  return trimmed(result);
}

// Returns the position that a position has after a change. Text inserted at the position itself comes behind it, or
// in front of it if `behind`.
export function moved(position, change, behind = false) {
  let at = 0;     // In the text before,
  let result = 0; // and in the text after.
  for (const part of change) {
    if (at > position || (at === position && !(behind && typeof part === 'string'))) break;
    if (typeof part === 'string') result += part.length;
    else if (part > 0) {
      const count = Math.min(part, position - at);
      at += part;
      result += count;
      if (at > position) return result;
    } else {
      at -= part;
    }
  }
  return at < position ? result + position - at : result;
}

// Returns the places of a change in order, {position, erased, inserted}: each position is in the
// text after those before it.
export function splices(change) {
  const result = [];
  let at = 0;
  let open = null;
  for (const part of change) {
    if (keeps(part)) {
      at += part;
      open = null;
      continue;
    }
    if (!open) result.push(open = {position: at, erased: 0, inserted: ''});
    if (typeof part === 'string') {
      open.inserted += part;
      at += part.length;
    } else {
      open.erased -= part;
    }
  }
  return result;
}

// Returns the change that a list of places makes, one after another.
export function fromSplices(list) {
  return list.reduce((change, each) =>
    compose(change, splice(each.position, each.erased, each.inserted)), []);
}

// Returns the ranges of a text that a change has inserted, as [from, to].
export function insertedRanges(change) {
  return splices(change).filter((each) => each.inserted)
    .map((each) => [each.position, each.position + each.inserted.length]);
}
