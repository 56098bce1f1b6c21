// Every figure of a status, under its name: the same as `anabranch status --json`, also those that this
// page has no place for. Filled only while it is open.
import {printable, shortened} from './printable.js';
import {Table} from './table.js';

const kRowsMost = 1000;

// Returns [{name, value}] of a status, "peers[0].lag_ops" and the like.
export function flattened(value, name = '') {
  if (value === null || typeof value !== 'object') return [{name, value}];
  const entries = Array.isArray(value) ? value.map((each, index) => [`${name}[${index}]`, each]) :
    Object.entries(value).map(([key, each]) => [name ? `${name}.${key}` : key, each]);
  return entries.length === 0 ? [{name, value: '–'}] : entries.flatMap(([key, each]) => flattened(each, key));
}

export class EveryFigure {
  constructor(details, parent) {
    this.details = details;
    this.table = new Table(parent, 'All figures', [
      {name: 'Name', heads: true, of: (row) => printable(row.name)},
      {name: 'Value', wide: true, of: (row) => shortened(row.value, 400)},
    ], {keyOf: (row) => row.name});
    details.addEventListener('toggle', () => this.last && this.show(this.last));
  }

  show(status) {
    this.last = status;
    if (this.details.open) this.table.show(flattened(status).slice(0, kRowsMost), '');
  }
}
