// A region in a frame, and messages to it (frame_link.js).
import {make} from './keyed_list.js';

export class Column {
  // `region` is {region, page} of /api/board.
  constructor({region, page}, index, name) {
    Object.assign(this, {region, page, index, ready: false, count: 0, answers: new Map()});
    this.address = `${page}/?${new URLSearchParams({frame: '', name})}`;
    this.frame = make('iframe', {title: region, src: this.address});
    this.element = make('div', {className: 'column'}, this.frame);
    this.element.dataset.region = index;
    addEventListener('message', (event) => {
      if (event.source !== this.frame.contentWindow) return;
      this.ready = true;
      this.answers.get(event.data.id)?.();
      this.answers.delete(event.data.id);
    });
  }

  // The region is there: a frame that could not be loaded before is loaded now.
  reached() {
    if (this.ready || this.loading) return;
    this.loading = true;
    setTimeout(() => {
      this.loading = false;
      if (!this.ready) this.frame.src = this.address;
    }, 3000);
  }

  // Has the frame do something; returns a promise that it is done.
  act(what) {
    const id = this.count += 1;
    this.frame.contentWindow.postMessage({id, ...what}, new URL(this.page).origin);
    return new Promise((done) => this.answers.set(id, done));
  }
}
