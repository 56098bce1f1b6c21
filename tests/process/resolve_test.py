#!/usr/bin/env python3
"""Giving way: `fork resolve` on the side that gives way, killed on the way, leaves nothing out and
nothing twice; and a region that was declared lost and comes back writes again what only it had."""

import json
import shutil

from forks_test import forks, log_of
from leaders import World, check, put_back, run, wait_until

WRITES = 300


def rejoin(leader):
    return leader.status()["rejoin"]


def check_directory(leader):
    checked = run("check", "--data", leader.data)
    check(checked.returncode == 0, f"{leader.region}: {checked.stdout}{checked.stderr}")


def fork(world):
    """eu's directory is put back unnoticed; both histories of its origin have writes of their own."""
    eu = world.start("eu")
    us = world.start("us", peers=[eu])
    origin = eu.origin
    eu.call("SET", "common", "1")
    eu.call("INCRBY", "sum", "1000")
    world.wait_equal([eu, us])
    check(eu.stop() == 0, "eu ends cleanly")
    shutil.copytree(eu.data, eu.data + "-backup")
    eu.start()
    eu.call("SET", "common", "2")
    eu.call("INCRBY", "sum", "100")
    world.wait_equal([eu, us])
    check(eu.stop() == 0 and us.stop() == 0, "both end cleanly")
    put_back(eu.data + "-backup", eu.data)
    eu.start()
    check(eu.origin == origin, "eu cannot know")
    check(eu.call("GET", "common") == "1", "eu is as it was")
    for i in range(WRITES):
        eu.call("SET", f"after{i}", "kept by eu")
        eu.call("INCRBY", "sum", "1")
    us.start()
    us.call("INCRBY", "sum", "10")
    wait_until("both list the fork", lambda: forks(eu) and forks(us))
    return eu, us, origin


def check_refusals(eu, us, origin):
    for leader, word, why in ((eu, "0" * 15 + "1", "there is no fork of origin"),
                              (eu, "nonsense", "16 hexadecimal digits"),
                              (us, origin, "run this where that region gives way")):
        refused = run("fork", "resolve", word, "--redis", leader.redis)
        check(refused.returncode == 1 and why in refused.stderr, f"{word}: {refused}")


def resolve(world):
    eu, us, origin = fork(world)
    check_refusals(eu, us, origin)
    wait_until("it is known where they part", lambda: run(
        "fork", "resolve", origin, "--redis", eu.redis).returncode == 0)
    for kills in range(5):
        eu.kill()
        eu.start()
        eu.call("SET", f"meanwhile{kills}", "kept by eu")
    wait_until("eu has given way", lambda: rejoin(eu)["stage"] == "")
    check(rejoin(eu)["failed"] == "", f"{rejoin(eu)}")
    ap = world.start("ap", peers=[us])  # Gets all of eu's through us.
    world.wait_equal([eu, us, ap])
    for leader in (eu, us, ap):
        wait_until(f"{leader.region} lists no fork", lambda: forks(leader) == [])
        # Written on both sides without having seen each other: 1000 + 100 + 10, and eu's own.
        check(leader.call("GET", "sum") == str(1110 + WRITES), f"sum {leader.call('GET', 'sum')}")
        check(leader.call("GET", "common") == "2", "what eu wrote before is back")
        for i in range(WRITES):
            check(leader.call("GET", f"after{i}") == "kept by eu", f"after{i} at {leader.region}")
        for kills in range(5):
            check(leader.call("GET", f"meanwhile{kills}") == "kept by eu", f"meanwhile{kills}")
    check("has given way" in log_of(eu), "the log says so")
    eu.call("SET", "later", "eu")
    us.call("SET", "later too", "us")
    world.wait_equal([eu, us, ap])
    for leader in (eu, us, ap):
        check(leader.stop() == 0, f"{leader.region} ends cleanly")
        check_directory(leader)


def come_back(world):
    eu, us, ap = world.start_three()
    ap.call("SET", "shared", "ap")
    ap.call("INCRBY", "sum", "1000")
    world.wait_equal([eu, us, ap])
    check(eu.stop() == 0 and us.stop() == 0, "eu and us end cleanly")
    for i in range(WRITES):
        ap.call("SET", f"only{i}", "ap")
        ap.call("INCRBY", "sum", "1")
    ap.call("DEL", "shared")
    former = ap.origin
    check(ap.stop() == 0, "ap ends cleanly")
    eu.start()
    us.start()
    wait_until("they meet", lambda: us.is_connected(eu))
    lost = run("region", "retire", "ap", "--lost", "--redis", us.redis)
    check(lost.returncode == 0, f"retire: {lost}")
    us.call("INCRBY", "sum", "10")
    world.wait_equal([eu, us])
    ap.start()
    wait_until("ap has joined again", lambda: ap.status()["origin"] != former and
               rejoin(ap)["stage"] == "" and ap.call("GET", "sum") == str(1010 + WRITES), 60)
    world.wait_equal([eu, us, ap])
    check("with data that was declared lost; it joins again" in log_of(ap), "ap is told why")
    for leader in (eu, us, ap):
        check(leader.call("GET", "sum") == str(1010 + WRITES), f"sum at {leader.region}")
        check(leader.call("GET", f"only{WRITES - 1}") == "ap", f"at {leader.region}")
        check(leader.call("GET", "shared") is None, f"deleted at {leader.region}")
        regions = json.loads(leader.call("ANABRANCH", "REGION", "LIST"))
        check(all(each["retirement"] == "" for each in regions), f"{regions}")
    for leader in (eu, us, ap):
        check(leader.stop() == 0, f"{leader.region} ends cleanly")
        check_directory(leader)


def main():
    for keyed in ((), ("eu", "us", "ap")):
        with World(keyed) as world:
            resolve(world)
        with World(keyed) as world:
            come_back(world)


if __name__ == "__main__":
    main()
