// Edits that the region has not answered yet, kept in the browser: a page that is loaded again, or the next one
// if it was closed, sends them. One entry for each page; a page holds a lock while it lives.
import {TextModel} from './text_model.js';
import {newId} from './requests.js';

const kPrefix = 'board waiting ';
const kTriesMax = 5;

export class Waiting {
  constructor(page, storage = localStorage) {
    this.key = kPrefix + page;
    this.storage = storage;
    this.trouble = null;  // A sentence, when nothing can be kept.
  }

  // Keeps {doc, person, text, cards}; nothing if it is null. `text` is TextModel::saved, `cards` are
  // jobs.
  keep(edits) {
    try {
      if (edits) this.storage.setItem(this.key, JSON.stringify(edits));
      else this.storage.removeItem(this.key);
      this.trouble = null;
    } catch (error) {
      this.trouble = `This browser cannot keep edits over a reload: ${error.message}`;
    }
  }
}

// Holds the lock of a page as long as the page lives. Returns whether it was free; without locks in this browser
// every page counts as gone.
export function hold(page) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((done) => {
    navigator.locks.request(kPrefix + page, {ifAvailable: true}, (lock) => {
      done(lock !== null);
      return lock ? new Promise(() => {}) : undefined;
    });
  });
}

// Sends the edits that pages have left that are gone, and forgets them. Returns how many edits were sent and the
// sentences of those that were refused. Throws Unreachable; then the rest stays for the next time.
export async function sendLeftovers({get, post, storage = localStorage, free = hold}) {
  const result = {sent: 0, refused: []};
  for (const key of Object.keys(storage).filter((each) => each.startsWith(kPrefix))) {
    if (!await free(key.slice(kPrefix.length))) continue;
    const edits = parsed(storage.getItem(key));
    const save = () => storage.setItem(key, JSON.stringify(edits));
    while (edits.cards.length > 0) {
      note(await post(edits.cards[0].path, edits.cards[0].body), result);
      edits.cards.shift();
      save();
    }
    if (edits.text) await sendText(edits, {get, post, result, save});
    storage.removeItem(key);
  }
  return result;
}

// Returns the kept edits; none of an entry of another version of this page.
function parsed(text) {
  try {
    const {doc, person, text: kept, cards} = JSON.parse(text);
    return {doc, person, text: kept, cards: Array.isArray(cards) ? cards : []};
  } catch {
    return {cards: []};
  }
}

function note(answer, result) {
  if (answer.error) result.refused.push(answer.error);
  else result.sent += 1;
}

async function sendText(edits, {get, post, result, save}) {
  const path = `/api/docs/${edits.doc}`;
  const model = new TextModel();
  model.restore(edits.text);
  let done = false;
  if (model.sent) {
    const answer = await post(`${path}/text`, requestBody(model.request, edits.person));
    if (!answer.again) note(answer, result);
    if (answer.error && !answer.again) model.settled(model.sent.id);
    else done = !answer.again;
  }
  for (let tries = 0; tries < kTriesMax && model.isPending; tries += 1) {
    const state = await get(path);
    if (state.error) {
      result.refused.push(state.error);
      return;
    }
    model.opened(state.text, {epoch: state.epoch, v: state.v}, done);
    done = false;
    const request = model.sent ? model.renewed() : model.next(newId());
    if (!request) continue;
    edits.text = model.saved();
    save();  // With its id, before it is sent.
    const answer = await post(`${path}/text`, requestBody(request, edits.person));
    if (answer.again) continue;
    note(answer, result);
    if (answer.error) model.settled(request.id);
    else done = true;
  }
}

// Returns the body of a request for the text.
export function requestBody({id, version, splices, join}, person) {
  return {...person, request: id, ...version, join,
    edits: splices.map((each) => ({at: each.position, erase: each.erased, insert: each.inserted}))};
}
