// A table whose rows keep their elements, and whose columns are there only while a row has a value
// for them. On narrow screens the style makes each row a card, with the names of the columns in it.
import {make, mark, showList, write} from './elements.js';

// A column: {name, title, number, wide, breaks, of(row)}: wide ones have a line of a card for themselves, those
// that break take several lines. `of` returns text, or {text, title, parts}, or undefined;
// `fill(cell, row)` in its place fills the cell with elements of its own.
export class Table {
  constructor(parent, label, columns, {keyOf, markOf = () => ''}) {
    this.columns = columns;
    this.keyOf = keyOf;
    this.markOf = markOf;
    this.head = make('tr');
    this.body = make('tbody');
    this.table = make('table', {}, make('thead', {}, this.head), this.body);
    this.empty = make('p', {className: 'note', hidden: true});
    mark(this.table, 'aria-label', label);
    mark(this.table, 'role', 'table');
    mark(this.head, 'role', 'row');
    parent.append(this.table, this.empty);
  }

  // Shows the rows; without any, a sentence.
  show(rows, sentence) {
    this.table.hidden = rows.length === 0;
    this.empty.hidden = rows.length > 0;
    write(this.empty, sentence);
    const used = this.columns.filter((column) => column.fill || rows.some((row) =>
      column.of(row) !== undefined));
    showList(this.head, used, (column) => column.name, heading, () => {});
    showList(this.body, rows, this.keyOf, () => row(), (element, each) => {
      mark(element, 'data-mark', this.markOf(each));
      showList(element, used, (column) => column.name, cell, (at, column) => fill(at, column, each));
    });
  }
}

function heading(column) {
  const element = make('th', {scope: 'col', title: column.title ?? ''});
  if (column.unseen) element.append(make('span', {className: 'unseen', textContent: column.name}));
  else element.textContent = column.name;
  mark(element, 'role', 'columnheader');
  mark(element, 'data-name', column.name);
  mark(element, 'class', column.number ? 'number' : '');
  return element;
}

function row() {
  const element = make('tr');
  mark(element, 'role', 'row');
  return element;
}

function cell(column) {
  const element = make(column.heads ? 'th' : 'td', {className: column.number ? 'number' : ''});
  mark(element, 'role', column.heads ? 'rowheader' : 'cell');
  if (column.heads) element.scope = 'row';
  if (!column.unseen) mark(element, 'data-name', column.name);
  if (column.wide) element.classList.add('wide');
  if (column.breaks) element.classList.add('breaks');
  return element;
}

function fill(element, column, each) {
  if (column.fill) {
    column.fill(element, each);
    return;
  }
  const value = column.of(each);
  const {text = value ?? '', title = ''} = typeof value === 'object' ? value : {};
  if (!element.firstElementChild) element.append(make('bdi'));
  write(element.firstElementChild, String(text));
  mark(element, 'title', title);
  mark(element, 'data-empty', text === '' ? 'yes' : '');
}
