// A typical program of node-redis: HOST PORT.

import { createClient, RESP_TYPES, WatchError } from "redis";
import { call, range } from "./calls.mjs";

const [host, port] = process.argv.slice(2);
const connect = (options = {}) =>
  createClient({ socket: { host, port: Number(port) }, ...options }).on("error", () => {}).connect();

async function program(RESP) {
  const c = await connect({ RESP });
  const it = (name, run, expected) => call(`RESP${RESP} ${name}`, run, expected);
  await it("flushAll", () => c.flushAll(), "OK");
  await it("set", () => c.set("k", "v"), "OK");
  await it("get", () => c.get("k"), "v");
  await it("set with options", () => c.set("k", "w", { expiration: { type: "EX", value: 100 }, condition: "XX" }), "OK");
  await it("ttl", () => c.ttl("k"), (ttl) => ttl > 90 && ttl <= 100);
  await it("getEx", () => c.getEx("k", { type: "PERSIST" }), "w");
  await it("incrByFloat", () => c.incrByFloat("f", 1.5), (value) => Number(value) === 1.5);
  await it("mSet", () => c.mSet({ a: "1", b: "2" }), "OK");
  await it("mGet", () => c.mGet(["a", "b", "none"]), ["1", "2", null]);
  await it("hSet", () => c.hSet("h", { f: "v", g: "w" }), 2);
  await it("hGetAll", async () => ({ ...(await c.hGetAll("h")) }), { f: "v", g: "w" });
  await it("hIncrBy", () => c.hIncrBy("h", "n", 3), 3);
  await it("sAdd", () => c.sAdd("s", ["a", "b"]), 2);
  await it("sMembers", async () => [...(await c.sMembers("s"))].sort(), ["a", "b"]);
  await it("sIsMember", () => c.sIsMember("s", "a"), (found) => found === 1 || found === true);
  await it("sInterCard", () => c.sInterCard(["s", "s"]), 2);
  await it("multi", () => c.multi().incr("n").get("n").exec(), [1, "1"]);
  await it("500 at once", async () => (await Promise.all(range(500).map((i) => c.set(`many ${i}`, "v")))).length, 500);
  await it("scanIterator", async () => {
    let found = 0;
    for await (const keys of c.scanIterator({ MATCH: "many *" })) found += keys.length;
    return found >= 500;
  }, true);
  await it("hScanIterator", async () => {
    let found = 0;
    for await (const fields of c.hScanIterator("h")) found += fields.length;
    return found;
  }, 3);
  await it("buffers", async () => {
    const bytes = Buffer.from([0, 255, 13, 10]);
    await c.set("bytes", bytes);
    return (await c.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).get("bytes")).equals(bytes);
  }, true);
  await it("watch", async () => {
    const other = await connect({ RESP });
    await other.watch("k");
    await c.set("k", "meanwhile");
    try {
      return await other.multi().set("k", "late").exec();
    } catch (error) {
      return error instanceof WatchError;
    } finally {
      other.destroy();
    }
  }, true);
  await it("database", async () => {
    const other = await connect({ RESP, database: 1 });
    await other.set("only", "1");
    other.destroy();
    return c.get("only");
  }, null);
  await it("info", () => c.info(), (info) => info.includes("redis_version"));
  await it("configGet", () => c.configGet("maxmemory"), (got) => "maxmemory" in got);
  await it("clientId", () => c.clientId(), (id) => id > 0);
  await it("duplicate", async () => {
    const other = await c.duplicate().connect();
    const answer = await other.ping();
    other.destroy();
    return answer;
  }, "PONG");
  await it("rename", () => c.rename("a", "c"), "OK");
  await it("copy", () => c.copy("c", "d"), (done) => done === 1 || done === true);
  await it("del", () => c.del(["c", "d", "none"]), 2);
  await it("zAdd", () => c.zAdd("z", { score: 1, value: "a" }), 1);
  await it("lPush", () => c.lPush("l", "a"), 1);
  await it("eval", () => c.eval("return 1"), 1);
  await it("publish", () => c.publish("c", "m"), 0);
  await it("close", () => c.close(), undefined);
}

await program(2);
await program(3);
