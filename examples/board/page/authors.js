// The author of a range: shown when the pointer rests on a character.
const kRestMs = 300;
const kAround = 400;  // Units on each side that are asked for.

export class Authors {
  // `ask(from, to)` returns the authors of a range of the shown text, {at, count, region}, or null when they
  // cannot be told now; `show(author)` shows {from, to, region}, or nothing.
  constructor(area, ask, show) {
    Object.assign(this, {area, ask, show, timer: 0, asked: 0});
    area.addEventListener('pointermove', (event) => this.#rest(event.clientX, event.clientY));
    for (const name of ['pointerleave', 'input', 'pointerdown']) {
      area.addEventListener(name, () => this.#forget());
    }
  }

  #forget() {
    clearTimeout(this.timer);
    this.asked += 1;
    this.show(null);
  }

  #rest(x, y) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#find(positionAt(this.area, x, y)), kRestMs);
  }

  async #find(position) {
    if (position === null) return;
    const asked = this.asked += 1;
    const authors = await this.ask(Math.max(0, position - kAround), position + kAround);
    if (asked !== this.asked) return;
    const found = authors?.find(({at, count}) => at <= position && position < at + count);
    this.show(found ? {from: found.at, to: found.at + found.count, region: found.region} : null);
  }
}

// Returns the index in the text area below a point; null where the browser does not tell.
function positionAt(area, x, y) {
  const place = document.caretPositionFromPoint?.(x, y);
  return place && (place.offsetNode === area || area.contains(place.offsetNode)) ? place.offset : null;
}
