// The verdict and the warnings on the page. A change of the verdict is announced, its figures are not.
import {make, showList, write} from './elements.js';
import {documentsAt} from './requests.js';
import {showSection} from './sections.js';

const kMarks = {equal: '✓', wrong: '!', busy: '→', alone: '○', unknown: '…'};

function createWarning() {
  return make('li', {}, make('p', {className: 'words'}), make('p', {className: 'cost'}),
    make('p', {className: 'todo'}));
}

function updateWarning(element, {wrong, words, cost, todo, see}) {
  element.dataset.wrong = wrong;
  const [first, second, third] = element.children;
  write(first, words);
  write(second, cost);
  second.hidden = cost === '';
  showSection(third, `${todo ? `What to do: ${todo} ` : ''}See `, see, documentsAt());
}

export class HealthView {
  // `at`: the elements {verdict, mark, words, asOf, warnings, announced}.
  constructor(at) {
    this.at = at;
    this.announced = undefined;
  }

  show(verdict, warnings, region) {
    this.at.verdict.dataset.kind = verdict.kind;
    write(this.at.mark, kMarks[verdict.kind]);
    write(this.at.words, verdict.words);
    write(this.at.asOf, verdict.asOf);
    showList(this.at.warnings, warnings, (each) => each.key, createWarning, updateWarning);
    document.title = verdict.kind === 'wrong' ? `! ${region}: ${verdict.words}` : `${region} · Anabranch`;
    // Writes come and go: whether all are equal just now is told only with news.
    const announced = warnings.map((each) => each.key).join('\n');
    if (announced === this.announced) return;
    this.announced = announced;
    const sentences = warnings.filter((each) => each.wrong).map((each) => each.words);
    write(this.at.announced, [`${verdict.words}.`, ...sentences].join(' '));
  }
}
