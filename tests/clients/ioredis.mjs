// A typical program of ioredis: HOST PORT.

import Redis from "ioredis";
import { call, range } from "./calls.mjs";

const [host, port] = process.argv.slice(2);
const connect = (options = {}) =>
  new Redis({ host, port: Number(port), retryStrategy: null, ...options }).on("error", () => {});

const c = connect();
await call("ready", () => c.ping(), "PONG");
await call("flushall", () => c.flushall(), "OK");
await call("set", () => c.set("k", "v"), "OK");
await call("set EX NX", () => c.set("k", "w", "EX", 10, "NX"), null);
await call("get", () => c.get("k"), "v");
await call("mset", () => c.mset({ a: 1, b: 2 }), "OK");
await call("mget", () => c.mget("a", "b", "none"), ["1", "2", null]);
await call("hset", () => c.hset("h", { f: "v", g: "w" }), 2);
await call("hgetall", () => c.hgetall("h"), { f: "v", g: "w" });
await call("sadd", () => c.sadd("s", "a", "b"), 2);
await call("smembers", async () => (await c.smembers("s")).sort(), ["a", "b"]);
await call("pipeline", () => c.pipeline().incr("n").get("n").exec(), [[null, 1], [null, "1"]]);
await call("multi", () => c.multi().incr("n").get("n").exec(), [[null, 2], [null, "2"]]);
await call("multi without a pipeline", async () => {
  await c.multi({ pipeline: false });
  c.incr("n");
  return c.exec();
}, [[null, 3]]);
await call("auto pipelining", async () => {
  const other = connect({ enableAutoPipelining: true });
  const answers = await Promise.all(range(500).map((i) => other.set(`many ${i}`, "v")));
  other.disconnect();
  return answers.length;
}, 500);
await call("scanStream", async () => {
  let found = 0;
  for await (const keys of c.scanStream({ match: "many *", count: 50 })) found += keys.length;
  return found >= 500;
}, true);
await call("hscanStream", async () => {
  let found = 0;
  for await (const fields of c.hscanStream("h")) found += fields.length;
  return found;
}, 4);
await call("keyPrefix", async () => {
  const other = connect({ keyPrefix: "prefix:" });
  await other.set("k", "p");
  other.disconnect();
  return c.get("prefix:k");
}, "p");
await call("buffers", async () => {
  const bytes = Buffer.from([0, 255, 13, 10]);
  await c.set(bytes, bytes);
  return (await c.getBuffer(bytes)).equals(bytes);
}, true);
await call("db", async () => {
  const other = connect({ db: 1 });
  await other.set("only", "1");
  other.disconnect();
  return c.get("only");
}, null);
await call("watch", async () => {
  const other = connect();
  await other.watch("k");
  await c.set("k", "meanwhile");
  const answer = await other.multi().set("k", "late").exec();
  other.disconnect();
  return answer;
}, null);
await call("info", () => c.info(), (info) => info.includes("redis_version"));
await call("expire and ttl", async () => [await c.expire("k", 100), (await c.ttl("k")) > 90], [1, true]);
await call("call", () => c.call("STRLEN", "k"), 9);
await call("connectionName", async () => {
  const other = connect({ connectionName: "me" });
  const name = await other.client("GETNAME");
  other.disconnect();
  return name;
}, "me");
await call("monitor", async () => {
  const monitor = await c.monitor();
  const seen = new Promise((done) => monitor.on("monitor", (_, words) => done(words)));
  await c.get("watched");
  const words = await seen;
  monitor.disconnect();
  return words;
}, ["get", "watched"]);
await call("del", () => c.del("a", "b", "none"), 2);
await call("zadd", () => c.zadd("z", 1, "a"), 1);
await call("lpush", () => c.lpush("l", "a"), 1);
await call("publish", () => c.publish("c", "m"), 0);
await call("defineCommand", () => {
  c.defineCommand("one", { numberOfKeys: 0, lua: "return 1" });
  return c.one();
}, 1);
await call("quit", () => c.quit(), "OK");
