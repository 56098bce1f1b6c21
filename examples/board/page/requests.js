// Requests to the region of this page, and their ids.

// The region cannot be reached: nobody knows whether a request was executed. It is sent again, with its
// id.
export class Unreachable extends Error {}

const kPatienceMs = 15000;

// Returns a name that nobody else has: 24 letters and digits.
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(15));
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_') + '0000';
}

async function answerOf(response) {
  let body = {};
  try {
    body = await response.json();
  } catch (error) {
    if (response.ok) throw new Unreachable('The answer broke off.', {cause: error});
  }
  if (response.ok) return {status: response.status, ...body};
  return {status: response.status, again: body.again === true,
    error: body.error ?? `The region answered ${response.status}.`};
}

async function send(path, options) {
  try {
    return await answerOf(await fetch(path, {...options, signal: AbortSignal.timeout(kPatienceMs)}));
  } catch (error) {
    throw error instanceof Unreachable ? error : new Unreachable(error.message, {cause: error});
  }
}

// Return {status, ...the answer} or {status, error, again}. Throw Unreachable.
export function get(path) {
  return send(path, {});
}
export function post(path, body) {
  return send(path, {method: 'POST', headers: {'Content-Type': 'application/json'},
    body: JSON.stringify(body)});
}
