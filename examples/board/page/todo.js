// The to-do list: tick, rename, reorder by drag, by buttons or with Alt and the arrow keys, remove.
import {button, make, onEntered, showList} from './keyed_list.js';

export class TodoView {
  // `edit(body)` is called for each edit.
  constructor(list, form, edit) {
    Object.assign(this, {list, edit, items: [], dragged: null});
    onEntered(form, (text) => edit({do: 'add', text}));
    list.addEventListener('dragover', (event) => this.dragged && event.preventDefault());
    list.addEventListener('drop', (event) => this.#drop(event));
  }

  show(items) {
    this.items = items;
    showList(this.list, items, (item) => item.id, (item) => this.#make(item.id),
      (element, item) => this.#update(element, item));
  }

  #make(id) {
    const tick = make('input', {type: 'checkbox', onchange: () =>
      this.edit({do: 'tick', id, done: tick.checked})});
    const text = make('input', {className: 'item', dir: 'auto', maxLength: 300, onchange: () =>
      text.value.trim() ? this.edit({do: 'rename', id, text: text.value.trim()}) : this.show(this.items)});
    const row = make('li', {}, make('span', {className: 'grip', textContent: '⠿', draggable: true}),
      tick, text, button('↑', 'Up', () => this.#move(id, -1)),
      button('↓', 'Down', () => this.#move(id, 1)),
      button('×', 'Remove', () => this.edit({do: 'remove', id})));
    row.querySelector('.grip').setAttribute('aria-hidden', 'true');
    row.addEventListener('keydown', (event) => this.#keydown(event, id));
    row.addEventListener('dragstart', (event) => {
      this.dragged = id;
      event.dataTransfer.effectAllowed = 'move';
      event.dataTransfer.setDragImage(row, 0, 0);
    });
    row.addEventListener('dragend', () => { this.dragged = null; });
    return row;
  }

  #update(row, {text, done, waits, isNew}) {
    const [tick, field] = row.querySelectorAll('input');
    const [up, down, remove] = row.querySelectorAll('button');
    tick.checked = done;
    if (document.activeElement !== field) field.value = text;
    tick.setAttribute('aria-label', `Done: ${text}`);
    field.setAttribute('aria-label', 'To do');
    up.setAttribute('aria-label', `Move up: ${text}`);
    down.setAttribute('aria-label', `Move down: ${text}`);
    remove.setAttribute('aria-label', `Remove: ${text}`);
    row.classList.toggle('done', done);
    row.classList.toggle('waits', waits === true);
    for (const each of [tick, field, up, down, remove]) each.disabled = isNew === true;
  }

  #indexOf(id) {
    return this.items.findIndex((item) => item.id === id);
  }

  #move(id, by) {
    const to = this.#indexOf(id) + by;
    if (to >= 0 && to < this.items.length) this.edit({do: 'move', id, to});
  }

  #keydown(event, id) {
    const by = {ArrowUp: -1, ArrowDown: 1}[event.key];
    if (!event.altKey || !by) return;
    event.preventDefault();
    this.#move(id, by);
  }

  #drop(event) {
    const target = event.target.closest('li');
    if (!this.dragged || !target) return;
    event.preventDefault();
    const to = this.#indexOf(target.dataset.key);
    if (to >= 0 && target.dataset.key !== this.dragged) this.edit({do: 'move', id: this.dragged, to});
  }
}
