// Whether all regions hold the same, in one line: by the digests that they tell.
const kSettleMs = 500;  // Edits on their way for less than that are no difference worth telling.
const list = new Intl.ListFormat('en', {type: 'conjunction'});

export class Equality {
  constructor(regions, words, elements) {
    Object.assign(this, {regions, words, elements});
    this.meshes = new Map();   // By region; null for one that is down.
    this.told = '';            // 'equal', or a sentence.
    this.since = 0;            // When that began.
    this.timer = 0;
    this.waiters = [];
    setInterval(() => this.#since(), 1000);
  }

  onMesh(region, mesh) {
    this.meshes.set(region, mesh);
    this.#judge();
  }
  onDown(region) {
    this.meshes.set(region, null);
    this.#judge();
  }

  get isEqual() {
    const digests = this.regions.map((region) => this.meshes.get(region)?.digest);
    return digests.every((each) => each && each === digests[0]);
  }

  // Returns a promise that all are equal, or that the time is over.
  whenEqual(ms) {
    if (this.told === 'equal') return Promise.resolve();
    return new Promise((done) => {
      this.waiters.push(done);
      setTimeout(done, ms);
    });
  }

  #judge() {
    if (this.isEqual) {
      clearTimeout(this.timer);
      this.timer = 0;
      this.#tell('equal');
    } else if (this.told === 'equal' || this.told === '') {
      this.timer ||= setTimeout(() => {
        this.timer = 0;
        if (!this.isEqual) this.#tell(this.#difference());
      }, kSettleMs);
    } else {
      this.#tell(this.#difference());
    }
  }

  // Returns the difference in words.
  #difference() {
    const down = this.regions.filter((each) => this.meshes.get(each) === null);
    if (down.length > 0) return `${list.format(down)} ${down.length === 1 ? 'is' : 'are'} down`;
    const behind = new Set();
    for (const mesh of this.meshes.values()) {
      for (const peer of mesh.peers) {
        if (peer.unseen > 0) behind.add(peer.region);
        if (peer.missing > 0) behind.add(mesh.region);
      }
    }
    const names = this.regions.filter((each) => behind.has(each));
    if (names.length === 0) return 'Catching up…';
    if (names.length === this.regions.length) return 'Not equal: each lacks edits of another';
    return `Not equal: ${list.format(names)} ${names.length === 1 ? 'has' : 'have'} not seen everything`;
  }

  #tell(what) {
    const {line, mark, words, digest, announced} = this.elements;
    const isEqual = what === 'equal';
    if (isEqual) {
      const hex = this.meshes.get(this.regions[0]).digest;
      digest.textContent = `${hex.slice(0, 4)} ${hex.slice(4, 8)}`;
      this.waiters.splice(0).forEach((done) => done());
    }
    if (what === this.told) return;
    if ((this.told === 'equal') !== isEqual) this.since = performance.now();
    this.told = what;
    line.classList.toggle('equal', isEqual);
    mark.textContent = isEqual ? '✓' : '≠';
    words.textContent = isEqual ? `All ${this.words} are equal` : what;
    announced.textContent = words.textContent;
    digest.hidden = !isEqual;
    this.#since();
  }

  #since() {
    if (!this.told) return;
    const seconds = Math.round((performance.now() - this.since) / 1000);
    this.elements.since.textContent = `since ${seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`}`;
  }
}
