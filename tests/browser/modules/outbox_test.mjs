// Edits on their way: in order, one at a time, again after a failure with the same id, kept over a reload.
import assert from 'node:assert/strict';
import test from 'node:test';

import {CardEdits, shownCard} from '../../../examples/board/page/card.js';
import {Outbox} from '../../../examples/board/page/outbox.js';
import {Unreachable} from '../../../examples/board/page/requests.js';
import {sendLeftovers} from '../../../examples/board/page/waiting.js';
import {TextModel} from '../../../examples/board/page/text_model.js';
import {splice} from '../../../examples/board/page/change.js';

const card = () => ({title: {text: 'Trip', by: 'Ada', also: [{id: 't-1', text: 'Tour', by: 'Bo'}]},
  when: {text: '', by: ''}, todo: [{id: 'a', text: 'tent', done: false}, {id: 'b', text: 'rope', done: true}],
  votes: [{choice: 'lake', votes: 2}], tags: ['boat']});

function editsOf() {
  const told = {refused: [], settled: 0};
  const edits = new CardEdits({changed: () => {}, settled: () => { told.settled += 1; },
    refused: (sentence) => told.refused.push(sentence)});
  return {edits, told};
}

test('edits go out in order, and the same one again while the region is busy or away', async () => {
  const {edits, told} = editsOf();
  const posts = [];
  const answers = [{status: 503}, new Unreachable('gone'), {status: 200}, {status: 400, error: 'No.'}, {status: 200}];
  let lost = 0;
  const outbox = new Outbox({sources: [edits], lost: () => { lost += 1; }, wait: () => Promise.resolve(),
    post: async (path, body) => {
      posts.push(body.request);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer;
    }});
  for (const request of ['1', '2', '3']) edits.add({path: '/api/docs/d/vote', body: {request, choice: 'lake'}});
  await outbox.run();
  assert.deepEqual(posts, [], 'nothing goes out without a connection');
  outbox.setOpen(true);
  await new Promise((done) => setTimeout(done, 20));
  assert.equal(lost, 1);
  assert.deepEqual(posts, ['1', '1'], 'it waits for a connection');
  outbox.setOpen(true);
  await new Promise((done) => setTimeout(done, 20));
  assert.deepEqual(posts, ['1', '1', '1', '2', '3']);
  assert.deepEqual(told, {refused: ['No.'], settled: 2});
});

test('a card shows the edits that wait', () => {
  const edit = (what, body) => ({path: `/api/docs/d/${what}`, body});
  const shown = shownCard(card(), [edit('title', {text: 'Other'}), edit('todo', {do: 'tick', id: 'a', done: true}),
    edit('todo', {do: 'move', id: 'a', to: 1}), edit('todo', {do: 'add', text: 'map', request: 'r'}),
    edit('todo', {do: 'remove', id: 'b'}), edit('todo', {do: 'tick', id: 'unknown', done: true}),
    edit('vote', {choice: 'lake'}), edit('vote', {choice: 'river', add: 1}), edit('tag', {do: 'add', tag: 'aim'}),
    edit('put-back', {id: 'unknown'})]);
  assert.equal(shown.title.text, 'Other');
  assert.deepEqual(shown.todo.map(({text, done}) => [text, done]), [['tent', true], ['map', false]]);
  assert.deepEqual(shown.votes.map(({choice, votes}) => [choice, votes]), [['lake', 3], ['river', 1]]);
  assert.deepEqual(shown.tags, ['aim', 'boat']);
});

test('an edit is shown until the region has told the card with it', () => {
  const {edits} = editsOf();
  const vote = {path: '/api/docs/d/vote', body: {choice: 'lake', request: '1'}};
  edits.add(vote);
  edits.next().done({status: 200});
  assert.deepEqual(edits.shown, [vote], 'answered, but not told yet');
  edits.onCard();
  assert.deepEqual(edits.shown, []);
  edits.add(vote);
  const job = edits.next();
  edits.onCard();
  job.done({status: 200});
  assert.deepEqual(edits.shown, [], 'told before it was answered');
});

// A region that knows requests, and a storage as browsers have it.
function regionWith(text, known = []) {
  const posts = [];
  const state = {text, epoch: 'new', v: 3};
  return {posts, get: async () => ({status: 200, ...state}), post: async (path, body) => {
    posts.push({path, body});
    if (known.includes(body.request)) return {status: 200, known: true};
    if (body.epoch && body.epoch !== state.epoch) return {status: 409, error: 'Gone.', again: true};
    for (const {at, erase, insert} of body.edits ?? []) {
      state.text = state.text.slice(0, at) + insert + state.text.slice(at + erase);
    }
    known.push(body.request);
    return {status: 200};
  }, state};
}

function leftovers(text, cards) {
  const entries = {'board waiting p1': JSON.stringify({doc: 'd', person: {page: 'p1', name: 'Ada'}, text, cards}),
    'board waiting p2': '{broken', 'board name': 'Ada'};
  return Object.defineProperties(entries, {
    getItem: {value: (key) => entries[key]},
    setItem: {value: (key, value) => { entries[key] = value; }},
    removeItem: {value: (key) => { delete entries[key]; }}});
}

function textThatWaits() {
  const model = new TextModel();
  model.opened('We meet.', {epoch: 'old', v: 9}, false);
  model.typed(splice(2, 0, ' all'));
  model.next('sent-1');
  model.typed(splice(6, 0, ' can'));
  return model.saved();
}

for (const known of [false, true]) {
  test(`edits of a page that is gone are sent once, the one under way was ${known ? '' : 'not '}executed`, async () => {
    const region = regionWith(known ? 'Hm. We all meet.' : 'Hm. We meet.', known ? ['sent-1'] : []);
    const storage = leftovers(textThatWaits(), [{path: '/api/docs/d/vote', body: {request: 'v-1', choice: 'lake'}}]);
    const result = await sendLeftovers({...region, storage, free: async () => true});
    assert.equal(region.state.text, 'Hm. We all can meet.');
    assert.deepEqual(result, {sent: 3, refused: []});
    assert.deepEqual(Object.keys(storage), ['board name']);
  });
}

test('edits of a page that lives are left to it', async () => {
  const region = regionWith('We meet.');
  const storage = leftovers(textThatWaits(), []);
  await sendLeftovers({...region, storage, free: async (page) => page !== 'p1'});
  assert.deepEqual(region.posts, []);
  assert.ok('board waiting p1' in storage);
});

test('what could not be sent stays, with the ids that it was sent with', async () => {
  const region = regionWith('We meet.');
  const storage = leftovers(textThatWaits(), []);
  let posts = 0;
  const post = (path, body) => {
    posts += 1;
    if (posts === 3) throw new Unreachable('gone');
    return region.post(path, body);
  };
  await assert.rejects(sendLeftovers({...region, post, storage, free: async () => true}), Unreachable);
  await sendLeftovers({...region, storage, free: async () => true});
  assert.equal(region.state.text, 'We all can meet.');
});
