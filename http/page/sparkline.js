// A small history of a figure, as a line: the last minutes from left to right, from 0 to its greatest.

const kWidth = 120;
const kHeight = 24;
const kShownMs = 120000;
const kSpace = 'http://www.w3.org/2000/svg';

export class Sparkline {
  constructor() {
    this.element = document.createElementNS(kSpace, 'svg');
    this.element.setAttribute('class', 'sparkline');
    this.element.setAttribute('viewBox', `0 0 ${kWidth} ${kHeight}`);
    this.element.setAttribute('preserveAspectRatio', 'none');
    this.element.setAttribute('aria-hidden', 'true');
    this.area = document.createElementNS(kSpace, 'path');
    this.area.setAttribute('class', 'area');
    this.line = document.createElementNS(kSpace, 'path');
    this.line.setAttribute('class', 'line');
    this.element.append(this.area, this.line);
  }

  // Draws figures {t, value} up to now.
  show(figures, now) {
    const shown = figures.filter((each) => each.t >= now - kShownMs);
    const most = Math.max(1, ...shown.map((each) => each.value));
    const points = shown.map(({t, value}) => [
      (kWidth * (1 - (now - t) / kShownMs)).toFixed(1),
      (kHeight - 1 - (kHeight - 3) * value / most).toFixed(1)]);
    const path = points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join('');
    this.line.setAttribute('d', path);
    this.area.setAttribute('d', path === '' ? '' :
      `${path}L${points.at(-1)[0]} ${kHeight}L${points[0][0]} ${kHeight}Z`);
  }
}
