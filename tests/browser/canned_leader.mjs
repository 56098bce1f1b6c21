// A leader for tests of the dashboard: a server of node that serves http/page, and statuses as the test
// sets them, by the routes of a real one. It keeps the acts that it was asked for.
import {readFile} from 'node:fs/promises';
import {createServer} from 'node:http';
import {extname, join} from 'node:path';

const kTypes = {'.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml'};
const kTurnMs = 1000;
const kPolicy = "default-src 'self'; frame-ancestors 'none'";  // Neither styles nor scripts in the page.

export class CannedLeader {
  // `statusAt(turn)` returns the status of each second.
  static async start(root, statusAt) {
    const leader = new CannedLeader(root, statusAt);
    await new Promise((done) => leader.server.listen(0, '127.0.0.1', done));
    leader.address = `http://127.0.0.1:${leader.server.address().port}/`;
    leader.timer = setInterval(() => leader.turnOver(), kTurnMs);
    return leader;
  }

  constructor(root, statusAt) {
    this.folder = join(root, 'http/page');
    this.statusAt = statusAt;
    this.token = 'a token of the test';
    this.losers = [];
    this.history = {};
    this.user = '';      // Who asks, of a leader with users: then there is no token.
    this.documents = '';  // Where it has the documents.
    this.acts = [];      // {path, body}, those with the right token.
    this.refusal = '';   // A sentence that all acts are refused with.
    this.turn = 0;
    this.streams = new Set();
    this.silent = false;  // Streams stay open and tell nothing.
    this.server = createServer((request, response) => this.#answer(request, response));
  }

  get status() {
    return this.statusAt(this.turn);
  }

  turnOver() {
    this.turn += 1;
    if (!this.silent) for (const stream of this.streams) this.#tell(stream);
  }

  // As when the leader behind the port does not answer it.
  tellTrouble(error) {
    for (const stream of this.streams) stream.write(`event: trouble\ndata: ${JSON.stringify({error})}\n\n`);
  }

  // Ends what is open and refuses what comes, as a leader that was killed; `back` undoes it.
  async kill() {
    this.port = this.server.address().port;
    clearInterval(this.timer);
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
  async back() {
    await new Promise((done) => this.server.listen(this.port, '127.0.0.1', done));
    this.timer = setInterval(() => this.turnOver(), kTurnMs);
  }
  stop() {
    return this.server.listening ? this.kill() : undefined;
  }

  #tell(stream) {
    stream.write(`event: status\ndata: ${JSON.stringify(this.status)}\n\n`);
  }

  async #answer(request, response) {
    const {pathname} = new URL(request.url, this.address);
    const json = (code, body) => {
      const told = pathname !== '/history' ? {} : {
        ...this.user && {'Anabranch-User': this.user},
        ...this.documents && {'Anabranch-Docs': this.documents},
      };
      response.writeHead(code, {'Content-Type': 'application/json', ...told});
      response.end(JSON.stringify(body));
    };
    if (request.method === 'POST') return this.#act(request, pathname, json);
    if (pathname === '/events') return this.#stream(response);
    if (pathname === '/status') return json(200, this.status);
    if (pathname === '/history') return json(200, this.history);
    if (pathname === '/losers') return json(200, {losers: this.losers, before: null});
    const name = pathname === '/' ? 'index.html' : pathname.slice(1);
    try {
      const text = await readFile(join(this.folder, name));
      response.writeHead(200, {'Content-Type': kTypes[extname(name)], 'Content-Security-Policy': kPolicy});
      return response.end(text);
    } catch {
      return json(404, {error: `there is no ${name}`});
    }
  }

  #stream(response) {
    response.writeHead(200, {'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store'});
    this.streams.add(response);
    response.on('close', () => this.streams.delete(response));
    response.flushHeaders();
  }

  async #act(request, pathname, json) {
    let text = '';
    for await (const part of request) text += part;
    const given = request.headers.authorization;
    if (this.user ? given !== undefined : given !== `Bearer ${this.token}`) {
      return json(401, {error: 'the token is not that of http-token'});
    }
    if (this.refusal) return json(409, {error: this.refusal});
    this.acts.push({path: pathname, body: JSON.parse(text)});
    return json(200, {});
  }
}
