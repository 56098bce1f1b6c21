// What a person may do here: put a loser back, pause and resume a peer. Each needs the token, or a user
// with the right to it; how it ended is told in a line of the page.
import {Refused, isUser, post} from './requests.js';

export class Acts {
  constructor(token, notice) {
    this.token = token;
    this.notice = notice;
  }

  putBack(id, done) {
    return this.#act('put-back', {id}, done);
  }
  pause(peer, name) {
    return this.#act('pause', {peer}, `The exchange with ${name} is paused`);
  }
  resume(peer, name) {
    return this.#act('resume', {peer}, `The exchange with ${name} goes on`);
  }

  // Returns whether it was done. A token that is refused is asked for anew.
  async #act(path, body, done) {
    if (isUser()) return this.#actAsUser(path, body, done);
    for (let why = 'Acting on this leader needs its token.';;) {
      const token = await this.token.get(why);
      if (token === undefined) return false;
      try {
        await post(path, body, token);
        this.notice.tell(done, false);
        return true;
      } catch (error) {
        if (!(error instanceof Refused)) {
          this.notice.tell(`Not done: ${error.message}`, true);
          return false;
        }
        this.token.forget();
        why = `The leader refused that token: ${error.message}`;
      }
    }
  }

  async #actAsUser(path, body, done) {
    try {
      await post(path, body);
      this.notice.tell(done, false);
      return true;
    } catch (error) {
      this.notice.tell(`Not done: ${error.message}`, true);
      return false;
    }
  }
}
