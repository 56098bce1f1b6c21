// Series of figures by name, each of the last ten minutes: {t, value}, t in milliseconds of the page's
// clock. A counter's rate is taken between its figures.

const kKeptMs = 600000;
const kLeastMs = 500;  // A rate over less says little.

export class History {
  constructor() {
    this.series = new Map();
  }

  add(name, t, value) {
    if (!Number.isFinite(value)) return;
    const kept = this.series.get(name) ?? [];
    this.series.set(name, kept);
    kept.push({t, value});
    while (kept[0].t < t - kKeptMs) kept.shift();
  }

  // Puts figures in the place of those that are there.
  replace(name, figures) {
    this.series.set(name, figures.filter((each) => Number.isFinite(each.value)));
  }

  of(name) {
    return this.series.get(name) ?? [];
  }

  // Returns how much a counter grew in a second, over the last `ms`; undefined while unknown. One that
  // has become smaller began anew.
  rate(name, ms = 5000) {
    const kept = this.of(name);
    const last = kept.at(-1);
    if (!last) return undefined;
    const from = kept.find((each) => each.t >= last.t - ms);
    const grown = last.value - from.value;
    return last.t - from.t < kLeastMs ? undefined : Math.max(0, grown) / (last.t - from.t) * 1000;
  }

  // Returns by how much a figure became smaller in a second, over the last `ms`; undefined while unknown.
  shrinks(name, ms = 10000) {
    const kept = this.of(name);
    const last = kept.at(-1);
    const from = kept.find((each) => each.t >= last.t - ms);
    return !last || last.t === from.t ? undefined : (from.value - last.value) / (last.t - from.t) * 1000;
  }

  // Drops everything: another leader answers, whose counters are others.
  clear() {
    this.series.clear();
  }
}
