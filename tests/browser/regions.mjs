// Three regions of the board as processes on this machine, behind the relay of the examples. Programs are
// those of the tree ANABRANCH_TEST_BUILD, pages those of this checkout.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, openSync, rmSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

import {until} from './browser.mjs';

const kNames = ['Frankfurt', 'Virginia', 'Sydney'];
const kLinks = [[0, 1], [0, 2], [1, 2]];
// run.sh sets both.
const root = process.env.ANABRANCH_ROOT;
const examples = join(process.env.ANABRANCH_TEST_BUILD, 'examples');

// Below the ports that the system gives to others: a region finds its own again when it is started anew.
async function freePorts(count) {
  const kFirst = 15_000;
  const kPorts = 16_000;
  const ports = new Set();
  while (ports.size < count) {
    const port = kFirst + Math.floor(Math.random() * kPorts);
    const server = createServer();
    const listens = await new Promise((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!listens) continue;
    ports.add(port);
    server.close();
    await once(server, 'close');
  }
  return [...ports];
}

export class Regions {
  // Returns the regions once all of them have the first document.
  static async start() {
    const regions = new Regions();
    regions.folder = mkdtempSync(join(tmpdir(), 'anabranch-browser-'));
    const ports = await freePorts(3 * kNames.length);
    regions.http = ports.slice(0, 3);
    regions.listen = ports.slice(3, 6);
    regions.links = ports.slice(6);
    regions.pages = regions.http.map((port) => `http://127.0.0.1:${port}`);
    regions.processes = [];
    await regions.#startRelay();
    await Promise.all(kNames.map((_, index) => regions.restart(index)));
    for (const page of regions.pages) {
      await until(`${page} has the document`, async () => (await fetch(`${page}/api/docs/canoe-trip`)).ok);
    }
    return regions;
  }

  async #startRelay() {
    const words = kLinks.flatMap(([one, other], index) =>
      [kNames[one], kNames[other], String(this.links[index]), String(this.listen[other])]);
    this.relay = spawn(join(examples, 'relay', 'relay'), ['--commands', '0', ...words]);
    const [line] = await once(this.relay.stdout, 'data');
    this.commands = String(line).match(/commands on (\d+)/)[1];
  }

  // Starts a region, and returns once it serves.
  async restart(index) {
    const log = openSync(join(this.folder, `${kNames[index]}.log`), 'a');
    const peers = kLinks.flatMap(([one], link) => one === index
      ? ['--peer', `tcp://127.0.0.1:${this.links[link]}`] : []);
    this.processes[index] = spawn(join(examples, 'board', 'board'), [
      '--region', kNames[index], '--data', join(this.folder, kNames[index]),
      '--http', `127.0.0.1:${this.http[index]}`, '--listen', `tcp://127.0.0.1:${this.listen[index]}`,
      '--relay', this.commands, ...peers, '--files', join(root, 'examples/board/page'),
      ...this.pages.flatMap((page, each) => ['--page', `${kNames[each]}=${page}`]),
      ...(index === 0 ? ['--welcome'] : [])], {stdio: ['ignore', log, log]});
    await until(`${kNames[index]} serves`, () =>
      fetch(`${this.pages[index]}/api/board`).then((each) => each.ok, () => false));
  }

  // Ends a region at once, as kill -9 does.
  async kill(index) {
    const ended = once(this.processes[index], 'exit');
    this.processes[index].kill('SIGKILL');
    await ended;
  }

  // Makes a link 'cut', 'slow', or 'heal'.
  async link(one, other, what) {
    const body = JSON.stringify({between: [kNames[one], kNames[other]], do: what});
    const answer = await fetch(`${this.pages[0]}/api/links`,
      {method: 'POST', body, headers: {'Content-Type': 'application/json'}});
    if (!answer.ok) throw new Error(await answer.text());
  }

  async stop() {
    for (const each of [...this.processes, this.relay]) {
      if (each.exitCode !== null || each.signalCode !== null) continue;
      const ended = once(each, 'exit');
      each.kill('SIGKILL');
      await ended;
    }
    rmSync(this.folder, {recursive: true});
  }
}
