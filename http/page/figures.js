// The counters of a status that the page keeps histories of, by name.

const sum = (list, of) => list.reduce((total, each) => total + of(each), 0);

// Ops applied of all origins: a peer that lacks n of them has confirmed the rest.
export const appliedOps = (status) => sum(status.applied ?? [], (each) => each.seq);

// Ops applied of the origins of a region.
export const appliedOf = (status, region) =>
  sum((status.applied ?? []).filter((each) => each.region === region), (each) => each.seq);

// Returns {name: figure} of those that grow; names of absent figures are absent.
function countersOf(status) {
  const own = sum((status.applied ?? []).filter((each) => each.origin === status.origin),
    (each) => each.seq);
  const counters = {
    writes: own,
    applied: appliedOps(status) - own,
    reads: status.lookups && status.lookups.found + status.lookups.missed,
    commands: status.commands,
    commits: status.statistics?.commits,
  };
  return Object.entries(counters).filter(([, value]) => value !== undefined);
}

// Adds the figures of a status to the histories: of counters the rate since the last status, as
// "writes", and the greatest lag of a peer.
export function noteFigures(history, status, now) {
  for (const [name, value] of countersOf(status)) {
    history.add(`count of ${name}`, now, value);
    history.add(name, now, history.rate(`count of ${name}`, 1500));
  }
  history.add('behind_ms', now, Math.max(0, ...(status.peers ?? []).map((each) => each.behind_ms)));
}

// Takes over the histories of the leader, whose clock may be another one. `answer` has an array for
// each name, and time_ms of all of them.
export function takeHistory(history, answer, now) {
  const times = answer.time_ms ?? [];
  const ahead = times.length > 0 ? times.at(-1) - now : 0;
  for (const name of ['writes', 'applied', 'reads', 'commits', 'behind_ms']) {
    const values = answer[name] ?? [];
    if (values.length !== times.length || values.length === 0) continue;
    history.replace(name, values.map((value, index) => ({t: times[index] - ahead, value}))
      .filter((each) => each.value !== null));
  }
}
