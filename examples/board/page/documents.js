// The documents of the board: a list of links, and a field for a new one.
import {make, onEntered, showList} from './keyed_list.js';
import {newId} from './requests.js';

export class DocumentsView {
  // `create(edit)` sends an edit; `mayLeave()` returns whether another document can be opened now.
  constructor({list, form, open, create, mayLeave}) {
    Object.assign(this, {list, open, mayLeave});
    onEntered(form, (title) => create({path: '/api/docs', body: {title, request: newId()}}));
  }

  show(docs) {
    showList(this.list, docs, (each) => each.doc, (each) => this.#make(each.doc), (row, each) => {
      const link = row.querySelector('a');
      link.textContent = each.title || 'Untitled';
      if (each.doc === this.open) link.setAttribute('aria-current', 'page');
    });
  }

  #make(doc) {
    const address = new URL(location.href);
    address.searchParams.set('doc', doc);
    return make('li', {dir: 'auto'}, make('a', {href: address.href, onclick: (event) => {
      if (!this.mayLeave()) event.preventDefault();
    }}));
  }
}
