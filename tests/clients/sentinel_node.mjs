// A program of node-redis that finds its server by Sentinels: NAME HOST:PORT...; writes until a line
// comes on its input. Then tells how many writes were acknowledged, and how many calls failed.

import { createSentinel } from "redis";
import { createInterface } from "node:readline";

const [name, ...places] = process.argv.slice(2);
const sentinelRootNodes = places.map((place) => {
  const [host, port] = place.split(":");
  return { host, port: Number(port) };
});
// Without an end of its tries a client waits for a dead leader, and asks no Sentinel meanwhile.
const reconnectStrategy = (tries) => (tries < 5 ? 100 : new Error("the leader is gone"));
// A connection that breaks before CLIENT SETINFO is answered counts as ready with node-redis 5.9, and
// what is asked there is never answered.
const disableClientInfo = true;
const c = await createSentinel({
  name, sentinelRootNodes, maxCommandRediscovers: 100,
  sentinelClientOptions: { disableClientInfo },
  nodeClientOptions: { disableClientInfo, socket: { reconnectStrategy } },
}).on("error", () => {}).connect();

let ends = false;
createInterface({ input: process.stdin }).once("line", () => { ends = true; });
let written = 0, failed = 0;
while (!ends) {
  try {
    await c.set(`node-redis:${written}`, "value");
    ++written;
  } catch {
    ++failed;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
c.destroy();
console.log(`${written} ${failed}`);
process.exit(0);
