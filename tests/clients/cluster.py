#!/usr/bin/env python3
"""Unchanged clients of Redis Cluster over two members of a region: cluster.py CLIENT. The leader is
killed, then hands its lead over; no acknowledged write is lost, and few calls fail. With `answers`
the answers of CLUSTER, and where a follower sends its clients."""

import os
import subprocess
import sys

from compare import HERE, DEBIANS, node
from failover import fail_over, is_able, started

from leaders import World, check, new_random, run, skip, wait_until  # noqa: E402
from resp import Client, ServerError  # noqa: E402

CLUSTER = ["--redis-cluster"]


def redis_py():
    found = subprocess.run([DEBIANS, "-c", "import redis.cluster"], capture_output=True)
    if found.returncode != 0:
        skip("no python3-redis here (cmake/packages.sh test)")
    return [DEBIANS, os.path.join(HERE, "cluster_redis_py.py")], "redis-py"


def ioredis():
    return node("cluster_ioredis"), "ioredis"


def node_redis():
    return node("cluster_node_redis"), "node-redis"


CLIENTS = {"redis_py": redis_py, "ioredis": ioredis, "node_redis": node_redis}


def refusal(client, *words):
    try:
        return f"answered: {client.call(*words)}"
    except ServerError as error:
        return str(error)


def same_at_all(members):
    """By each of the calls with which clients learn the members; the leader is the first one."""
    (host, port), (_, other) = [member.redis.split(":") for member in members]
    for member in members:
        client = Client(member.redis)
        (slots,) = client.call("CLUSTER", "SLOTS")
        check(slots[:2] == [0, 16383], slots)
        check([each[1] for each in slots[2:]] == [int(port), int(other)], slots)
        leader, follower = slots[2][2], slots[3][2]
        check(slots[2] == [host, int(port), leader, []] and len(leader) == 40, slots)
        (shard,) = client.call("CLUSTER", "SHARDS")
        shard = dict(zip(shard[::2], shard[1::2]))
        check(shard["slots"] == [0, 16383], shard)
        roles = {}
        for each in shard["nodes"]:
            fields = dict(zip(each[::2], each[1::2]))
            check(fields["health"] == "online", fields)
            roles[fields["id"]] = (fields["role"], fields["port"])
        check(roles == {leader: ("master", int(port)), follower: ("replica", int(other))}, roles)
        lines = [line.split() for line in client.call("CLUSTER", "NODES").splitlines()]
        me = leader if member is members[0] else follower
        check([(line[0], line[2].removeprefix("myself,"), line[3]) for line in lines]
              == [(leader, "master", "-"), (follower, "slave", leader)], lines)
        check([line[0] for line in lines if "myself" in line[2]] == [me], lines)
        check(lines[0][1] == f"{host}:{port}@0" and lines[0][-1] == "0-16383", lines)
        check(client.call("CLUSTER", "MYID") == me, "its own name")
        (replica,) = client.call("CLUSTER", "REPLICAS", leader)
        check(replica.split()[0] == follower, replica)
        check(refusal(client, "CLUSTER", "REPLICAS", follower)
              == "ERR The specified node is not a master", "a follower has none")
        check(refusal(client, "CLUSTER", "REPLICAS", "x") == "ERR Unknown node x", "no such node")
        check("cluster_state:ok" in client.call("CLUSTER", "INFO"), "a leader is known")
        check(client.call("CLUSTER", "LINKS") == [], "no bus")
        check(client.call("CLUSTER", "KEYSLOT", "123456789") == 12739, "the specification's example")
        check(client.call("CLUSTER", "KEYSLOT", "{user1000}.a")
              == client.call("CLUSTER", "KEYSLOT", "user1000"), "a tag")
        check("anabranch handover" in refusal(client, "CLUSTER", "FAILOVER"), "what does it here")
        check("one shard" in refusal(client, "CLUSTER", "ADDSLOTS", "1"), "it has all slots")
        check("cluster_enabled:1" in client.call("INFO", "cluster"), "a cluster")
        hello = client.call("HELLO", "2")
        check(hello[hello.index("mode") + 1] == "cluster", hello)
        check(refusal(client, "SELECT", "1") == "ERR SELECT is not allowed in cluster mode", "select")
        check(client.call("SELECT", "0") == "OK", "the only database")


def keys_by_slot(leader):
    leader.call("MSET", "{a}1", "x", "{a}2", "x", "{b}1", "x")
    slot = leader.call("CLUSTER", "KEYSLOT", "a")
    check(leader.call("CLUSTER", "COUNTKEYSINSLOT", slot) == 2, "keys in a slot")
    check(leader.call("CLUSTER", "GETKEYSINSLOT", slot, 9) == ["{a}1", "{a}2"], "their names")
    check(leader.call("CLUSTER", "GETKEYSINSLOT", slot, 1) == ["{a}1"], "the first one")
    check(leader.call("CLUSTER", "GETKEYSINSLOT", slot, 0) == [], "none")
    client = Client(leader.redis)
    check(refusal(client, "CLUSTER", "COUNTKEYSINSLOT", 16384) == "ERR Invalid slot", "no such slot")
    check(refusal(client, "CLUSTER", "GETKEYSINSLOT", 1, -1) == "ERR Invalid number of keys", "-1")


