// How the last act ended, in a line at the lower edge: for some seconds, and longer where it failed.

const kShownMs = 6000;
const kFailedMs = 30000;

export class Notice {
  constructor(element) {
    this.element = element;
    this.timer = undefined;
  }

  tell(sentence, failed) {
    clearTimeout(this.timer);
    this.element.textContent = sentence;
    this.element.dataset.failed = failed;
    this.timer = setTimeout(() => {
      this.element.textContent = '';
    }, failed ? kFailedMs : kShownMs);
  }
}
