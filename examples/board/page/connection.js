// The stream of events of a region, opened again until it is there. EventSource would do that by itself,
// but not after every kind of end, and not with the version that the page has by then.

const kAgainMs = 1000;
const kSilenceMs = 8000;  // `mesh` comes every 2 s.
const kEvents = ['text', 'resumed', 'delta', 'card', 'people', 'mesh', 'seen', 'docs', 'gone'];

export class Connection {
  // `address()` returns the address to open now. `on` has a function for each event that is wanted, called
  // with its data, and `down()`, called when the stream has ended or does not come.
  constructor(address, on) {
    this.address = address;
    this.on = on;
    this.source = null;
    this.timer = 0;
    this.open();
  }

  // Opens the stream now, anew if there is one.
  open() {
    this.close();
    const source = new EventSource(this.address());
    this.source = source;
    for (const name of kEvents) {
      source.addEventListener(name, (event) => {
        if (this.source !== source) return;
        this.#listen();
        this.on[name]?.(JSON.parse(event.data));
      });
    }
    source.addEventListener('error', () => this.source === source && this.lost());
    this.#listen();
  }

  close() {
    this.source?.close();
    this.source = null;
    clearTimeout(this.timer);
  }

  // The region cannot be reached: ends the stream, and tries again in a second.
  lost() {
    this.close();
    this.timer = setTimeout(() => this.open(), kAgainMs);
    this.on.down?.();
  }

  #listen() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.lost(), kSilenceMs);
  }
}
