// The mesh as a drawing: regions on a circle, this one on top, and an arrow for each directed link. How
// an arrow is drawn tells its state, as the words below each name do.
import {inSentence as named, printable, shortened} from './printable.js';
import {kStates, nameOf, stateWords} from './links.js';
import {counted, span} from './units.js';

const kSpace = 'http://www.w3.org/2000/svg';
const kWidthMost = 560;
const kWide = 400;
const kNodeRadius = 9;
const kFew = 4;          // Regions whose names stand below them; those of more stand beside.
const kApart = 3.5;  // Of the arrows of two directions, from the middle.

function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(kSpace, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// What stands below the name of a peer: its worst direction.
function wordsOf(out, into) {
  if (!out.met) return 'never reached';
  if (out.state === 'away') return out.peer.away_ms > 0 ? `cut, ${span(out.peer.away_ms)}` : 'cut';
  if (out.state === 'paused') return 'paused';
  const catching = [out, into].find((each) => each.state === 'catching');
  if (catching) return stateWords(catching);
  if (out.peer.diverged) return 'holds other rows';
  if (out.equal) return 'equal';
  if (out.lacking > 0) return `${counted(out.lacking, 'op')} behind`;
  return `${counted(into.lacking, 'op')} to come`;
}

// Peers in the order of the links, as {name, out, into}.
function peersOf(links) {
  return links.filter((each) => each.out).map((out) =>
    ({name: nameOf(out.peer), out, into: links.find((each) => !each.out && each.peer === out.peer)}));
}

// Returns what is drawn: nodes {name, words, x, y, anchor, state, own} around a circle.
function layout(status, links, others, width) {
  const peers = peersOf(links);
  const nodes = [{name: status.region, words: 'this region', own: true}, ...peers.map((peer) =>
    ({name: peer.name, words: wordsOf(peer.out, peer.into), ...peer})),
  ...others.map((name) => ({name, words: 'through others', far: true}))];
  const few = nodes.length <= kFew;
  const radius = nodes.length === 1 ? 0 : Math.min(width / 2 - (few ? 56 : 112), few ? 88 : 136);
  const middle = {x: width / 2, y: radius + 48};
  nodes.forEach((node, index) => {
    const angle = 2 * Math.PI * index / nodes.length - Math.PI / 2;
    Object.assign(node, {x: middle.x + radius * Math.cos(angle), y: middle.y + radius * Math.sin(angle)});
    const sideways = Math.cos(angle);
    node.anchor = few || Math.abs(sideways) < 0.3 ? 'middle' : sideways > 0 ? 'start' : 'end';
    node.below = Math.sin(angle) > -0.3;
  });
  return {nodes, height: Math.max(...nodes.map((node) => node.y)) + 48};
}

// A name and its words, outside of the circle.
function label(node, most) {
  const centred = node.anchor === 'middle';
  const x = node.x + (centred ? 0 : node.anchor === 'start' ? 16 : -16);
  const y = node.y + (centred ? (node.below ? 28 : -32) : -3);
  const text = svg('text', {'x': x, 'y': y, 'text-anchor': node.anchor},
    svg('tspan', {'x': x, 'class': 'name'}, shortened(node.name, most)),
    svg('tspan', {'x': x, 'dy': 16, 'class': 'words'}, node.words));
  if (shortened(node.name, most) !== printable(node.name)) text.append(svg('title', {}, named(node.name, 200)));
  return text;
}

// The arrow of a link between two places, beside that of the other direction.
function arrow(from, to, state) {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const [ux, uy] = [(to.x - from.x) / length, (to.y - from.y) / length];
  const at = (along, across = 0) => [
    (from.x + ux * along - uy * (kApart + across)).toFixed(1),
    (from.y + uy * along + ux * (kApart + across)).toFixed(1)].join(' ');
  const [begin, end] = [kNodeRadius + 4, length - kNodeRadius - 4];
  const group = svg('g', {'class': 'arrow', 'data-state': state});
  const half = (begin + end) / 2;
  const lines = state === 'away' ? `M${at(begin)}L${at(half - 14)}M${at(half + 14)}L${at(end)}`
    : `M${at(begin)}L${at(end)}`;
  group.append(svg('path', {class: 'shaft', d: lines}),
    svg('path', {class: 'head', d: `M${at(end - 7, 4.5)}L${at(end)}L${at(end - 7, 0)}`}));
  return group;
}

// A sign in the middle of a link: a cross where it is cut, two bars where it is paused.
function sign(from, to, state) {
  const [x, y] = [(from.x + to.x) / 2, (from.y + to.y) / 2];
  const shapes = {away: 'M-5 -5L5 5M-5 5L5 -5', paused: 'M-3 -6V6M3 -6V6'};
  if (!shapes[state]) return [];
  return [svg('g', {'class': 'sign', 'data-state': state, 'transform': `translate(${x} ${y})`},
    svg('circle', {r: 10}), svg('path', {d: shapes[state]}))];
}

function nodeShape(node) {
  const state = node.own ? 'own' : node.far ? 'far' : node.out.state;
  return svg('circle', {'class': 'node', 'data-state': state, 'cx': node.x, 'cy': node.y, 'r': kNodeRadius});
}

export class Mesh {
  constructor(parent) {
    this.parent = parent;
    this.drawn = '';
    this.drawing = undefined;
    new ResizeObserver(() => {
      if (this.last) this.show(...this.last);
    }).observe(parent);
  }

  // Draws the links of a status, and regions that it reaches through others.
  show(status, links, others) {
    this.last = [status, links, others];
    const width = Math.min(kWidthMost, this.parent.clientWidth);
    if (width < 200) return;
    const {nodes, height} = layout(status, links, others, width);
    const drawn = JSON.stringify([width, nodes.map((node) => [node.name, node.words, node.out?.state,
      node.into?.state, node.out?.equal])]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const own = nodes[0];
    const peers = nodes.filter((node) => node.out);
    const words = nodes.slice(1).map((node) => `${named(node.name)}: ${node.words}`).join('; ');
    this.parent.replaceChildren(svg('svg', {'viewBox': `0 0 ${width} ${height}`, width, height, 'role': 'img',
      'aria-label': `The mesh as ${named(own.name)} sees it. ${words || 'No peers'}.`},
    ...peers.flatMap((node) => [arrow(own, node, node.out.state), arrow(node, own, node.into.state)]),
    ...peers.flatMap((node) => sign(own, node, node.out.state)),
    ...nodes.map(nodeShape), ...nodes.map((node) => label(node, width < kWide ? 9 : 14))));
  }
}

// Says how the arrows of a drawing are to be read: only the states that are in it.
export function legend(links) {
  const shapes = {open: 'a line', catching: 'a dotted line', paused: 'two bars', away: 'a cross'};
  const states = Object.keys(kStates).filter((state) => links.some((each) => each.state === state));
  return states.length === 1 && states[0] === 'open' ? '' :
    states.map((state) => `${shapes[state]}: ${kStates[state]}`).join(' · ');
}
