// The statuses of a leader, one a second, by server-sent events. A stream that ends is opened anew each
// second, and one that is silent for long, too: nothing tells a page that a machine is gone.

const kAgainMs = 1000;
const kSilentMs = 10000;

export class Stream {
  // Calls `onStatus(status)` for each, and `onBegin()` before the first one of a connection.
  constructor(address, onStatus, onBegin) {
    this.address = address;
    this.onStatus = onStatus;
    this.onBegin = onBegin;
    this.trouble = '';         // Why the leader has told none since, as its HTTP port says.
    this.heardAt = undefined;  // When the last status came, by performance.now().
    this.aliveAt = undefined;  // When anything came, or the stream was opened.
    this.source = undefined;
    this.timer = undefined;
  }

  open() {
    this.close();
    this.aliveAt = performance.now();
    this.source = new EventSource(this.address);
    this.source.addEventListener('open', () => this.onBegin());
    this.source.addEventListener('status', (event) => this.#heard(event.data));
    this.source.addEventListener('trouble', (event) => {
      this.aliveAt = performance.now();
      this.trouble = JSON.parse(event.data).error;
    });
    this.source.addEventListener('error', () => {
      this.source.close();
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.open(), kAgainMs);
    });
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = undefined;
  }

  // Returns how old the last status is, in milliseconds; since the page was opened, without one.
  get age() {
    return performance.now() - (this.heardAt ?? 0);
  }

  // Opens a stream anew that has told nothing for long.
  look() {
    if (this.source && performance.now() - this.aliveAt > kSilentMs) this.open();
  }

  #heard(data) {
    this.heardAt = this.aliveAt = performance.now();
    this.trouble = '';
    this.onStatus(JSON.parse(data));
  }
}
