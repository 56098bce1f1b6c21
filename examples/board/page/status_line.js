// The page's words about edits: saved, seen by others, waiting, refused.

const kTellMs = 1000;  // Edits on their way for less than that need no words.
const list = new Intl.ListFormat('en', {type: 'conjunction'});

export function edits(count) {
  return count === 1 ? '1 edit' : `${count >= 1000 ? 'over 1000' : count} edits`;
}

export function milliseconds(ms) {
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  return `${ms < 10000 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`;
}

export class StatusLine {
  constructor({saved, unseen, trouble}) {
    Object.assign(this, {saved, unseen, trouble});
    this.region = '';
    this.down = false;
    this.isAbsent = false;  // The region does not have the document.
    this.refusal = '';
    this.ill = null;    // The region's own trouble, a sentence.
    this.waiting = 0;
    this.savedMs = null;
    this.seenBy = [];   // Regions besides this one that show the last edit.
    this.seenRequest = '';
    this.away = '';
  }

  setDown(down, waiting) {
    Object.assign(this, {down, waiting});
    if (!down) this.isAbsent = false;
    this.#show();
  }
  settled({saved_ms: ms, request}) {
    this.savedMs = ms ?? null;
    if (this.seenRequest !== request) this.seenBy = [];
    this.#show();
  }
  seen({request, regions}) {
    this.seenRequest = request;  // Perhaps before its answer.
    this.seenBy = regions.filter((each) => each !== this.region);
    this.#show();
  }
  refused(sentence) {
    this.refusal = sentence;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refused(''), 10000);
    this.#show();
  }
  onMesh({trouble, peers}) {
    this.ill = trouble;
    const behind = new Map();  // Peers by the number of edits that they lack.
    for (const {region, unseen, since_ms: ms} of peers) {
      if (unseen > 0 && ms > kTellMs) behind.set(unseen, [...behind.get(unseen) ?? [], region]);
    }
    this.away = Array.from(behind, ([unseen, regions]) => `${edits(unseen)} here that ${list.format(regions)} ` +
      `${regions.length === 1 ? 'has' : 'have'} not seen`).join(' · ');
    this.#show();
  }

  #show() {
    const trouble = this.down ? this.#downSentence() : this.refusal || this.ill || '';
    if (this.trouble.textContent !== trouble) this.trouble.textContent = trouble;
    this.trouble.hidden = trouble === '';
    this.saved.textContent = this.#savedSentence();
    this.unseen.textContent = this.away;
    this.unseen.hidden = this.away === '';
  }

  #downSentence() {
    const name = this.region || 'The region';
    if (this.isAbsent) return `This document has not arrived in ${name} yet.`;
    if (this.waiting === 0) return `${name} is down. What you write will wait here.`;
    return `${name} is down. Your edits wait here (${this.waiting}).`;
  }

  #savedSentence() {
    if (this.waiting > 0) return `${edits(this.waiting)} waiting to be saved`;
    if (this.savedMs === null) return 'All saved';
    const seen = this.seenBy.length === 0 ? 'not seen elsewhere yet' : `seen by ${list.format(this.seenBy)}`;
    return `Saved in ${milliseconds(this.savedMs)}, ${seen}`;
  }
}
