// Conflicts: how many by policy, and the latest values that lost, each to be put back.
import {make, mark, write} from './elements.js';
import {metric} from './metric_names.js';
import {printable, shortened} from './printable.js';
import {get} from './requests.js';
import {Table} from './table.js';
import {clock, count, counted, size} from './units.js';

const kListed = 20;
const kAgainMs = 2000;

const some = (number) => number > 0 ? count(number) : undefined;

const kRules = [
  {name: 'Policy', heads: true, wide: true, of: (rule) => shortened(rule.policy, 40)},
  {name: 'Below', wide: true, of: (rule) => rule.prefix === '' ? undefined : shortened(rule.prefix, 40)},
  {name: 'Met', number: true, of: (rule) => some(rule.met), 
    title: `Values came to stand beside each other: ${metric('conflicts.rules.met')}`},
  {name: 'Replaced', number: true, of: (rule) => some(rule.replaced),
    title: `Several values were replaced unread: ${metric('conflicts.rules.replaced')}`},
  {name: 'Hidden', number: true, of: (rule) => some(rule.hidden), 
    title: `Rows of a type that is not shown: ${metric('conflicts.rules.hidden')}`},
  {name: 'Doomed', number: true, of: (rule) => some(rule.doomed),
    title: `Values under a deadline set without knowing them: ${metric('conflicts.rules.doomed')}`},
];

const kSettles = 'To settle it is a write as any other: the values that stand beside it go.';

const text = (value, most) => {
  const short = shortened(value, most);
  return {text: short, title: printable(value) === short ? '' : shortened(value, 1000)};
};

function keyOf(loser) {
  const database = loser.database > 0 ? `${loser.database}: ` : '';
  const below = (loser.path ?? []).slice(1).map((each) => printable(each)).join(' ');
  return text(`${database}${printable(loser.key)}${below ? ` › ${below}` : ''}`, 40);
}

function shownOf(loser) {
  if (loser.is_shown) return {text: 'this one, now', title: kSettles};
  return loser.winner === null ? undefined : text(loser.winner, 40);
}

function losersColumns(view) {
  return [
    {name: 'Key', heads: true, wide: true, of: keyOf},
    {name: 'Lost', wide: true, of: (loser) => text(loser.value, 60)},
    {name: 'Written in', breaks: true, of: (loser) => loser.region === '' ? 'unknown' : text(loser.region, 20)},
    {name: 'Shown', wide: true, of: shownOf},
    {name: 'Why', breaks: true, of: (loser) => text(`${printable(loser.kind)}, ${printable(loser.policy)}`, 30)},
    {name: 'When', of: (loser) => clock(loser.logged_ms, Date.now())},
    {name: 'Act', unseen: true, fill: (cell, loser) => view.fillAct(cell, loser)},
  ];
}

function sumOf({entries, bytes, bytes_max: most, dropped_full: dropped, rules}) {
  const full = dropped > 0 ? ` ${counted(dropped, 'older one')} had to go for want of room.` : '';
  if (entries > 0) {
    return `${counted(entries, 'entry', 'entries')} in the conflict log, ${size(bytes)} of ${size(most)}.${full}`;
  }
  return rules.length === 0 ? 'None since the start.' : `The conflict log is empty.${full}`;
}

export class Conflicts {
  // `at`: the elements {sum, rules, list, trouble, losers}; `acts` puts back.
  constructor(at, acts) {
    this.at = at;
    this.acts = acts;
    this.rules = new Table(at.rules, 'Conflicts by policy', kRules, {keyOf: (rule) =>
      `${printable(rule.policy)}\n${printable(rule.prefix)}`});
    this.losers = new Table(at.losers, 'Latest values that lost', losersColumns(this),
      {keyOf: (loser) => String(loser.id)});
    this.known = undefined;  // The figures that the list below was asked for with.
    this.askedAt = -Infinity;
  }

  fillAct(cell, loser) {
    if (!cell.firstElementChild) cell.append(make('button', {type: 'button'}));
    const button = cell.firstElementChild;
    const [act, done] = loser.is_shown ? ['Settle', 'Settled'] : ['Put back', 'Put back'];
    const value = shortened(loser.value, 40);
    write(button, act);
    mark(button, 'title', loser.is_shown ? kSettles : '');
    mark(button, 'aria-label', `${act} ${value} at ${shortened(loser.key, 40)}`);
    button.onclick = async () => {
      if (await this.acts.putBack(loser.id, `${done}: ${value}`)) this.known = undefined;
    };
  }

  show(status) {
    const {conflicts} = status;
    if (!conflicts) return;
    write(this.at.sum, sumOf(conflicts));
    this.rules.show(conflicts.rules, '');
    const none = conflicts.entries === 0;
    this.at.list.hidden = none;
    if (none) return;
    const figures = JSON.stringify(conflicts);
    if (figures === this.known || performance.now() - this.askedAt < kAgainMs) return;
    this.known = figures;
    this.askedAt = performance.now();
    this.#ask();
  }

  async #ask() {
    try {
      const {losers} = await get(`losers?limit=${kListed}`);
      this.losers.show(losers, 'None.');
      this.at.trouble.hidden = true;
    } catch (error) {
      this.known = undefined;
      write(this.at.trouble, `The list cannot be read: ${error.message}.`);
      this.at.trouble.hidden = false;
    }
  }
}
