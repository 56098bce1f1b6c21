// The text between this page and its region: changes of the stream go into the model, edits of the model
// go out. After a reconnection the edit under way is sent again as it was: its answer says
// whether the region has it. Until then events of the stream are held.
import {fromSplices} from './change.js';
import {newId} from './requests.js';
import {requestBody} from './waiting.js';

const kRecentMax = 200;

export class TextChannel {
  // `followed(change)` is called when the shown text has changed, `settled(answer)` with the answer to an
  // edit, `refused(sentence)` when one is lost, `anew()` when the stream must be opened anew.
  constructor({model, path, person, followed, settled, refused, anew}) {
    Object.assign(this, {model, path, person, followed, settled, refused, anew});
    this.held = null;         // Events since a `text` that the edit under way must be found in.
    this.unanswered = false;  // The edit under way must be sent (again).
    this.undos = [];          // 'undo' and 'redo' that wait, with request ids.
    this.recent = [];         // Changes of the base, {v, change}.
  }

  get version() {
    return this.model.version;
  }
  // Returns the version that the stream goes on after; null before the first text.
  get after() {
    return this.version && !this.held ? `${this.version.epoch}.${this.version.v}` : null;
  }

  // Events of the stream.
  onText(event) {
    this.unanswered = this.model.sent !== null;
    if (this.unanswered) this.held = [event];
    else this.#opened(event, false);
  }
  onResumed() {
    this.unanswered = this.model.sent !== null;
  }
  onDelta(event) {
    if (this.held) this.held.push(event);
    else this.#delta(event);
  }

  // Returns the next job of the outbox.
  next() {
    const {model} = this;
    if (model.sent) return this.unanswered ? this.#textJob() : null;
    if (this.held || model.version === null) return null;
    if (this.undos.length > 0) return this.#undoJob(this.undos[0]);
    if (!model.next(newId())) return null;
    this.unanswered = true;
    return this.#textJob();
  }

  #textJob() {
    const {request} = this.model;
    return {path: `${this.path}/text`, body: requestBody(request, this.person()),
      done: (answer) => this.#answered(request.id, answer)};
  }
  #undoJob({what, id}) {
    return {path: `${this.path}/${what}`, body: {...this.person(), request: id}, done: (answer) => {
      this.undos.shift();
      if (answer.error) this.refused(answer.error);
      else this.settled(answer);
    }};
  }

  #answered(id, answer) {
    this.unanswered = false;
    const {held} = this;
    this.held = null;
    if (answer.error && !answer.again) this.refused(answer.error);
    if (held) this.#opened(held[0], answer.known === true);
    if (answer.again) {
      if (held) this.unanswered = this.model.renewed() !== null;
      else this.anew();
    } else if (answer.error || answer.changed === false) {
      this.followed(this.model.settled(id));
    }
    held?.slice(1).forEach((event) => this.#delta(event));
    if (!answer.error) this.settled(answer);
  }

  #opened({text, epoch, v}, done) {
    this.recent = [];
    this.followed(this.model.opened(text, {epoch, v}, done));
  }

  #delta({v, deltas, request, region, by}) {
    if (!this.version || v <= this.version.v) return;
    if (v !== this.version.v + 1) {
      this.model.version = null;
      this.anew();
      return;
    }
    const places = deltas.map((each) =>
      ({position: each.at, erased: each.erase, inserted: each.insert}));
    this.recent.push({v, change: fromSplices(places)});
    if (this.recent.length > kRecentMax) this.recent.shift();
    this.followed(this.model.received({...this.version, v}, places, request), {region, by, request});
  }
}