def sent_on(leader, follower):
    """What a follower does with requests."""
    client = Client(follower.redis)
    slot = client.call("CLUSTER", "KEYSLOT", "{a}1")
    moved = f"MOVED {slot} {leader.redis}"
    for words in (["GET", "{a}1"], ["SET", "{a}1", "y"], ["MGET", "{a}1", "z"], ["WATCH", "{a}1"],
                  ["OBJECT", "ENCODING", "{a}1"], ["INCR", "{a}1"], ["EXISTS", "{a}1", "{b}1"]):
        check(refusal(client, *words) == moved, (words, refusal(client, *words)))
    check(client.call("PING") == "PONG", "without a key it answers")
    check(client.call("DBSIZE") == 3, "what it has itself")
    check(client.call("ASKING") == "OK", "no slot is on its way")
    check(client.call("READONLY") == "OK", "reads from here on")
    check(client.call("GET", "{a}1") == "x", "its own state")
    check(refusal(client, "SET", "{a}1", "y") == moved, "a write goes to the leader")
    for queued, wanted in ((["SET", "{a}1", "y"], "EXECABORT"), (["GET", "{a}1"], None)):
        client.call("MULTI")
        answer = refusal(client, *queued)
        check(answer == (moved if wanted else "answered: QUEUED"), answer)
        if wanted:
            check(refusal(client, "EXEC").startswith(wanted), "the transaction is aborted")
        else:
            check(client.call("EXEC") == ["x"], "it only reads")
    check(client.call("READWRITE") == "OK", "no longer")
    check(refusal(client, "GET", "{a}1") == moved, "to the leader")
    client.call("READONLY")
    client.call("RESET")
    check(refusal(client, "GET", "{a}1") == moved, "as a new client")
    check("MOVED" not in run("show", "{a}1", "--redis", follower.redis).stdout, "a verb asks it")


def through_the_tools(leader, follower):
    port = follower.redis.split(":")[1]
    host = follower.redis.split(":")[0]
    words = ["redis-cli", "-h", host, "-p", port, "-c", "SET", "by-cli", "1"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=20)
    check(done.stdout.strip() == "OK", done)
    check(leader.call("GET", "by-cli") == "1", "it followed")


def without_a_leader(world):
    """A follower that has met no leader of its region: no answer is an empty list of nodes, which
    clients would believe."""
    member = world.start("eu", name="eu-3", flags=[
        "--node-name", "eu-3", "--follower", "--redis-cluster", "--announce-redis", "127.0.0.1:1"])
    client = Client(member.redis)
    for words in (["SLOTS"], ["SHARDS"], ["NODES"]):
        answer = refusal(client, "CLUSTER", *words)
        check(answer.startswith("CLUSTERDOWN no leader"), (words, answer))
    check("cluster_state:fail" in client.call("CLUSTER", "INFO"), "nobody leads")
    check(refusal(client, "GET", "x").startswith("CLUSTERDOWN"), "a request")
    member.kill()


def in_a_transaction(leader, follower):
    """One that was queued at a leader that follows by the time of EXEC, which hears what Redis says."""
    client = Client(leader.redis)
    client.call("MULTI")
    client.call("SET", "{a}1", "z")
    leader.call("ANABRANCH", "HANDOVER", "START")
    wait_until("the other one leads", lambda: follower.call("ROLE")[0] == "master")
    host, port = follower.redis.split(":")
    wait_until("it follows the other one",
               lambda: leader.call("ROLE")[:3] == ["slave", host, int(port)])
    try:
        answer = refusal(client, "EXEC")
        check(answer.startswith("MOVED ") and answer.endswith(follower.redis), answer)
        check(refusal(client, "DISCARD") == "ERR DISCARD without MULTI", "the transaction is over")
    except OSError:  # The connection may have been closed, as one that had written.
        pass
    check(follower.call("GET", "{a}1") == "x", "nothing of it")


def answers():
    new_random()
    with World() as world:
        lone = run("serve", "--region", "eu", "--data", world.folder + "/lone", "--redis-cluster")
        check(lone.returncode != 0 and "--announce-redis" in lone.stderr, lone)
        us = world.start("us")
        client = Client(us.redis)
        for words in (["CLUSTER", "SLOTS"], ["CLUSTER", "INFO"], ["READONLY"], ["ASKING"]):
            check("cluster support disabled" in refusal(client, *words), words)
        without_a_leader(world)
        first = started(world, "eu-1", [us], [], lambda _: CLUSTER)
        second = started(world, "eu-2", [us, first], ["--follower"], lambda _: CLUSTER)
        wait_until("the heir is able", lambda: is_able(first, second, "eu-2"), 60)
        same_at_all([first, second])
        keys_by_slot(first)
        wait_until("the follower has them", lambda: second.call("DBSIZE") == 3)
        sent_on(first, second)
        through_the_tools(first, second)
        in_a_transaction(first, second)
        wait_until("both know it", lambda: all(
            member.call("CLUSTER", "SLOTS")[0][2][1] == int(second.redis.split(":")[1])
            for member in (first, second)))
        same_at_all([second, first])
        second.kill()
        wait_until("nobody leads, or the other one does", lambda: refusal(
            Client(first.redis), "GET", "x").startswith(("CLUSTERDOWN", "answered")), 20)


def main():
    if sys.argv[1] == "answers":
        return answers()
    words, prefix = CLIENTS[sys.argv[1]]()
    fail_over(words, prefix, lambda _: CLUSTER, lambda *members: same_at_all(members))


if __name__ == "__main__":
    main()
