#!/usr/bin/env python3
"""Unchanged clients of Redis Sentinel over two members of a region: failover.py CLIENT. The leader
is killed, then hands its lead over; no acknowledged write is lost, and few calls fail."""

import atexit
import os
import subprocess
import sys

from compare import HERE, DEBIANS, node

from leaders import World, check, new_random, own_host, skip, wait_until  # noqa: E402  (found by compare)
from resp import Client  # noqa: E402

NAME = "mymaster"


def redis_py():
    if subprocess.run([DEBIANS, "-c", "import redis.sentinel"], capture_output=True).returncode != 0:
        skip("no python3-redis here (cmake/packages.sh test)")
    return [DEBIANS, os.path.join(HERE, "sentinel.py")], "redis-py"


def ioredis():
    return node("sentinel"), "ioredis"


def node_redis():
    return node("sentinel_node"), "node-redis"


CLIENTS = {"redis_py": redis_py, "ioredis": ioredis, "node_redis": node_redis}


def redis_port(member):
    return member.redis


def sentinel_port(member):
    """Of its own: node-redis subscribes to the news."""
    return f"{own_host()}:{26400 + int(member.data[-1])}"


def started(world, name, peers, flags, announced):
    """A member, which announces the address that it has got with these flags."""
    member = world.start("eu", peers=peers, name=name, flags=[
        "--node-name", name, "--promote-after", "1s", *flags])
    check(member.stop() == 0, "a clean end")
    member.flags += ["--announce-redis", member.redis, *announced(member)]
    return member.start()


def role(member):
    return member.call("ROLE")[0]


def is_able(leader, heir, name):
    """Both say so, as the leader may have a card from before the heir's last start; and the leader
    hears it on a link of their own."""
    (own,) = [each for each in heir.status()["members"] if each["self"]]
    status = leader.status()
    return own["able"] and own["role"] == "follows" and any(
        each["name"] == name and each["fresh"] and each["able"] and each["role"] == "follows"
        for each in status["members"]) and any(
        each["origin"] == own["origin"] and each["round_trip_ms"] >= 0
        for each in status["peers"])


def keys(member, prefix):
    return sum(1 for key in member.call("KEYS", prefix + ":*"))


def sets(member):
    """The writes that clients have made at this member since its start."""
    for line in member.call("INFO", "commandstats").splitlines():
        name, _, figures = line.partition(":")
        if name == "cmdstat_set":
            figure = dict(each.split("=") for each in figures.split(","))
            return int(figure["calls"]) - int(figure["failed_calls"])
    return 0


def answers(first, second):
    """Who leads, by each of the calls that clients use."""
    host, port = first.redis.split(":")
    for member in (first, second):
        check(member.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME) == [host, port], "the leader")
        check(member.call("SENTINEL", "get-master-addr-by-name", "other") is None, "no such name")
        (master,) = member.call("SENTINEL", "MASTERS")
        fields = dict(zip(master[::2], master[1::2]))
        check(fields["flags"] == "master" and fields["port"] == port, master)
        check(fields["num-slaves"] == "1" and fields["num-other-sentinels"] == "1", master)
        (replica,) = member.call("SENTINEL", "REPLICAS", NAME)
        fields = dict(zip(replica[::2], replica[1::2]))
        check(fields["port"] == second.redis.split(":")[1] and fields["flags"] == "slave", replica)
        check(len(member.call("SENTINEL", "SENTINELS", NAME)) == 1, "the other one")
        check(member.call("SENTINEL", "CKQUORUM", NAME).startswith("OK"), "a leader is heard")
    check(first.call("SENTINEL", "MYID") != second.call("SENTINEL", "MYID"), "two members")
    check(first.call("ROLE")[0] == "master" and len(first.call("ROLE")[2]) == 1, first.call("ROLE"))
    check(second.call("ROLE")[:4] == ["slave", host, int(port), "connected"], second.call("ROLE"))
    lines = second.call("INFO", "replication").splitlines()
    check("role:slave" in lines and f"master_port:{port}" in lines, lines)
    check("connected_slaves:1" in first.call("INFO", "replication").splitlines(), "the follower")
    hello = Client(second.redis).call("HELLO", "2")
    check(hello[hello.index("role") + 1] == "replica", hello)


def fail_over(words, prefix, announced, answers, asks=redis_port):
    """The leader of two members is killed, then hands its lead over, under a program of a client,
    which asks these ports of the members."""
    new_random()
    with World() as world:
        us = world.start("us")
        first = started(world, "eu-1", [us], [], announced)
        second = started(world, "eu-2", [us, first], ["--follower"], announced)
        wait_until("the heir is able", lambda: is_able(first, second, "eu-2"), 60)
        answers(first, second)
        program = subprocess.Popen([*words, asks(first), asks(second)], text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        atexit.register(program.kill)
        wait_until("it writes", lambda: keys(us, prefix) > 0)
        first.kill()
        wait_until("the other one leads", lambda: role(second) == "master")
        wait_until("it writes on", lambda: sets(second) > 0)
        first.start()
        wait_until("the former leader is able", lambda: is_able(second, first, "eu-1"), 60)
        second.call("ANABRANCH", "HANDOVER", "START")
        wait_until("it leads again", lambda: role(first) == "master")
        wait_until("it writes on there", lambda: sets(first) > 0)
        out, _ = program.communicate("end\n", timeout=60)
        written, failed = map(int, out.splitlines()[-1].split())  # node-redis prints errors itself.
        world.wait_equal([us, first, second])
        lost = [i for i in range(written) if us.call("GET", f"{prefix}:{i}") != "value"]
        print(f"{written} writes, {failed} calls failed, {len(lost)} lost", flush=True)
        check(not lost, f"lost: {lost[:5]}")
        check(failed < 20, "calls that failed")


def main():
    words, prefix = CLIENTS[sys.argv[1]]()
    of_its_own = sys.argv[1] == "node_redis"
    asks = sentinel_port if of_its_own else redis_port

    def announced(member):
        flags = ["--sentinel-name", NAME, "--announce-sentinel", asks(member)]
        return [*flags, "--sentinel", asks(member)] if of_its_own else flags

    fail_over([*words, NAME], prefix, announced, answers, asks)


if __name__ == "__main__":
    main()
