#!/usr/bin/python3
"""A typical program of redis-py, Debian's: HOST PORT [USER PASSWORD [CA_FILE]]."""

import sys
import threading

import redis

from calls import call

HOST, PORT = sys.argv[1], int(sys.argv[2])
LOGIN = {}
if len(sys.argv) > 3:
    LOGIN = {"username": sys.argv[3], "password": sys.argv[4]}
if len(sys.argv) > 5:
    LOGIN |= {"ssl": True, "ssl_ca_certs": sys.argv[5]}


def connect(**options):
    return redis.Redis(HOST, PORT, **LOGIN, **options)


def strings(r):
    call("set", lambda: r.set("k", "v"), True)
    call("get", lambda: r.get("k"), b"v")
    call("set nx", lambda: r.set("k", "w", nx=True), None)
    call("set xx get", lambda: r.set("k", "w", xx=True, get=True), b"v")
    call("set ex", lambda: r.set("e", "v", ex=100), True)
    call("ttl", lambda: r.ttl("e"), lambda ttl: 95 <= ttl <= 100)
    call("setex", lambda: r.setex("e", 100, "v"), True)
    call("psetex", lambda: r.psetex("e", 100_000, "v"), True)
    call("getex", lambda: r.getex("e", persist=True), b"v")
    call("setnx", lambda: r.setnx("k", "w"), False)
    call("mset", lambda: r.mset({"m1": 1, "m2": 2}), True)
    call("mget", lambda: r.mget("m1", "m2", "none"), [b"1", b"2", None])
    call("msetnx", lambda: r.msetnx({"m1": 1, "m3": 2}), False)
    call("incr", lambda: r.incr("n"), 1)
    call("incrby", lambda: r.incrby("n", 5), 6)
    call("decr", lambda: r.decr("n"), 5)
    call("incrbyfloat", lambda: r.incrbyfloat("fl", 1.5), 1.5)
    call("append", lambda: r.append("k", "x"), 2)
    call("strlen", lambda: r.strlen("k"), 2)
    call("getrange", lambda: r.getrange("k", 0, 0), b"w")
    call("setrange", lambda: r.setrange("k", 1, "y"), 2)
    call("getset", lambda: r.getset("k", "z"), b"wy")
    call("getdel", lambda: r.getdel("k"), b"z")
    call("binary", lambda: (r.set(b"\0\xff", b"\r\n\0"), r.get(b"\0\xff"))[1], b"\r\n\0")
    call("a megabyte", lambda: (r.set("big", b"x" * 1_000_000), len(r.get("big")))[1], 1_000_000)
    call("wrong type", lambda: refusal(r.hset, "n", "f", "v"), lambda text: "WRONGTYPE" in text)


def refusal(do, *words):
    try:
        return do(*words)
    except redis.ResponseError as error:
        return str(error)


def hashes(r):
    call("hset", lambda: r.hset("h", mapping={"a": 1, "b": 2}), 2)
    call("hget", lambda: r.hget("h", "a"), b"1")
    call("hgetall", lambda: r.hgetall("h"), {b"a": b"1", b"b": b"2"})
    call("hmget", lambda: r.hmget("h", "a", "none"), [b"1", None])
    call("hincrby", lambda: r.hincrby("h", "a", 2), 3)
    call("hincrbyfloat", lambda: r.hincrbyfloat("h", "f", 0.5), 0.5)
    call("hexists", lambda: r.hexists("h", "a"), True)
    call("hkeys", lambda: sorted(r.hkeys("h")), [b"a", b"b", b"f"])
    call("hvals", lambda: sorted(r.hvals("h")), [b"0.5", b"2", b"3"])
    call("hlen", lambda: r.hlen("h"), 3)
    call("hsetnx", lambda: r.hsetnx("h", "a", 9), False)
    call("hstrlen", lambda: r.hstrlen("h", "f"), 3)
    call("hrandfield", lambda: r.hrandfield("h"), lambda field: field in (b"a", b"b", b"f"))
    call("hscan_iter", lambda: dict(r.hscan_iter("h")), {b"a": b"3", b"b": b"2", b"f": b"0.5"})
    call("hdel", lambda: r.hdel("h", "a", "none"), 1)


def sets(r):
    call("sadd", lambda: r.sadd("s", 1, 2, 3), 3)
    call("smembers", lambda: r.smembers("s"), {b"1", b"2", b"3"})
    call("sismember", lambda: r.sismember("s", 1), lambda found: found == 1)
    call("smismember", lambda: r.smismember("s", [1, 9]), [1, 0])
    call("scard", lambda: r.scard("s"), 3)
    call("srem", lambda: r.srem("s", 3), 1)
    call("sscan_iter", lambda: set(r.sscan_iter("s")), {b"1", b"2"})
    call("sunion", lambda: (r.sadd("t", 2, 4), r.sunion("s", "t"))[1], {b"1", b"2", b"4"})
    call("sinter", lambda: r.sinter("s", "t"), {b"2"})
    call("sdiff", lambda: r.sdiff("s", "t"), {b"1"})
    call("sunionstore", lambda: r.sunionstore("u", "s", "t"), 3)
    call("sinterstore", lambda: r.sinterstore("i", "s", "t"), 1)
    call("sdiffstore", lambda: r.sdiffstore("d", "s", "t"), 1)
    call("sintercard", lambda: r.execute_command("SINTERCARD", 2, "s", "t"), 1)
    call("smove", lambda: r.smove("s", "t", 1), lambda moved: moved == 1)
    call("srandmember", lambda: r.srandmember("s"), b"2")
    call("spop", lambda: r.spop("s"), b"2")


