// The figures of this leader, each with its unit, its name in the status, and a small history where it
// is a rate. What the status lacks is left out.
import {make, mark, showList, write} from './elements.js';
import {metric} from './metric_names.js';
import {Sparkline} from './sparkline.js';
import {count, counted, millis, rate, size, span} from './units.js';

// A rate: {name, title, text, figures}. Its text is the mean of five seconds.
function rateOf(name, title, series, history) {
  if (history.of(`count of ${series}`).length === 0) return {};
  const perSecond = history.rate(`count of ${series}`);
  return {name, title, text: perSecond === undefined ? '…' : `${rate(perSecond)} /s`,
    figures: history.of(series)};
}

function furthest(status, history) {
  if ((status.peers ?? []).length === 0) return {};
  const most = Math.max(...status.peers.map((each) => each.behind_ms));
  return {name: 'Furthest behind', title: metric('peers.behind_ms'), text: span(most), figures: history.of('behind_ms')};
}

function commitTimes({statistics}) {
  if (!statistics?.commits) return {};
  return {name: 'Commit, with its sync', title: metric('statistics.commit_us_p50'),
    text: `${millis(statistics.commit_us_p50)} p50`,
    more: `${millis(statistics.commit_us_p99)} p99, ${millis(statistics.commit_us_max)} at most`};
}

function logOf(status) {
  if (status.log_bytes === undefined) return {};
  const oldest = status.log_bytes > 0 ? `the oldest for ${span(status.log_age_ms)}` : '';
  return {name: 'Log kept', title: metric('log_bytes'), text: size(status.log_bytes), more: oldest};
}

function memory({memory_bytes: bytes}) {
  return bytes > 0 ? {name: 'Memory', text: size(bytes), more: 'resident',
    title: `Of the process, with the pages of the data that it has read: ${metric('memory_bytes')}`} : {};
}

function disk({disk_bytes: bytes, disk_free_bytes: free, disk_reserve_bytes: reserve}) {
  if (!(bytes > 0)) return {};
  return {name: 'Disk', title: metric('disk_bytes'), text: size(bytes),
    more: `${size(free)} free${reserve > 0 ? `, reserve ${size(reserve)}` : ''}`};
}

const plain = (name, title, value, more) => value === undefined ? {} :
  {name, title, text: count(value), more};

// Only when there is something to tell.
const unless0 = (name, title, value, more) => value ? plain(name, title, value, more) : {};

const clientsOf = ({clients}) => plain('Clients', metric('clients.connected'), clients?.connected);

// Returns the figures of a status that there are.
export function figuresOf(status, history) {
  const failed = status.statistics?.commits_failed;
  return [
    rateOf('Writes here', metric('applied.seq'), 'writes', history),
    rateOf('Writes of others', metric('applied.seq'), 'applied', history),
    rateOf('Reads', `${metric('lookups.found')}, ${metric('lookups.missed')}`, 'reads', history),
    rateOf('Commands', metric('commands'), 'commands', history),
    rateOf('Commits', metric('statistics.commits'), 'commits', history),
    furthest(status, history),
    commitTimes(status),
    unless0('Failed commits', metric('statistics.commits_failed'), failed),
    logOf(status),
    memory(status),
    disk(status),
    plain('Rows', metric('rows'), status.rows, status.expiries > 0 ?
      `${counted(status.expiries, 'deadline')}` : ''),
    clientsOf(status),
    unless0('Expired, to be cleared', metric('expired_waiting'), status.expired_waiting),
    unless0('Batches that wait', metric('held_batches'), status.held_batches, 'for others that they depend on'),
    unless0('Requests remembered', metric('requests'), status.requests),
    unless0('Watches', metric('watches.watches'), status.watches?.watches,
      status.watches?.behind ? `${count(status.watches.behind)} behind` : ''),
    unless0('Transactions over 10 s', metric('long_transactions'), status.long_transactions, 'since the start'),
  ].filter((each) => each.name);
}

export class RegionFigures {
  constructor(list) {
    this.list = list;
    this.lines = new WeakMap();
  }

  show(status, history, now) {
    showList(this.list, figuresOf(status, history), (each) => each.name, (each) => this.#create(each),
      (element, each) => this.#update(element, each, now));
  }

  #create(figure) {
    const element = make('div', {}, make('dt'), make('dd', {}, make('span', {className: 'value'}),
      make('span', {className: 'more'})));
    if (figure.figures) {
      const line = new Sparkline();
      this.lines.set(element, line);
      element.append(make('dd', {className: 'history'}, line.element));
    }
    return element;
  }

  #update(element, {name, title, text, more = '', figures}, now) {
    mark(element, 'title', title);
    write(element.querySelector('dt'), name);
    write(element.querySelector('.value'), text);
    write(element.querySelector('.more'), more);
    this.lines.get(element)?.show(figures, now);
  }
}
