#!/usr/bin/env python3
"""A leader with damaged values in its tables takes all its rows again from another region, by itself,
when an operator says so, and not without need: in the end all are whole and equal, with the writes
that only one of them had."""

import os
import shutil

from leaders import LONG, World, check, new_random, run, wait_until
from pages import values_in_use
from resp import ServerError

CLEAN, DAMAGED = 0, 3
# Rows that were taken again are in other tables than those before.
TABLES = [name + which for which in ("", "_2", "_3") for name in ("rows", "counts")]
KEYS = 300
ROUNDS = 20 if LONG else 2
FLAGS = ["--flush-bytes-max", str(1 << 20)]  # The storage engine has most in its tables then.


def fill(eu, us, random):
    for i in range(KEYS):
        eu.call("SET", f"key:{i}", random.randbytes(2000).hex())
        eu.call("SADD", f"set:{i % 7}", f"member:{i}")
        us.call("INCRBY", f"sum:{i % 11}", i)
        us.call("HSET", f"hash:{i % 5}", f"field:{i}", i)
    wait_until("they are equal", lambda: eu.digest() == us.digest())


def flush(leader, random):
    """Has all that is in memory written to the tables."""
    before = leader.status()["storage_flushes"]
    def written():
        leader.call("SET", "filler", random.randbytes(200_000).hex())
        return leader.status()["storage_flushes"] > before + 1
    wait_until("the storage engine has written to its tables", written)


def shown(leader):
    """All that is shown; an error in place of what is damaged."""
    def answer(*words):
        try:
            got = leader.call(*words)
            return sorted(got) if words[0] == "SMEMBERS" else got
        except ServerError as error:
            check("damaged on the disk" in str(error), f"{words}: {error}")
            return None
    words = [("GET", f"key:{i}") for i in range(KEYS)] + [("SMEMBERS", f"set:{i}") for i in range(7)]
    words += [("GET", f"sum:{i}") for i in range(11)] + [("HGET", f"hash:{i % 5}", f"field:{i}") for i in range(KEYS)]
    words += [("DBSIZE",)]
    words += [("SCARD", f"set:{i}") for i in range(7)]
    return {each: answer(*each) for each in words}


def change_values(leader, random):
    """Changes a bit of each of some values of rows and counts."""
    path = os.path.join(leader.data, "data.mdb")
    with open(path, "rb") as file:
        data = bytearray(file.read())
    places = [place for table in TABLES for place in values_in_use(bytes(data), table)]
    for at, size in random.sample(places, 10):
        data[at + random.randrange(size)] ^= 1 << random.randrange(8)
    with open(path, "r+b") as file:
        file.write(data)


def start_damaged(leader, random):
    """Starts a leader on changed values. Some it cannot start without: the rows of the regions."""
    whole = leader.data + ".whole"
    shutil.copytree(leader.data, whole)
    for _ in range(50):
        change_values(leader, random)
        try:
            leader.start()
            shutil.rmtree(whole)
            return
        except AssertionError as ended:
            check(leader.process.wait(20) == DAMAGED, f"it ended otherwise: {ended}")
            shutil.rmtree(leader.data)
            shutil.copytree(whole, leader.data)
    check(False, "it never starts")


def is_whole(leader):
    return leader.status()["rows_again"] == "" and not leader.status()["storage_damage"]


def is_written(leader, key):
    """The count of all keys may be damaged: then a new key is refused until all is whole."""
    try:
        return leader.call("SET", key, "of us") == "OK"
    except ServerError as error:
        check("damaged on the disk" in str(error), error)
        return False


def round_of(world, eu, us, random, n):
    flush(us, random)
    wait_until("they are equal", lambda: eu.digest() == us.digest())
    right = shown(us)
    check(us.stop() == CLEAN, "the leader did not stop")
    eu.call("SET", "key:1", f"of eu, round {n}")  # Meets damage at times.
    start_damaged(us, random)
    found = shown(us)
    wait_until("a key is new", lambda: is_written(us, f"only:{n}"), seconds=60)
    wrong = {words for words, answer in found.items()
             if answer is not None and words[0] != "DBSIZE" and answer != right[words]}
    check(wrong <= {("GET", "key:1")}, f"wrong answers to {wrong}")
    errors = sum(answer is None for answer in found.values())
    check(errors > 0, "nothing was damaged")
    wait_until("all is whole again", lambda: is_whole(us), seconds=60)
    wait_until("they are equal", lambda: eu.digest() == us.digest())
    check(None not in shown(us).values(), "something is damaged still")
    check(shown(us) == shown(eu), "they show different values")
    check(us.call("GET", f"only:{n}") == eu.call("GET", f"only:{n}") == "of us", "a write was lost")
    check(us.stop() == CLEAN, "the leader did not stop")
    done = run("check", "--data", us.data, timeout=60)
    check(done.returncode == CLEAN, f"check said {done.stdout}{done.stderr}")
    us.start()
    wait_until("they are equal", lambda: eu.digest() == us.digest())
    print(f"round {n}: {errors} answers were errors, all is whole again")


def unread(eu, us, random):
    """Nobody reads what is damaged but the leader that reads all that it stores."""
    flush(us, random)
    wait_until("they are equal", lambda: eu.digest() == us.digest())
    check(us.stop() == CLEAN, "the leader did not stop")
    us.flags += ["--scrub-ms", "2s"]
    start_damaged(us, random)
    wait_until("all was read", lambda: us.status()["scrub"]["finished_ms"] > 0, seconds=60)
    damaged_until = us.status()["scrub"]["finished_ms"]
    def sound():
        scrub = us.status()["scrub"]
        return is_whole(us) and scrub["damaged"] == 0 and scrub["finished_ms"] > damaged_until
    wait_until("all is read again, and sound", sound, seconds=60)
    check("all was read at" in run("status", "--redis", us.redis).stdout, "status")
    check(None not in shown(us).values(), "something is damaged still")
    wait_until("they are equal", lambda: eu.digest() == us.digest())


def by_hand(eu, us):
    done = run("repair", "--redis", us.redis, timeout=60)
    check(done.returncode == 0 and "has all its rows again" in done.stdout, f"repair: {done}")
    check(shown(us) == shown(eu), "they show different values")
    eu.stop()
    done = run("repair", "--redis", us.redis, "--timeout", "1s", timeout=60)
    check(done.returncode == 1 and "waits for a connected region" in done.stderr and "no region is connected" in done.stderr, f"{done}")
    check("all are taken again" in run("status", "--redis", us.redis).stdout, "status")
    done = run("repair", "--stop", "--redis", us.redis)
    check(done.returncode == 0, f"repair --stop: {done}")
    check(us.status()["rows_again"] == "", "it goes on")


def main():
    random = new_random()
    with World() as world:
        eu = world.start("eu", flags=FLAGS)
        us = world.start("us", peers=[eu], flags=FLAGS)
        fill(eu, us, random)
        for n in range(ROUNDS):
            round_of(world, eu, us, random, n)
        unread(eu, us, random)
        by_hand(eu, us)
    print("damaged rows are whole again")


main()