def keys(r):
    call("exists", lambda: r.exists("n", "none"), 1)
    call("type", lambda: r.type("h"), b"hash")
    call("expire", lambda: r.expire("n", 100), True)
    call("pexpire", lambda: r.pexpire("n", 100_000), True)
    call("expireat", lambda: r.expireat("n", 4102444800), True)
    call("pttl", lambda: r.pttl("n"), lambda left: left > 0)
    call("persist", lambda: r.persist("n"), True)
    call("rename", lambda: r.rename("n", "n2"), True)
    call("renamenx", lambda: r.renamenx("n2", "h"), False)
    call("copy", lambda: r.copy("n2", "n3"), True)
    call("touch", lambda: r.touch("n2", "n3"), 2)
    call("randomkey", r.randomkey, lambda key: isinstance(key, bytes))
    call("scan_iter", lambda: b"n2" in set(r.scan_iter()), True)
    call("scan_iter match", lambda: set(r.scan_iter(match="n[23]")), {b"n2", b"n3"})
    call("scan type", lambda: b"h" in set(r.scan_iter(_type="hash")), True)
    call("keys", lambda: sorted(r.keys("n*")), [b"n2", b"n3"])
    call("object encoding", lambda: r.object("encoding", "n2"), b"int")
    call("memory usage", lambda: r.memory_usage("n2"), lambda size: size > 0)
    call("delete", lambda: r.delete("n2", "none"), 1)
    call("unlink", lambda: r.unlink("n3"), 1)


def transactions(r):
    call("pipeline", lambda: r.pipeline(transaction=False).set("p", 1).get("p").execute(),
         [True, b"1"])
    call("multi", lambda: r.pipeline().incr("p").incr("p").execute(), [2, 3])

    def many():
        pipe = r.pipeline(transaction=False)
        for i in range(5000):
            pipe.set(f"many {i}", i)
        return sum(pipe.execute())

    def conflict():
        with r.pipeline() as pipe:
            pipe.watch("p")
            r.set("p", 7)
            pipe.multi()
            pipe.set("p", 8)
            try:
                return pipe.execute()
            except redis.WatchError:
                return "watch error"

    def add(pipe):
        value = int(pipe.get("p"))
        pipe.multi()
        pipe.set("p", value + 1)

    call("5000 in a pipeline", many, 5000)
    call("watch", conflict, "watch error")
    call("transaction", lambda: r.transaction(add, "p"), [True])


def connections(r):
    call("ping", r.ping, True)
    call("echo", lambda: r.echo("hi"), b"hi")
    call("db 1", lambda: (connect(db=1).set("only", 1), r.get("only"))[1], None)
    call("decode_responses", lambda: connect(decode_responses=True).echo("ü"), "ü")
    call("client_name", lambda: connect(client_name="me").client_getname(),
         lambda name: name in (b"me", "me"))
    call("client_id", r.client_id, lambda number: number > 0)
    call("client_list", r.client_list, lambda clients: "addr" in clients[0])
    call("client_info", r.client_info, lambda info: info["psub"] == 0)
    call("health check", lambda: connect(health_check_interval=1).ping(), True)

    def in_threads():
        threads = [threading.Thread(target=lambda: [r.incr("t") for _ in range(50)])
                   for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return r.get("t")

    r.delete("t")
    call("8 threads", in_threads, b"400")


def server(r):
    call("info", r.info, lambda info: "redis_version" in info and "keyspace_hits" in info)
    call("dbsize", r.dbsize, lambda size: size > 0)
    call("time", r.time, lambda now: now[0] > 0)
    call("config_get", lambda: r.config_get("maxmemory"), lambda got: "maxmemory" in got)
    call("command_count", r.command_count, lambda count: count > 100)
    call("command", r.command, lambda table: "get" in table)
    call("slowlog_get", r.slowlog_get, lambda log: isinstance(log, list))
    call("lastsave", r.lastsave, lambda time: time is not None)
    call("role", lambda: r.execute_command("ROLE"), lambda role: role[0] == b"master")
    call("wait", lambda: r.wait(0, 10), 0)
    call("acl_whoami", r.acl_whoami, lambda name: len(name) > 0)
    call("flushdb", r.flushdb, True)
    call("flushall", r.flushall, True)


def elsewhere(r):
    """Types and commands that docs/commands.md refuses."""
    call("rpush", lambda: r.rpush("l", 1, 2), 2)
    call("zadd", lambda: r.zadd("z", {"a": 1}), 1)
    call("xadd", lambda: r.xadd("x", {"f": "v"}), lambda name: b"-" in name)
    call("setbit", lambda: r.setbit("b", 7, 1), 0)
    call("pfadd", lambda: r.pfadd("hll", "a"), 1)
    call("geoadd", lambda: r.geoadd("g", (1, 1, "a")), 1)
    call("publish", lambda: r.publish("c", "m"), 0)
    call("eval", lambda: r.eval("return 1", 0), 1)
    call("dump", lambda: (r.set("k", "v"), r.dump("k"))[1], lambda data: len(data) > 0)
    call("sort", lambda: (r.sadd("so", 2, 1), r.sort("so"))[1], [b"1", b"2"])


def main():
    r = connect()
    for part in (strings, hashes, sets, keys, transactions, connections, server, elsewhere):
        part(r)


main()
