// Questions and acts over HTTP. What fails throws an Error with a sentence for people.
import {printable} from './printable.js';

export class Refused extends Error {}

// Who asks, where the leader has users: the browser says so by itself, and acting needs no token.
let user;
export const isUser = () => user !== undefined;

// Where the leader has the documents, as seen from this page; undefined where it has none.
let documents;
export const documentsAt = () => documents;

// The sentence of an answer: of JSON its member `error`, else its text.
async function sentenceOf(answer) {
  const text = await answer.text();
  try {
    return printable(JSON.parse(text).error ?? text);
  } catch {
    return printable(text).slice(0, 300) || `The leader answered ${answer.status}`;
  }
}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, {cache: 'no-store', ...options});
  } catch {
    throw new Error('The leader does not answer');
  }
  user = answer.headers.get('anabranch-user') ?? user;
  documents = answer.headers.get('anabranch-docs') ?? documents;
  if (answer.ok) return answer;
  const sentence = await sentenceOf(answer);
  throw answer.status === 401 ? new Refused(sentence) : new Error(sentence);
}

export const get = async (path) => (await ask(path)).json();

// Without a token the browser says who its user is.
export const post = (path, body, token) => ask(path, {method: 'POST', body: JSON.stringify(body),
  headers: {'Content-Type': 'application/json', ...token && {'Authorization': `Bearer ${token}`}}});
