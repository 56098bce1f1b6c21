#!/usr/bin/env python3
"""Leaders of the version before and of this one in one mesh: they exchange writes both ways, this one
opens the directory of that one, and the upgrade goes region by region. The version before is the
commit that tests/fixtures/previous names: it is built, which takes long, so only with --long, or
taken from ANABRANCH_TEST_PREVIOUS, a path of its program."""

import os
import subprocess

from leaders import ANABRANCH, LONG, World, check, new_random, skip, wait_until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def tool(*words, folder=ROOT):
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    check(done.returncode == 0, f"{words}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def previous_program(folder):
    """Of the environment, or built in a copy of the commit."""
    given = os.environ.get("ANABRANCH_TEST_PREVIOUS")
    if given:
        return os.path.abspath(given)
    if not LONG:
        skip("the version before is built with --long only")
    with open(os.path.join(ROOT, "tests", "fixtures", "previous")) as file:
        commit = file.read().split()[0]
    known = subprocess.run(["git", "cat-file", "-e", commit], cwd=ROOT, capture_output=True)
    if known.returncode != 0:
        skip(f"commit {commit} is not in this checkout")
    source = os.path.join(folder, "previous")
    os.mkdir(source)
    archive = os.path.join(folder, "previous.tar")
    tool("git", "archive", "--output", archive, commit)
    tool("tar", "-xf", archive, "-C", source)
    tool("cmake", "--preset", "release", folder=source)
    tool("cmake", "--build", "build/release", "--target", "anabranch_server", folder=source)
    return os.path.join(source, "build", "release", "server", "anabranch")


class Writes:
    """Writes of all kinds that clients have, and what all regions must show of them."""

    def __init__(self, random):
        self.random = random
        self.sum = 0
        self.members = set()
        self.fields = {}
        self.number = 0

    def some(self, leaders):
        for _ in range(300):
            leader = self.random.choice(leaders)
            self.number += 1
            step = self.random.randrange(1, 10)
            leader.call("INCRBY", "sum", step)
            self.sum += step
            leader.call("SADD", "set", self.number)
            self.members.add(str(self.number))
            leader.call("HSET", "hash", f"field {self.number}", self.number)
            self.fields[f"field {self.number}"] = str(self.number)
            leader.call("SET", f"key {self.number % 50}", self.number, "EX", "100000")

    def shown_by(self, leader):
        pairs = leader.call("HGETALL", "hash")
        check(leader.call("GET", "sum") == str(self.sum), f"{leader.region}: the sum")
        check(set(leader.call("SMEMBERS", "set")) == self.members, f"{leader.region}: the set")
        check(dict(zip(pairs[::2], pairs[1::2])) == self.fields, f"{leader.region}: the hash")


def exchange(world, writes, leaders):
    writes.some(leaders)
    for leader in leaders:   # Of many frames, which versions cut in different sizes.
        leader.call("SET", f"large {leader.region}", writes.random.randbytes(3_000_000))
    world.wait_equal(leaders)
    for leader in leaders:
        writes.shown_by(leader)


def upgrade(leader):
    check(leader.stop() == 0, f"{leader.region} did not end cleanly")
    leader.program = ANABRANCH
    leader.start()


def main():
    random = new_random()
    with World() as world:
        previous = previous_program(world.folder)
        eu = world.start("eu", program=previous)
        us = world.start("us", peers=[eu], program=previous)
        ap = world.start("ap", peers=[eu, us], program=previous)
        leaders = [eu, us, ap]
        writes = Writes(random)
        exchange(world, writes, leaders)
        for leader in random.sample(leaders, 3):
            upgrade(leader)
            wait_until("all are connected again", lambda: all(
                one.is_connected(other) for one in leaders for other in leaders if one is not other))
            exchange(world, writes, leaders)
        # A region of this version joins one of the version before, and takes a snapshot or its log.
        old = world.start("old", program=previous)
        writes = Writes(random)
        writes.some([old])
        new = world.start("new", peers=[old])
        exchange(world, writes, [old, new])


if __name__ == "__main__":
    main()
