// The table of regions: this leader, its peers, and others that it has ever known.
import {printable, shortened} from './printable.js';
import {nameOf} from './links.js';
import {metric} from './metric_names.js';
import {Table} from './table.js';
import {size, span} from './units.js';

const named = (text, most = 24) => {
  const whole = printable(text);
  const short = shortened(text, most);
  return {text: short, title: whole === short ? '' : shortened(text, 400)};
};

const originOf = (row) => row.origin ? named(row.origin, 16) : undefined;

// "+3 ms": how far a clock is ahead.
function clockText(ms) {
  if (ms === undefined) return undefined;
  if (ms === 0) return '';
  return `${span(Math.abs(ms))} ${ms > 0 ? 'ahead' : 'behind'}`;
}

function keptText({pinned_bytes: bytes, pinned_ms: ms}) {
  return bytes > 0 ? `${size(bytes)}, ${span(ms)}` : undefined;
}

const kColumns = [
  {name: 'Region', heads: true, wide: true, of: (row) => named(row.name)},
  {name: 'Is', wide: true, of: (row) => row.words},
  {name: 'Origin', of: originOf, title: 'The incarnation of its leader'},
  {name: 'Clock', number: true, of: (row) => clockText(row.clock),
    title: `Of that region, against the one here: ${metric('peers.clock_ahead_ms')}`},
  {name: 'Log kept for it', number: true, of: keptText, title: metric('regions.pinned_bytes')},
  {name: 'Address', wide: true, of: (row) => row.address ? named(row.address, 40) : undefined},
];

function wordsOf(status, region) {
  if (region.retirement) return printable(region.retirement) + (region.connected ? ', connected' : '');
  if (region.region === status.region) return status.follower ? 'this follower' : 'this leader';
  return region.connected ? 'connected' : 'through others';
}

function wordsOfPeer(peer) {
  if (peer.paused) return 'paused';
  if (peer.connected) return 'connected';
  return peer.origin ? 'not connected' : 'never reached';
}

// Returns a row for this leader, each peer, and each region that is neither.
export function regionRows(status) {
  const regions = new Map((status.regions ?? []).map((each) => [each.region, each]));
  const own = {name: status.region, words: wordsOf(status, {region: status.region}), origin: status.origin,
    address: status.endpoint};
  const peers = (status.peers ?? []).map((peer) => {
    const retirement = printable(regions.get(peer.region)?.retirement ?? '');
    const words = [retirement, wordsOfPeer(peer)].filter(Boolean).join(', ');
    return {name: nameOf(peer), words, origin: peer.origin,
      address: peer.address, clock: peer.clock_ahead_ms};
  });
  return [own, ...peers, ...othersOf(status).map((each) =>
    ({...each, name: each.region, words: wordsOf(status, each)}))];
}

// The regions that are neither this one nor a peer.
export function othersOf(status) {
  const known = new Set([status.region, ...(status.peers ?? []).map((each) => each.region)]);
  return (status.regions ?? []).filter((each) => !known.has(each.region));
}

export class RegionsTable {
  constructor(parent) {
    this.table = new Table(parent, 'Regions', kColumns,
      {keyOf: (row) => `${row.name}\n${row.address ?? ''}\n${row.origin ?? ''}`});
  }

  show(status) {
    this.table.show(regionRows(status), '');
  }
}
