// Everything that is wrong with a leader, in its own words, and what is worth knowing: {key, wrong, words, cost,
// todo, see}. `wrong` is false for notes, that need no act. `see` names a section of a page of docs.
import {numbered} from './elements.js';
import {inSentence as named, printable} from './printable.js';
import {count, counted, size, span} from './units.js';

// The page about alarms has a section for each kind of warning.
const sectionOf = (kind) => `docs/operations/alarms.md#${kind}`;

// What that costs, besides what its words say.
const kCosts = {
  closed: () => 'Reads go on; no acknowledged write is lost.',
  full: () => 'Writes of other leaders wait at them. Reads and removes go on.',
  transaction: () => 'While it runs, the other figures of this page are those of before it.',
  away: costOfAbsence, paused: costOfAbsence,
  diverged: () => 'One of the two shows wrong values.',
  functions: () => 'It may show other values for a conflict.',
  fork: (status, region) => {
    const waiting = status.forks.filter((each) => each.region === region).flatMap((each) => each.waiting);
    return waiting.length === 0 ? '' : `Writes of ${waiting.map((each) => named(each)).join(', ')} wait.`;
  },
};

// The log that is kept for a region meanwhile.
function costOfAbsence(status, region) {
  const kept = status.regions.find((each) => each.region === region);
  if (!kept?.pinned_bytes) return '';
  return `Writes for it are kept: ${size(kept.pinned_bytes)}, the oldest for ${span(kept.pinned_ms)}.`;
}

function sentence(text) {
  const words = printable(text);
  return words && words[0].toUpperCase() + words.slice(1) + (/[.!?]$/.test(words) ? '' : '.');
}

function* notesOf(status) {
  const {rejoin} = status;
  if (rejoin.stage && !rejoin.failed) {
    yield {key: 'rejoining', wrong: false, cost: '', todo: '', see: 'docs/operations/restore.md#forks',
      words: `It gives way to the others, ${printable(rejoin.stage)}: ${counted(rejoin.taken, 'operation')} ` +
        `taken over, ${count(rejoin.left)} batches left.`};
  }
  if (status.peers.length === 0) {
    yield {key: 'alone', wrong: false, words: 'This leader has no peers: its writes are on one disk.', cost: '',
      todo: 'Add a region.', see: 'docs/operations/region-new.md#adding-a-region'};
  }
}

// Returns the warnings of a status, then notes.
export function warningsOf(status) {
  const whole = {peers: [], regions: [], forks: [], rejoin: {}, warnings: [], ...status};
  // Of one kind about one peer there may be several.
  const wrong = numbered(whole.warnings, ({kind, peer}) => `${kind} ${peer}`).map(
    ({key, item: {kind, peer, text, what_to_do: todo}}) => ({key, wrong: true, words: sentence(text),
      cost: kCosts[kind]?.(whole, peer) ?? '', todo: sentence(todo), see: sectionOf(kind)}));
  return [...wrong, ...notesOf(whole)];
}
