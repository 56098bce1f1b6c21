// The table of what each link has carried: a row for each peer that this leader has met.
import {numbered} from './elements.js';
import {nameOf} from './links.js';
import {metric} from './metric_names.js';
import {printable, shortened} from './printable.js';
import {Table} from './table.js';
import {count, size, span} from './units.js';

// Of a status of an older leader, undefined: the column is left out.
const when = (known, text) => known === undefined ? undefined : text(known);

function named(peer) {
  const name = nameOf(peer);
  const text = shortened(name, 24);
  return {text, title: printable(name) === text ? '' : shortened(name, 400)};
}

// "12, for 420 ms": what the peer has not told to be on its disk.
function notDurable({not_durable_ops: ops, not_durable_ms: ms}) {
  return when(ops, () => ms > 0 ? `${count(ops)}, for ${span(ms)}` : count(ops));
}

const kColumns = [
  {name: 'Peer', heads: true, wide: true, of: named},
  {name: 'Round trip', number: true, of: ({round_trip_ms: ms}) => when(ms, () => ms < 0 ? '' : span(ms)),
    title: `Of the last heartbeat, with the time that both leaders took: ${metric('peers.round_trip_ms')}`},
  {name: 'Sent', number: true, of: ({sent_ops: ops}) => when(ops, count),
    title: `Operations, to the peer: ${metric('peers.sent_ops')}`},
  {name: 'Received', number: true, of: ({received_ops: ops}) => when(ops, count),
    title: `Operations, from the peer: ${metric('peers.received_ops')}`},
  {name: 'Queued', number: true, of: ({queued_bytes: bytes}) => when(bytes, size),
    title: `Sent, and not confirmed as received: ${metric('peers.queued_bytes')}`},
  {name: 'Not durable there', number: true, of: notDurable,
    title: `Operations applied here that the peer has not told to be on its disk, and the age of the oldest write: ` +
    `${metric('peers.not_durable_ops')}, ${metric('peers.not_durable_ms')}`},
];

export class TrafficTable {
  constructor(parent) {
    this.table = new Table(parent, 'What the links have carried', kColumns, {keyOf: (row) => row.key});
  }

  show({peers = []}) {
    const met = numbered(peers.filter((peer) => peer.origin), (peer) => `${peer.region}\n${peer.address}\n${peer.follower}`);
    this.table.show(met.map(({item, key}) => ({...item, key})), '');
  }
}
