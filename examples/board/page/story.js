// A story that plays by itself: three people write while links are cut, with real edits through the same fields
// that a visitor uses. It can be stopped at any time.
const kReadMs = 1800;
const kEqualMs = 15000;
const kPeople = ['Ada', 'Bo', 'Sam'];
const kThings = ['map', 'rope', 'thermos', 'torch', 'kettle', 'whistle', 'compass', 'hammock'];

export class Story {
  constructor({columns, links, equality, button, caption, visitor}) {
    Object.assign(this, {columns, links, equality, button, caption, visitor});
    this.run = 0;      // Of the story that plays; 0 when none does.
    this.count = 0;
    this.cut = new Map();  // The links that the story has cut, each with the end of that request.
    button.addEventListener('click', () => this.run ? this.stop() : this.play());
  }

  // A story needs three regions and links that can be cut.
  get isPossible() {
    return this.columns.length >= 3 && this.links.length > 0;
  }

  async play() {
    const run = this.run = this.count += 1;
    this.button.textContent = 'Stop the story';
    this.columns.forEach((column, index) => column.act({act: 'name', name: kPeople[index] ?? 'Kim'}));
    for (const step of this.#steps()) {
      if (this.run !== run) return;
      await step();
    }
    if (this.run === run) this.#end('Now you: cut a link, write on both sides, heal it.');
  }

  stop() {
    this.columns.forEach((column) => column.act({act: 'stop'}));
    this.#heal();
    this.#end('');
  }

  #cutAll(links) {
    links.forEach((link) => this.cut.set(link, link.change('cut')));
    return Promise.all(this.cut.values());
  }

  // A link whose cut is still under way is healed behind that, else the cut might come last.
  #heal() {
    const cut = [...this.cut];
    this.cut.clear();
    return Promise.all(cut.map(([link, done]) => done.then(() => link.change('heal'))));
  }

  #end(caption) {
    this.run = 0;
    this.button.textContent = 'Start a story';
    this.#say(caption);
    this.columns.forEach((column) => column.act({act: 'name', name: this.visitor()}));
  }

  #say(words) {
    this.caption.textContent = words;
    this.caption.hidden = words === '';
    return new Promise((done) => setTimeout(done, kReadMs));
  }

  #steps() {
    const [first, second, third] = this.columns;
    const far = this.links.filter((link) => link.between.includes(third.region));
    const thing = (index) => kThings[(this.count * 3 + index) % kThings.length];
    const all = (...acts) => Promise.all(acts);
    return [
      () => this.#say(`Ada writes in ${first.region}. The others see it at once.`),
      () => first.act({act: 'type', text: `Who brings the ${thing(0)}? `}),
      () => this.#cutAll(far),
      () => this.#say(`Now ${third.region} is cut off from both. Nobody has to wait for that.`),
      () => all(first.act({act: 'type', text: `Ada: a ${thing(1)}. `}),
        third.act({act: 'type', text: `Sam: a ${thing(2)}. `}),
        second.act({act: 'vote', choice: 'river'}), second.act({act: 'tick', text: 'stove'})),
      () => this.#say('Both write at the same place, and both change the title.'),
      () => all(first.act({act: 'title', text: 'Canoe on the Danube'}),
        third.act({act: 'title', text: 'Canoe trip with kids'}), third.act({act: 'vote', choice: 'river'})),
      () => this.#say('Now each has edits that the other has not seen.'),
      () => all(this.#say('The links are healed.'), this.#heal()),
      () => this.equality.whenEqual(kEqualMs),
      () => this.#say('Both sentences are whole, the votes are added up, and the other title can be put back.'),
      () => this.#say('Both sentences are whole, the votes are added up, and the other title can be put back.'),
    ];
  }
}
