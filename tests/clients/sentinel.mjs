// A program of ioredis that finds its server by Sentinels: NAME HOST:PORT...; writes until a line
// comes on its input. Then tells how many writes were acknowledged, and how many calls failed.

import Redis from "ioredis";
import { createInterface } from "node:readline";

const [name, ...places] = process.argv.slice(2);
const sentinels = places.map((place) => {
  const [host, port] = place.split(":");
  return { host, port: Number(port) };
});
const c = new Redis({
  name, sentinels, maxRetriesPerRequest: 100,
  retryStrategy: () => 50, sentinelRetryStrategy: () => 50,
  reconnectOnError: (error) => (error.message.startsWith("READONLY") ? 2 : false),
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
  }
}
c.disconnect();
console.log(`${written} ${failed}`);
process.exit(0);
