// The difference of two texts, as a change (change.js).

// Texts that differ by more characters than this are not looked at closely: all between their first and
// last difference counts as replaced.
const kEditsMax = 400;

const isHigh = (unit) => unit >= 0xd800 && unit < 0xdc00;
const isLow = (unit) => unit >= 0xdc00 && unit < 0xe000;

// Returns how many units two texts have in common at the end and, before those, at the beginning.
// `limits` are the most that may be found at each end. No character of two units is cut.
export function commonEnds(before, after, limits = {head: Infinity, tail: Infinity}) {
  const most = Math.min(before.length, after.length);
  let tail = 0;
  while (tail < Math.min(most, limits.tail) && before.charCodeAt(before.length - 1 - tail) ===
         after.charCodeAt(after.length - 1 - tail)) tail += 1;
  if (tail > 0 && isLow(before.charCodeAt(before.length - tail))) tail -= 1;
  let head = 0;
  while (head < Math.min(most - tail, limits.head) &&
         before.charCodeAt(head) === after.charCodeAt(head)) head += 1;
  if (head > 0 && isHigh(before.charCodeAt(head - 1))) head -= 1;
  return {head, tail};
}

// Returns the steps of a shortest way from list `a` to list `b`, in order: 0 keeps an element, -1 erases
// one, 1 inserts one; null when that takes more than kEditsMax steps. E. Myers, "An O(ND)
// Difference Algorithm and Its Variations", 1986.
function shortestWay(a, b) {
  let furthest = new Map([[1, 0]]);  // By diagonal: how far of `a` a way comes.
  const rounds = [];
  for (let edits = 0; edits <= kEditsMax; edits += 1) {
    const next = new Map();
    for (let k = -edits; k <= edits; k += 2) {
      const left = furthest.get(k - 1) ?? -1;
      const right = furthest.get(k + 1) ?? -1;
      let x = left < right ? right : left + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      next.set(k, x);
      if (x >= a.length && x - k >= b.length) return wayBack(rounds, furthest, k, a.length);
    }
    rounds.push(furthest);
    furthest = next;
  }
  return null;
}

// Follows the furthest ways of each round from the end back to the beginning.
function wayBack(rounds, last, diagonal, length) {
  const steps = [];
  const all = [...rounds, last];
  let k = diagonal;
  let x = length;
  for (let round = all.length - 1; round >= 0; round -= 1) {
    const left = all[round].get(k - 1) ?? -1;
    const right = all[round].get(k + 1) ?? -1;
    const inserts = left < right;
    const from = inserts ? right : left + 1;
    for (; x > from; x -= 1) steps.push(0);
    if (round === 0) break;
    steps.push(inserts ? 1 : -1);
    if (!inserts) x -= 1;
    k += inserts ? 1 : -1;
  }
  return steps.reverse();
}

// Returns the change from one text to another by few erased and inserted characters.
export function difference(before, after) {
  if (before === after) return [];
  const {head, tail} = commonEnds(before, after);
  const a = Array.from(before.slice(head, before.length - tail));
  const b = Array.from(after.slice(head, after.length - tail));
  const change = head > 0 ? [head] : [];
  const steps = a.length > 0 && b.length > 0 ? shortestWay(a, b) : null;
  if (!steps) {
    if (b.length > 0) change.push(b.join(''));
    if (a.length > 0) change.push(-a.join('').length);
    return change;
  }
  let [x, y] = [0, 0];
  for (let at = 0; at < steps.length;) {
    let [kept, erased, inserted] = [0, 0, ''];
    for (; steps[at] === 0; at += 1, x += 1, y += 1) kept += a[x].length;
    for (; at < steps.length && steps[at] !== 0; at += 1) {
      if (steps[at] < 0) erased += a[x++].length;
      else inserted += b[y++];
    }
    if (kept > 0) change.push(kept);
    if (inserted) change.push(inserted);
    if (erased > 0) change.push(-erased);
  }
  if (typeof change[change.length - 1] === 'number' && change[change.length - 1] > 0) change.pop();
  return change;
}
