// Marks around the characters of a text view: a thin line below those that the region does not have yet, the
// cursors and selections of others, the author of a range. Drawn as boxes over the mirror of the text.

const kUnitsMax = 20000;  // Of a mark: more is not drawn.
const kBoxesMax = 400;    // Of a mark.

export class Marks {
  constructor(layer, mirror) {
    Object.assign(this, {layer, mirror});
    this.list = [];
    this.frame = 0;
  }

  // Draws these marks and no others, soon: {kind, from, to, region, name, quiet, faded}. A kind is 'pending',
  // 'selection', 'author' or 'cursor' (at `to`); `region` is a number for its colour.
  draw(list) {
    this.list = list;
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.#paint();
    });
  }

  // Returns the box of the place, relative to the layer; null outside of the text.
  place(position) {
    const [box] = this.#boxes(position, position);
    return box ?? null;
  }

  #paint() {
    const boxes = document.createDocumentFragment();
    for (const mark of this.list) {
      if (mark.kind === 'cursor') boxes.append(...this.#cursor(mark));
      else for (const box of this.#boxes(mark.from, mark.to)) boxes.append(element(mark, box));
    }
    this.layer.replaceChildren(boxes);
  }

  #cursor(mark) {
    const [box] = this.#boxes(mark.to, mark.to);
    if (!box) return [];
    const line = element(mark, {...box, width: 2});
    const name = document.createElement('span');
    name.textContent = mark.name;
    name.dir = 'auto';
    if (box.left > this.layer.clientWidth / 2) name.className = 'leftwards';
    if (box.top < box.height) line.classList.add('below');
    line.append(name);
    return [line];
  }

  // Returns the boxes of a range of the text, line by line.
  #boxes(from, to) {
    const node = this.mirror.firstChild;
    const end = node.data.length - 1;
    if (from < 0 || from > end) return [];
    const range = document.createRange();
    range.setStart(node, from);
    range.setEnd(node, Math.min(to, end, from + kUnitsMax));
    let rects = Array.from(range.getClientRects()).slice(0, kBoxesMax);
    if (from === to && rects.length === 0) {
      range.setEnd(node, from + 1);
      rects = Array.from(range.getClientRects()).slice(0, 1);
    }
    const origin = this.layer.getBoundingClientRect();
    return rects.map(({left, top, width, height}) =>
      ({left: left - origin.left, top: top - origin.top, width, height}));
  }
}

function element({kind, region, quiet, faded}, {left, top, width, height}) {
  const box = document.createElement('div');
  box.className = `mark ${kind}${quiet ? ' quiet' : ''}${faded ? ' faded' : ''}`;
  if (region !== undefined) box.dataset.region = region;
  Object.assign(box.style, {left: `${left}px`, top: `${top}px`, width: `${width}px`,
    height: `${height}px`});
  return box;
}
