#!/usr/bin/env python3
"""One byte that changes in the log of a stopped leader, of its own writes or of others': the damaged batch is never applied elsewhere, log, status and `check` name it, and all are
equal again. The rows are right, so what they hold is what everybody has in the end."""

import os

from leaders import LONG, World, check, new_random, run, wait_until

DAMAGED = "the log is damaged at position"
KEYS = 20
# So much is written behind the keys that they are in the tables.
FILLER = 60
FLAGS = ["--flush-bytes-max", str(1 << 20)]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def place_of(leader, words):
    """The file and the offset of some bytes in a batch of the log."""
    wal = os.path.join(leader.data, "wal")
    segments = [os.path.join(wal, name) for name in os.listdir(wal) if "segment-" in name]
    # A record has its batches before its changes.
    found = [(path, at) for path in sorted(segments) if (at := read(path).find(words)) >= 0]
    check(len(found) == 1, f"the log has {words} at {found}")
    return found[0]


def flip(leader, words, random):
    """Changes one byte of these words in the log of a leader that is stopped."""
    path, at = place_of(leader, words)
    at += random.randrange(len(words))
    byte = read(path)[at] ^ 1 << random.randrange(8)
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(bytes([byte]))


def write(leader, random, values):
    """Keys of sizes that lie on leaves of the file and on pages of their own."""
    for i in range(KEYS):
        value = random.randbytes(random.choice([16, 16, 200, 4000])).hex()
        leader.call("SET", f"key:{i}", value)
        values[f"key:{i}"] = value
    for i in range(FILLER):
        leader.call("SET", f"filler:{i}", "f" * 50_000)


def wait_flushed(leader):
    """Until what was written before the filler is in the tables of the storage engine."""
    wait_until(f"{leader.region} has written to its tables", lambda:
               leader.status()["storage_flushes"] > 0)


def show(leader, values):
    for key, value in values.items():
        check(leader.call("GET", key) == value, f"{leader.region} has another {key}")


def is_named(leader):
    with open(leader.log_path, errors="replace") as log:
        said = log.read()
    return DAMAGED in said and any(DAMAGED in each for each in leader.status()["log_damage"])


def judge(damaged, others, values):
    """All become equal, to what the rows say; who is damaged says so, and nobody else."""
    everybody = [damaged, *others]
    damaged.world.wait_equal(everybody)
    for each in everybody:
        show(each, values)
        check(not each.status()["forks"], f"{each.region} lists a fork")
    wait_until(f"{damaged.region} names the damage", lambda: is_named(damaged))
    for each in others:
        check(not is_named(each), f"{each.region} says that it is damaged")
    others[0].call("SET", "after", "from " + others[0].region)  # And all go on.
    damaged.call("SET", "after too", "from " + damaged.region)
    damaged.world.wait_equal(everybody)


def own_writes(random):
    """Of a leader's own writes, which its neighbour lacks."""
    with World() as world:
        eu = world.start("eu", flags=FLAGS)
        us = world.start("us", peers=[eu], flags=FLAGS)
        values = {}
        write(eu, random, values)
        world.wait_equal([eu, us])
        us.kill()
        eu.stop()
        eu.start()
        write(eu, random, values)
        word = random.choice(sorted(values))
        wait_flushed(eu)
        eu.stop()
        flip(eu, values[word].encode(), random)
        eu.start()
        us.start()
        judge(eu, [us], values)
        eu.stop()
        done = run("check", "--data", eu.data)
        said = done.stdout + done.stderr
        check(done.returncode == 1 and "the checksum of a batch is wrong" in said and
              "1 thing is wrong" in said, f"check says {said!r}")


def foreign_writes(random):
    """Of another leader's writes, which a third one gets by way of the damaged one."""
    with World() as world:
        eu = world.start("eu", flags=FLAGS)
        us = world.start("us", peers=[eu], flags=FLAGS)
        values = {}
        write(eu, random, values)
        world.wait_equal([eu, us])
        wait_flushed(us)
        eu.stop()
        us.stop()
        flip(us, values[random.choice(sorted(values))].encode(), random)
        us.start()
        ap = world.start("ap", peers=[us])
        wait_until("ap has all", lambda: ap.call("GET", f"key:{KEYS - 1}") is not None)
        eu.start()
        judge(us, [ap, eu], values)


def main():
    random = new_random()
    for _ in range(10 if LONG else 2):
        own_writes(random)
        foreign_writes(random)
    print("no damaged record of a log was applied elsewhere")


main()
