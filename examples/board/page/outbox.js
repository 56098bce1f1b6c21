// Edits on their way to the region: one at a time, each until it is answered. While there is no
// connection they wait.
import {Unreachable} from './requests.js';

const kBusyMs = 1000;

export class Outbox {
  // `sources` have next(), which returns a job {path, body, done(answer)} or null; the first one that has
  // something goes first. `lost()` is called when the region cannot be reached.
  constructor({post, sources, lost, wait = (ms) => new Promise((done) => setTimeout(done, ms))}) {
    Object.assign(this, {post, sources, lost, wait});
    this.open = false;
    this.running = false;
  }

  // There is a connection, or none.
  setOpen(open) {
    this.open = open;
    this.run();
  }

  // Sends the edits that wait. Called whenever there may be something.
  async run() {
    if (this.running) return;
    this.running = true;
    while (this.open) {
      const job = this.#next();
      if (!job) break;
      await this.#send(job);
    }
    this.running = false;
  }

  #next() {
    for (const source of this.sources) {
      const job = source.next();
      if (job) return job;
    }
    return null;
  }

  async #send(job) {
    let answer;
    try {
      answer = await this.post(job.path, job.body);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      this.open = false;
      this.lost();
      return;
    }
    if (answer.status === 503) await this.wait(kBusyMs);  // And the same job again.
    else job.done(answer);
  }
}
