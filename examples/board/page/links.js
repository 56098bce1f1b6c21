// A link between two regions: a line with dots that travel when writes travel, how long they take and how many
// wait, and switches.
import {button, make} from './keyed_list.js';
import {milliseconds} from './status_line.js';

const kMessageBytes = 180;    // Less than that are heartbeats and acknowledgements.
const kTravelMs = {open: 400, slow: 1100};
const kBehindMs = 700;        // Edits on their way so long are told.
const kWaitedMs = 2000;       // An edit that took so long waited for a link that was cut: no latency.
const kWords = {open: 'open', cut: 'cut', slow: 'slow', down: 'no answer'};

export class LinkView {
  // `change(between, 'cut', 'slow' or 'heal')` changes the link.
  constructor(first, second, change) {
    Object.assign(this, {first, second, state: 'open', told: new Map(), sides: new Map()});
    this.between = [first.region, second.region];
    this.change = (what) => change(this.between, what);
    const name = this.between.join(' – ');
    this.line = make('div', {className: 'line', title: 'Cut or heal', onclick: () =>
      this.change(this.state === 'open' ? 'cut' : 'heal')}, make('span'), make('span'));
    this.word = make('span', {className: 'state'});
    this.figures = this.between.map((region, index) => {
      const to = this.between[1 - index];
      return make('span', {className: 'figure', title: `From ${region} to ${to}`});
    });
    this.buttons = Object.fromEntries([['cut', 'Cut'], ['slow', 'Slow'], ['heal', 'Heal']].map(
      ([what, text]) => [what, button(text, `${text} the link ${name}`, () => this.change(what))]));
    this.element = make('div', {className: 'link', role: 'group', ariaLabel: `Link ${name}`},
      make('span', {className: 'name', textContent: name}), this.line, this.word, ...this.figures,
      make('div', {className: 'switches'}, ...Object.values(this.buttons)));
    this.#show();
  }

  // Takes the figures of a region about its peers.
  onMesh(region, {peers, digest}) {
    const index = this.between.indexOf(region);
    const peer = peers.find((each) => each.region === this.between[1 - index]);
    if (index < 0 || !peer) return;
    this.sides.set(index, peer);
    this.state = peer.link ?? 'open';
    const before = this.told.get(index) ?? {digest, bytes: peer.bytes_out, unseen: 0};
    this.told.set(index, {digest, bytes: peer.bytes_out, unseen: peer.unseen});
    const hasWritten = digest !== before.digest || before.unseen > 0;
    if (hasWritten && peer.bytes_out - before.bytes > kMessageBytes) this.#travel(index);
    this.#show();
  }

  onDown(region) {
    const index = this.between.indexOf(region);
    if (index >= 0) this.sides.set(index, null);
    this.#show();
  }

  // Lets a dot travel from one side to the other.
  #travel(from) {
    if (this.state === 'cut' || matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    const dot = make('i');
    dot.dataset.region = from === 0 ? this.first.index : this.second.index;
    this.line.append(dot);
    const ends = ['0%', '100%'];
    dot.animate({left: from === 0 ? ends : ends.reverse()}, kTravelMs[this.state])
      .finished.then(() => dot.remove());
  }

  #show() {
    const isDown = this.sides.get(0) === null || this.sides.get(1) === null;
    this.element.dataset.state = isDown && this.state !== 'cut' ? 'down' : this.state;
    this.word.textContent = kWords[this.element.dataset.state];
    this.buttons.cut.hidden = this.state === 'cut';
    this.buttons.slow.hidden = this.state === 'slow';
    this.buttons.heal.hidden = this.state === 'open';
    this.figures.forEach((figure, from) => {
      figure.textContent = this.#figure(from);
    });
  }

  // How far the other side is behind this one, or how long the last edit took.
  #figure(from) {
    const arrow = from === 0 ? '→' : '←';
    const here = this.sides.get(from);
    const there = this.sides.get(1 - from);
    if (here === null) return `${this.between[from]} is down`;
    if (here?.unseen > 0 && (here.since_ms > kBehindMs || this.state === 'cut')) {
      return `${arrow} ${here.unseen} waiting`;
    }
    if (there?.took_ms == null || this.state === 'cut') return '';
    return `${arrow} ${there.took_ms < kWaitedMs ? '' : 'waited '}${milliseconds(there.took_ms)}`;
  }
}
