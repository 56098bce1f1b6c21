// The functions that decide conflicts: resolvers, native functions, plugins. How often they failed, and
// their last errors in words.
import {make, showList, write} from './elements.js';
import {metric} from './metric_names.js';
import {printable} from './printable.js';
import {count, size} from './units.js';

const kEnds = ['out_of_fuel', 'out_of_stack', 'traps', 'bad_answers', 'large_answers', 'declined'];

// "2 out of fuel, 1 traps": how runs of plugins ended without a value.
function endsOf(plugins) {
  return kEnds.filter((each) => plugins[each] > 0)
    .map((each) => `${count(plugins[each])} ${each.replaceAll('_', ' ')}`).join(', ');
}

// Returns the lines {name, value, title} of a status: the failures, and others that are not 0.
function linesOf(status) {
  const line = (name, path, value, words = count) => ({name, title: metric(path), value: words(value ?? 0),
    shown: value > 0});
  const plugins = status.plugins ?? {};
  const ends = endsOf(plugins);
  return [
    {...line('Failures', 'resolver_failures', status.resolver_failures), shown: true},
    line('Over 10 ms', 'resolver_slow', status.resolver_slow),
    line('Two answers to one question', 'resolver_unstable', status.resolver_unstable),
    line('For a function that is not here', 'absent_functions', status.absent_functions),
    line('Decided by a kept answer', 'answers_found', status.answers_found),
    line('Answers kept', 'answers_kept_bytes', status.answers_kept_bytes, size),
    line('Policies in force', 'policies', status.policies),
    line('Modules of plugins', 'plugins.modules', plugins.modules),
    line('Runs of plugins with a value', 'plugins.values', plugins.values),
    {name: 'Runs without', title: '', value: ends, shown: ends !== ''},
  ].filter((each) => each.shown);
}

export class Resolvers {
  constructor(list, alarms) {
    this.list = list;
    this.alarms = alarms;
  }

  show(status) {
    showList(this.list, linesOf(status), (line) => line.name,
      (line) => make('div', {title: line.title}, make('dt', {textContent: line.name}), make('dd')),
      (element, line) => write(element.lastElementChild, line.value));
    const alarms = (status.resolver_alarms ?? []).map((each) => printable(each));
    showList(this.alarms, alarms, (each) => each, () => make('li', {}, make('bdi')),
      (element, each) => write(element.firstElementChild, each));
    this.alarms.hidden = alarms.length === 0;
  }
}
