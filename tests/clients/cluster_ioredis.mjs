// A program of ioredis that takes a region for a Redis Cluster: HOST:PORT...; writes until a line
// comes on its input. Then tells how many writes were acknowledged, and how many calls failed.

import Redis from "ioredis";
import { createInterface } from "node:readline";

const nodes = process.argv.slice(2).map((place) => {
  const [host, port] = place.split(":");
  return { host, port: Number(port) };
});
const c = new Redis.Cluster(nodes, {
  clusterRetryStrategy: () => 50, retryDelayOnFailover: 100, retryDelayOnClusterDown: 100,
  maxRedirections: 100,
}).on("error", () => {});

let ends = false;
createInterface({ input: process.stdin }).once("line", () => { ends = true; });
let written = 0, failed = 0;
while (!ends) {
  try {
    await c.set(`ioredis:${written}`, "value");
    ++written;
  } catch {
    ++failed;
    await new Promise((after) => setTimeout(after, 100));
  }
}
c.disconnect();
console.log(`${written} ${failed}`);
process.exit(0);
