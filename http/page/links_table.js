// The table of directed links: two rows for each peer, what goes to it and what comes from it.
import {make, mark, write} from './elements.js';
import {reasonOf, stateWords} from './links.js';
import {metric} from './metric_names.js';
import {inSentence as named, printable, shortened} from './printable.js';
import {Table} from './table.js';
import {clock, count, counted, rate, size, span} from './units.js';

// Digests are compared each second.
const kNowMs = 3000;

// A text that has a title for each row.
const figure = (of, title) => (link) => ({text: of(link), title: title(link)});

// As of when both sides were known to have the same rows.
function equality({peer, equal}, now) {
  if (peer.diverged) return 'other rows';
  if (!(peer.equal_ago_ms >= 0)) return '';
  return equal && peer.equal_ago_ms < kNowMs ? 'now' : `at ${clock(now - peer.equal_ago_ms, now)}`;
}

function equalityTitle({peer}) {
  const name = metric('peers.equal_ago_ms');
  return peer.equal_ago_ms >= 0 ? `${name}: ${span(peer.equal_ago_ms)} ago` : name;
}

const since = (link, now) => link.since === undefined ? '' : `since ${clock(link.since, now)}`;

// From and to, with an arrow that no name turns round.
function fillNames(cell, link) {
  if (!cell.firstElementChild) cell.append(make('bdi'), ' → ', make('bdi'));
  const [from, to] = cell.children;
  for (const [element, name] of [[from, link.from], [to, link.to]]) {
    write(element, shortened(name, 18));
    mark(element, 'title', printable(name) === element.textContent ? '' : named(name, 400));
  }
}

const joined = (...parts) => parts.filter(Boolean).join(', ');

function snapshotWords({rows, rows_total: total, stage}) {
  return `${printable(stage)} a snapshot, ${count(rows)} of ${total > 0 ? count(total) : '?'} rows`;
}

// "41 tries, the next in 700 ms": of a peer that this leader dials.
function triesOf({tries, next_try_ms: next}) {
  if (!(tries > 0)) return '';
  return joined(counted(tries, 'try', 'tries'),
    next > 0 && `the next in ${span(next)}`, next === 0 && 'the next just now');
}

// Since when, and why or how far. Of a link that is cut both directions have one reason.
function details(link, now) {
  const {peer} = link;
  if (link.state === 'away') {
    return link.out ? joined(since(link, now), reasonOf(peer), triesOf(peer)) : '';
  }
  const left = link.leftMs === undefined ? '' : `about ${span(Math.max(1000, link.leftMs))} left`;
  const begun = link.out || link.state !== 'open' ? since(link, now) : '';
  return joined(begun, link.snapshot && snapshotWords(link.snapshot), left);
}

// The state in words, and below them why or how far.
function fillState(cell, link, now) {
  if (!cell.firstElementChild) {
    cell.append(make('span', {className: 'state'}), make('span', {className: 'details'}));
  }
  const [state, more] = cell.children;
  mark(state, 'data-state', link.state);
  write(state, stateWords(link));
  write(more, details(link, now));
  more.hidden = more.textContent === '';
}

export class LinksTable {
  // `acts` pauses and resumes.
  constructor(parent, acts) {
    this.acts = acts;
    this.now = 0;
    this.table = new Table(parent, 'Links, each in both directions', this.columns(),
      {keyOf: (link) => link.key, markOf: (link) => link.out ? 'out' : 'in'});
  }

  columns() {
    const lag = (link) => metric(link.out ? 'peers.lag_ops' : 'peers.behind_ops');
    return [
      {name: 'Link', heads: true, wide: true, fill: fillNames},
      {name: 'State', wide: true, fill: (cell, link) => fillState(cell, link, this.now)},
      {name: 'Behind', number: true, of: figure((link) => link.met ? count(link.lacking) : '', lag),
        title: 'Operations that the receiver lacks'},
      {name: 'For', number: true, of: (link) => link.lackingMs > 0 ? span(link.lackingMs) : '',
        title: `The age of the oldest write of the sender that the receiver has not confirmed: ${metric('peers.behind_ms')}`},
      {name: 'Applied', number: true, title: 'Operations, at the receiver', of: figure((link) =>
        link.met ? count(link.applied) : '', () => metric('applied.seq'))},
      {name: 'Rate', number: true, of: (link) => link.met && link.rate !== undefined ? `${rate(link.rate)} /s` : '',
        title: 'Operations that the receiver applies in a second'},
      {name: 'Log kept', number: true, of: (link) => link.keptBytes > 0 ? size(link.keptBytes) : '',
        title: `Of this leader’s log, for that region: ${metric('regions.pinned_bytes')}`},
      {name: 'Equal', of: figure((link) => link.out ? equality(link, this.now) : '', equalityTitle),
        title: 'When neither side lacked anything and the digests of all rows were equal'},
      {name: 'Act', unseen: true, fill: (cell, link) => this.fillAct(cell, link)},
    ];
  }

  fillAct(cell, link) {
    const name = link.peer.region || link.peer.address;
    if (!link.out || !name) {
      cell.replaceChildren();
      mark(cell, 'data-empty', 'yes');
      return;
    }
    if (!cell.firstElementChild) cell.append(make('button', {type: 'button'}));
    const button = cell.firstElementChild;
    const paused = link.state === 'paused';
    write(button, paused ? 'Resume' : 'Pause');
    mark(button, 'aria-label', `${paused ? 'Resume' : 'Pause'} the exchange with ${named(name)}`);
    button.onclick = () => this.acts[paused ? 'resume' : 'pause'](name, named(name));
  }

  show(links, now) {
    this.now = now;
    this.table.show(links, 'No peers.');
  }
}
