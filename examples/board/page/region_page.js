// The page of one region: its documents, one of them open. Also a column of three.html, as index.html?frame.
import {DocumentPage} from './document_page.js';
import {DocumentsView} from './documents.js';
import {FrameLink} from './frame_link.js';
import {followName, visitorName} from './names.js';
import {StatusLine} from './status_line.js';
import {Unreachable, get, newId, post} from './requests.js';
import {Waiting, hold, sendLeftovers} from './waiting.js';

const kFirstDocument = 'canoe-trip';
const kAgainMs = 1000;

const byId = (id) => document.getElementById(id);
const parameters = new URLSearchParams(location.search);

// Returns the answer of `ask()`, once the region is there.
async function patiently(ask, tell) {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      tell();
      await new Promise((done) => setTimeout(done, kAgainMs));
    }
  }
}

async function start() {
  const person = {page: newId(), name: parameters.get('name') || visitorName()};
  document.body.classList.toggle('framed', parameters.has('frame'));
  const status = new StatusLine({saved: byId('saved'), unseen: byId('unseen'), trouble: byId('trouble')});
  const board = await patiently(() => get('/api/board'), () => status.setDown(true, 0));
  status.region = board.region;
  const number = (region) => board.regions.findIndex((each) => each.region === region);
  byId('region').textContent = board.region;
  document.body.dataset.region = number(board.region);
  await hold(person.page);
  const left = await patiently(() => sendLeftovers({get, post}), () => status.setDown(true, 0));
  left.refused.forEach((sentence) => status.refused(sentence));
  document.body.dataset.leftovers = left.sent;

  const doc = parameters.get('doc') || kFirstDocument;
  const waiting = new Waiting(person.page);
  const documents = new DocumentsView({list: byId('documents'), form: byId('new-document'), open: doc,
    create: (edit) => page.send(edit),
    mayLeave: () => {
      const may = page.connected && page.waitingCount === 0;
      if (!may) status.refused('Edits wait here. Open another document once they are saved.');
      return may;
    }});
  const page = new DocumentPage({doc, person: () => person, number, limits: board.limits, status, waiting,
    onDocs: (docs) => documents.show(docs)});
  byId('name').value = person.name;
  followName(byId('name'), (name) => {
    person.name = name;
    page.connection.open();
  });
  if (parameters.has('frame')) new FrameLink({page, person, regions: board.regions});
}

start();
