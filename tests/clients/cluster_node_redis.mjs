// A program of node-redis that takes a region for a Redis Cluster: HOST:PORT...; writes until a line
// comes on its input. Then tells how many writes were acknowledged, and how many calls failed.

import { createCluster } from "redis";
import { createInterface } from "node:readline";

const c = createCluster({
  rootNodes: process.argv.slice(2).map((place) => ({ url: `redis://${place}` })),
  defaults: { socket: { connectTimeout: 1000, reconnectStrategy: () => 50 } },
  maxCommandRedirections: 100,
}).on("error", () => {});
await c.connect();

let ends = false;
createInterface({ input: process.stdin }).once("line", () => { ends = true; });
let written = 0, failed = 0;
while (!ends) {
  try {
    await c.set(`node-redis:${written}`, "value");
    ++written;
  } catch {
    ++failed;
    await new Promise((after) => setTimeout(after, 100));
  }
}

console.log(`${written} ${failed}`);
process.exit(0);
