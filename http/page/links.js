// The directed links of a leader, from its status: each peer has one out, that carries what is applied
// here to it, and one in. A link: {key, from, to, out, peer, state, lacking, lackingMs, ...}; see linkOf.
import {appliedOf, appliedOps} from './figures.js';
import {numbered} from './elements.js';
import {printable} from './printable.js';

export const kStates = {
  open: 'connected',
  catching: 'catching up',
  paused: 'paused',
  away: 'not connected',
};

// A peer's name for people: its region, else its address without "tcp://".
export const nameOf = (peer) => (peer.region || peer.address.replace(/^tcp:\/\//, '')) + (peer.follower ? ' (follower)' : '');

function stateOf(peer, lacking, snapshot) {
  if (peer.paused) return 'paused';
  if (!peer.connected) return 'away';
  return snapshot || (peer.catching_up && lacking > 0) ? 'catching' : 'open';
}

// How far catching up is: {percent, leftMs}, each undefined while unknown.
function progressOf(snapshot, lacking, most, key, history) {
  if (snapshot) {
    const left = snapshot.seconds_left;
    return {percent: snapshot.rows_total > 0 ? 100 * snapshot.rows / snapshot.rows_total : undefined,
      leftMs: left >= 0 ? left * 1000 : undefined};
  }
  const shrinks = history.shrinks(`lacking ${key}`);
  return {percent: most > 0 ? 100 * (most - lacking) / most : undefined,
    leftMs: shrinks > 0 ? lacking / shrinks * 1000 : undefined};
}

// One direction of the link with a peer.
function linkOf(out, peer, key, {status, now, log, history}) {
  const met = Boolean(peer.origin);  // Else all its figures are unknown.
  const lacking = out ? peer.lag_ops : peer.behind_ops;
  const snapshot = (status.snapshots ?? []).find((each) => each.region === peer.region &&
    (each.stage === 'sending') === out);
  const state = stateOf(peer, lacking, snapshot);
  const equal = state === 'open' && !peer.diverged && peer.lag_ops === 0 && peer.behind_ops === 0;
  const seen = log.note(key, now, {state, lacking, equal});
  const applied = out ? appliedOps(status) - lacking : appliedOf(status, peer.region);
  history.add(`lacking ${key}`, now, lacking);
  history.add(`applied ${key}`, now, applied);
  const kept = (status.regions ?? []).find((each) => each.region === peer.region);
  return {
    key, out, peer, state, met, lacking, equal, snapshot, applied,
    from: out ? status.region : nameOf(peer),
    to: out ? nameOf(peer) : status.region,
    lackingMs: out ? peer.behind_ms : undefined,
    since: state === 'away' && peer.away_ms > 0 ? log.begin(key, now - peer.away_ms) : seen.since,
    equalAt: seen.equalAt,
    rate: history.rate(`applied ${key}`),
    keptBytes: out && !peer.follower ? kept?.pinned_bytes : undefined,
    keptMs: out && !peer.follower ? kept?.pinned_ms : undefined,
    ...(state === 'catching' ? progressOf(snapshot, lacking, seen.mostLacking, key, history) : {}),
  };
}

// Returns the links of a status, out and in of each peer, in the order of the peers.
export function linksOf(context) {
  const peers = numbered(context.status.peers ?? [], (peer) =>
    `${peer.region}\n${peer.address}\n${peer.follower}`);
  return peers.flatMap(({item, key}) => [true, false].map((out) =>
    linkOf(out, item, `${out ? 'to' : 'from'}\n${key}`, context)));
}

// "catching up 40 %", "not connected": a state in words.
export function stateWords(link) {
  if (link.state === 'away' && !link.met) return 'never reached';
  const percent = link.percent === undefined ? '' : ` ${Math.floor(link.percent)} %`;
  return kStates[link.state] + percent;
}

// Why a peer is not connected, as it stands in the status; empty when it is.
export const reasonOf = (peer) => printable(peer.away_why ?? '');
