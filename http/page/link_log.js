// What this page has seen of the links so far, since a status tells only of now: when a state began,
// when both sides were equal, and how much was lacking when catching up began.

const kRoundedMs = 5000;

export class LinkLog {
  constructor() {
    this.seen = new Map();
  }

  // Notes a state of a link at a time, and returns {since, equalAt, mostLacking}. `since` is undefined
  // for a state that the page has met already: nobody knows its beginning.
  note(key, now, {state, lacking, equal}) {
    const old = this.seen.get(key);
    const same = old?.state === state;
    const seen = {
      state,
      since: same ? old.since : old && now,
      equalAt: equal ? now : old?.equalAt,
      mostLacking: same ? Math.max(old.mostLacking, lacking) : lacking,
    };
    this.seen.set(key, seen);
    return seen;
  }

  // Sets the beginning of a link's state as its leader tells it: for how long. That is rounded anew each
  // time; the first one stays unless it is far off. Returns it.
  begin(key, since) {
    const seen = this.seen.get(key);
    if (!(Math.abs(seen.since - since) < kRoundedMs)) seen.since = since;
    return seen.since;
  }

  clear() {
    this.seen.clear();
  }
}
