// A program of node-redis that takes a region for a Redis Cluster: HOST:PORT...; writes until a line
// comes on its input. Then tells how many writes were acknowledged, and how many calls failed.
//
// Calls have a deadline, and behind one that was missed the client is made anew: node-redis asks a
// node that is dead until that is back, and waits for ever on a connection that ends while node-redis
// makes it.

import { createCluster } from "redis";
import { createInterface } from "node:readline";
import { setTimeout as after } from "node:timers/promises";

const kDeadlineMilliseconds = 2000;

function within(call) {
  const late = new AbortController();
  const missed = after(kDeadlineMilliseconds, undefined, { signal: late.signal })
    .then(() => { throw new Error("no answer"); });
  return Promise.race([call, missed]).finally(() => late.abort());
}

async function connected() {
  const c = createCluster({
    rootNodes: process.argv.slice(2).map((place) => ({ url: `redis://${place}` })),
    defaults: { socket: { connectTimeout: 1000, reconnectStrategy: () => 50 } },
    maxCommandRedirections: 100,
  }).on("error", () => {});
  await c.connect();
  return c;
}

let ends = false;
createInterface({ input: process.stdin }).once("line", () => { ends = true; });
let written = 0, failed = 0;
let c;
while (!ends) {
  try {
    c ??= await within(connected());
    await within(c.set(`node-redis:${written}`, "value"));
    ++written;
  } catch (error) {
    ++failed;
    if (error.message === "no answer" && c) {
      c.destroy();
      c = undefined;
    }
    await after(100);
  }
}

console.log(`${written} ${failed}`);
process.exit(0);
