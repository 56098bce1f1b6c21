#!/usr/bin/env python3
"""`anabranch drain` ends when every region has all, tells whom it waits for, and is undone by
--undo and by a restart."""

import json
import threading
import time

from leaders import World, check, run, wait_until
from resp import Client, ServerError


def refused(leader, *words):
    try:
        leader.call(*words)
    except ServerError as error:
        check(str(error).startswith("READONLY") and "drain" in str(error), str(error))
        return
    check(False, f"{words} was accepted")


def drained(leader, *words):
    return run("drain", *words, "--redis", leader.redis, timeout=60)


def all_have_all(eu, us):
    for number in range(1000):
        eu.call("SET", f"key {number}", "value")
    done = drained(eu)
    check(done.returncode == 0 and "every region has all" in done.stdout, done)
    check(us.call("GET", "key 999") == "value", "us lacks a write of a drained leader")
    refused(eu, "SET", "key", "late")
    refused(eu, "INCR", "count")
    refused(eu, "DEL", "key 1")
    check(eu.call("GET", "key 1") == "value", "reads go on")
    us.call("SET", "from us", "goes on")
    wait_until("eu has it", lambda: eu.call("GET", "from us") == "goes on")
    check(eu.status()["draining"] and not us.status()["draining"], "status")
    check("being drained" in run("status", "--redis", eu.redis).stdout, "status in words")


def undone(eu):
    done = drained(eu, "--undo")
    check(done.returncode == 0 and "takes writes again" in done.stdout, done)
    eu.call("SET", "key", "after")
    check(drained(eu).returncode == 0, "again")
    refused(eu, "SET", "key", "late")
    check(eu.stop() == 0, "a clean end")
    eu.start()
    eu.call("SET", "key", "after a restart")


def a_region_that_is_away(eu, us):
    wait_until("both are connected", lambda: eu.is_connected(us))
    eu.call("ANABRANCH", "PEER", "PAUSE", "us")
    eu.call("SET", "key", "not there yet")
    begun = time.monotonic()
    done = drained(eu, "--timeout", "300ms")
    check(done.returncode == 1 and time.monotonic() - begun < 20, done)
    for part in ("not within 300ms", "us (the exchange with it is paused)", "--undo", "retire"):
        check(part in done.stderr, f"{part!r} expected: {done.stderr}")
    refused(eu, "SET", "key", "late")
    result = []
    waiting = threading.Thread(target=lambda: result.append(drained(eu, "--timeout", "1min")))
    waiting.start()
    eu.call("ANABRANCH", "PEER", "RESUME", "us")
    waiting.join(60)
    check(result and result[0].returncode == 0, result)
    check(us.call("GET", "key") == "not there yet", "us has it")


def somebody_undoes_it(eu):
    eu.call("ANABRANCH", "PEER", "PAUSE", "us")
    check(drained(eu, "--undo").returncode == 0, "undo")
    eu.call("SET", "key", "again not there")
    result = []
    waiting = threading.Thread(target=lambda: result.append(drained(eu, "--timeout", "1min")))
    waiting.start()
    with Client(eu.redis) as client:
        wait_until("it is being drained",
                   lambda: json.loads(client.call("ANABRANCH", "STATUS"))["draining"])
    check(drained(eu, "--undo").returncode == 0, "undo")
    waiting.join(60)
    check(result and result[0].returncode == 1 and "takes writes again" in result[0].stderr, result)
    eu.call("SET", "key", "taken")


def a_peer_never_met(world, eu):
    """Nobody can tell for an address at which nobody was ever met."""
    nowhere = "tcp://127.0.0.1:9"
    eu.call("ANABRANCH", "PEER", "RESUME", "us")
    ap = world.start("ap", peers=[eu], flags=["--peer", nowhere])
    wait_until("ap and eu are connected", lambda: ap.is_connected(eu))
    ap.call("SET", "from ap", "value")
    wait_until("only the one that was never met lacks it",
               lambda: json.loads(ap.call("ANABRANCH", "WAIT", "10", "ALL")) ==
               {"met": False, "have": ["ap", "eu", "us"], "lack": [nowhere]})
    check(drained(eu, "--undo").returncode == 0, "undo")
    begun = time.monotonic()
    done = drained(ap)
    check(done.returncode == 1 and time.monotonic() - begun < 50, done)
    for part in (f"ever met at {nowhere}: goes on", "out of peers", "taking no writes"):
        check(part in done.stderr, f"{part!r} expected: {done.stderr}")
    check(eu.call("GET", "from ap") == "value", "eu lacks a write of a drained leader")


def main():
    with World() as world:
        alone = world.start("alone")
        check(drained(alone).returncode == 0, "a leader without others")
        eu = world.start("eu")
        us = world.start("us", peers=[eu])
        wait_until("both are connected", lambda: eu.is_connected(us))
        all_have_all(eu, us)
        undone(eu)
        a_region_that_is_away(eu, us)
        somebody_undoes_it(eu)
        a_peer_never_met(world, eu)
        done = drained(eu, "--timeout", "soon")
        check(done.returncode == 2 and "--timeout" in done.stderr, done)


if __name__ == "__main__":
    main()
