#!/usr/bin/env python3
"""`anabranch import` brings the keys of a Redis into a leader: from one that runs and from its
file, in every database, with expiry and binary names; it can be killed at any time and goes on; it
names all that it leaves out, and refuses wrong files and addresses."""

import os
import re
import shutil
import signal
import subprocess

from leaders import ANABRANCH, World, check, new_random, run, wait_until
from redis_server import RedisServer

PARTLY = 4
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def fill(redis, random):
    """Keys of all types that exist here, and some that do not."""
    with redis.client() as client:
        client.call("SET", b"\0\xff\r\n key", b"\0\xff\r\n value")
        client.call("SET", "number", "12345")
        client.call("SET", "long", "xy" * 300_000)
        client.call("SET", "large", random.randbytes(5_000_000))
        client.call("SET", "empty", "")
        client.call("SET", "expires", "late", "PXAT", "4102444800123")
        client.call("SET", "bits", "")
        client.call("SETBIT", "bits", "77", "1")
        client.call("PFADD", "hll", "a", "b", "c")
        client.call("HSET", "small hash", "f", "v", b"\0", b"\xff", "n", "7")
        client.call("PEXPIREAT", "small hash", "4102444800456")
        client.call("SADD", "integers", "1", "-2", "70000")
        client.call("SADD", "small set", "a", b"\0")
        for part in range(20):
            pairs = [word for i in range(500) for word in (f"field {part} {i}", random.randbytes(20))]
            client.call("HSET", "large hash", *pairs)
            client.call("SADD", "large set", *[f"member {part} {i}" for i in range(500)])
        client.call("PEXPIREAT", "large set", "4102444800789")
        client.call("SELECT", 9)
        for i in range(3000):
            client.send("SET", f"key {i}", f"value {i}")
        for _ in range(3000):
            client.answer()


def add_foreign(redis):
    with redis.client() as client:
        client.call("RPUSH", "a list", "a", "b")
        client.call("ZADD", "scores", 1, "a")
        client.call("XADD", "stream", "*", "f", "v")
        client.call("SET", "over", b"x" * (33 << 20))
        client.call("HSET", "in part", "f", "v", b"n" * 70_000, "v")


def contents(client):
    """{(database, key): (value, deadline)} of all keys of the types that both have."""
    found = {}
    for database in range(16):
        client.call("SELECT", database)
        for key in client.call("KEYS", "*"):
            name = key.encode(errors="surrogateescape")
            kind = client.call("TYPE", name)
            if kind == "string":
                value = client.call("GET", name)
            elif kind == "hash":
                pairs = client.call("HGETALL", name)
                value = dict(zip(pairs[::2], pairs[1::2]))
            elif kind == "set":
                value = set(client.call("SMEMBERS", name))
            else:
                continue
            found[database, key] = (value, client.call("PEXPIRETIME", name))
    client.call("SELECT", 0)
    return found


def near(one, other):
    """Deadlines are read as times to live, so they may move by the time of an answer."""
    return one == other or (min(one, other) > 0 and abs(one - other) < 60_000)


def same(redis, leader, but=()):
    with redis.client() as client:
        there = contents(client)
    with_deadlines = contents(leader.client or leader_client(leader))
    for name in but:
        there.pop((0, name), None)
        with_deadlines.pop((0, name), None)
    check(there.keys() == with_deadlines.keys(), sorted(there.keys() ^ with_deadlines.keys())[:10])
    for key, (value, deadline) in there.items():
        check(with_deadlines[key][0] == value, f"{key}: another value")
        check(near(with_deadlines[key][1], deadline), f"{key}: {with_deadlines[key][1]} {deadline}")


def leader_client(leader):
    leader.call("PING")
    return leader.client


def imported(leader, source, *words, code=0):
    done = run("import", "--from", source, "--to", leader.redis, *words, timeout=120)
    check(done.returncode == code, f"{words}: exit {done.returncode}, {done.stdout}{done.stderr}")
    return done


def empty(leader):
    leader.call("FLUSHALL")


def from_a_server(redis, leader, progress):
    imported(leader, f"redis://{redis.address}", *progress)
    same(redis, leader)
    check(os.listdir(progress[1]) == [], "the progress of an import that is done stays")
    again = imported(leader, redis.address, *progress, code=PARTLY)
    check("were there already" in again.stdout and ", ..." in again.stdout, again.stdout)
    imported(leader, redis.address, *progress, "--skip-existing")
    leader.call("SET", "number", "mine")
    imported(leader, redis.address, *progress, "--skip-existing")
    check(leader.call("GET", "number") == "mine", "an existing key was overwritten")
    leader.call("HSET", "small hash", "mine", "stays?")
    over = imported(leader, redis.address, *progress, "--overwrite")
    check("replaced keys" in over.stdout, over.stdout)
    same(redis, leader)
    empty(leader)
    imported(leader, f"redis://{redis.address}/9", *progress)
    leader.call("SELECT", 9)
    check(leader.call("DBSIZE") == 3000, "the keys of one database")
    leader.call("SELECT", 0)
    check(leader.call("DBSIZE") == 0, "the keys of the other databases")


def from_a_file(redis, leader, progress):
    with redis.client() as client:
        client.call("SAVE")
    path = os.path.join(redis.folder, "dump.rdb")
    empty(leader)
    imported(leader, path, *progress)
    same(redis, leader)
    return path


def left_out(redis, leader, progress, path):
    add_foreign(redis)
    with redis.client() as client:
        client.call("SAVE")
    for source in (redis.address, path):
        empty(leader)
        said = imported(leader, source, *progress, code=PARTLY).stdout
        for part in ('list: 1: "a list"', 'sorted set: 1: "scores"', 'stream: 1: "stream"',
                     '32 MiB', '"over"', '"in part"'):
            check(part in said, f"{part} expected: {said}")
        same(redis, leader, but=("over", "in part"))
        check(leader.call("HGETALL", "in part") == ["f", "v"], "a hash in part")


def killed(redis, leader, progress, source, random):
    """Each run is killed when the target has some keys more, until one comes to its end."""
    empty(leader)
    kills = 0
    words = [ANABRANCH, "import", "--from", source, "--to", leader.redis, *progress]
    while kills < 6:
        begun = count(leader)
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        more = random.randrange(1, 700)
        wait_until("some keys came or it has ended",
                   lambda: process.poll() is not None or count(leader) >= begun + more)
        process.send_signal(signal.SIGKILL)
        said = process.communicate()
        if process.returncode == PARTLY:   # The run before was killed when it was done already.
            check(said[0].startswith(b"0 keys imported"), said)
            break
        check(process.returncode in (0, -signal.SIGKILL), f"{process.returncode}: {said}")
        if process.returncode == 0:
            break
        kills += 1
    check(kills > 0, "no run was killed in the middle")
    done = run(*words[1:], timeout=120)
    if done.returncode == PARTLY:  # The last one to be killed was done already.
        check(done.stdout.startswith("0 keys imported"), done.stdout)
        check("were there already" in done.stdout, done.stdout)
    else:
        check(done.returncode == 0, f"{done.stdout}{done.stderr}")
    same(redis, leader)


def count(leader):
    number = 0
    for database in (0, 9):
        leader.call("SELECT", database)
        number += leader.call("DBSIZE")
    leader.call("SELECT", 0)
    return number


def refused(leader, source, code, *parts, words=()):
    done = run("import", "--from", source, "--to", leader.redis, *words)
    check(done.returncode == code, f"{source}: exit {done.returncode}, {done.stderr}")
    for part in parts:
        check(part in done.stderr, f"{part!r} expected: {done.stderr}")


def wrong_sources(leader, progress, path, folder):
    empty(leader)
    data = open(path, "rb").read()

    def file_of(name, contents):
        place = os.path.join(folder, name)
        with open(place, "wb") as file:
            file.write(contents)
        return place

    cut = file_of("cut.rdb", data[:len(data) // 2])
    refused(leader, cut, 1, "cut.rdb", "at offset ", "cut off", "nothing was written",
            words=progress)
    damaged = bytearray(data)
    damaged[data.index(b"value 1500")] ^= 1
    refused(leader, file_of("damaged.rdb", damaged), 1, "checksum", "damaged", words=progress)
    refused(leader, file_of("text.rdb", b"appendonly"), 1, "REDIS", words=progress)
    refused(leader, os.path.join(folder, "absent.rdb"), 2, "no file that is there")
    refused(leader, "rediss://127.0.0.1:1", 2, "TLS")
    refused(leader, "127.0.0.1:1", 1, "127.0.0.1:1", words=progress)
    refused(leader, "", 2, "--from")
    refused(leader, "127.0.0.1:1", 2, "not both", words=["--overwrite", "--skip-existing"])
    refused(leader, path, 1, "no-such-folder", words=["--progress", "/no-such-folder"])
    check(count(leader) == 0, "a refused import has written keys")
    done = run("import", "--from", path, "--to", "127.0.0.1:1", *progress)
    check(done.returncode == 1 and "127.0.0.1:1" in done.stderr, done.stderr)


def with_passwords(world, leader, progress):
    folder = os.path.join(world.folder, "locked")
    with RedisServer(folder, "--requirepass", "se:cr@t") as redis:
        with redis.client() as client:
            client.call("AUTH", "se:cr@t")
            client.call("SET", "behind", "a password")
        empty(leader)
        refused(leader, redis.address, 1, "NOAUTH", words=progress)
        refused(leader, f"redis://:wrong@{redis.address}", 1, "WRONGPASS", words=progress)
        imported(leader, f"redis://:se%3Acr%40t@{redis.address}", *progress)
        check(leader.call("GET", "behind") == "a password", "a source with a password")
        done = run("import", "--from", redis.address, "--to", leader.redis, *progress, "--overwrite",
                   environment={"ANABRANCH_SOURCE_PASSWORD": "se:cr@t"})
        check(done.returncode == 0, done.stderr)


def a_target_that_refuses(world, redis, progress):
    """A leader that is being drained takes nothing; when it does again, the import goes on."""
    leader = world.start("us")
    check(run("drain", "--redis", leader.redis).returncode == 0, "drain")
    refused(leader, redis.address, 1, "the leader refuses", "goes on from here", words=progress)
    check(run("drain", "--undo", "--redis", leader.redis).returncode == 0, "undo")
    done = imported(leader, redis.address, *progress)
    check("goes on from" in done.stderr, done.stderr)
    same(redis, leader)


def with_the_rights_of_the_page(world, redis, progress):
    """At the leader a user with the rights that docs/moving.md names, and no other."""
    with open(os.path.join(ROOT, "docs", "moving.md"), encoding="utf-8") as page:
        rights = re.search(r"The user needs `(\+[^`]*)`", page.read()).group(1)
    users = os.path.join(world.folder, "users.acl")
    with open(users, "w", encoding="utf-8", opener=lambda *all: os.open(*all, 0o600)) as file:
        file.write(f"user default on nopass ~* +@all\nuser mover on >secret ~* {rights}\n")
    leader = world.start("ap", flags=["--acl-file", users])
    done = run("import", "--from", redis.address, "--to", leader.redis, "--user", "mover", *progress,
               timeout=120, environment={"ANABRANCH_PASSWORD": "secret"})
    check(done.returncode == 0, f"{done.stdout}{done.stderr}")
    same(redis, leader)


def main():
    random = new_random()
    with World() as world:
        leader = world.start("eu")
        state = os.path.join(world.folder, "progress")
        os.mkdir(state)
        progress = ["--progress", state]
        with RedisServer(os.path.join(world.folder, "redis")) as redis:
            fill(redis, random)
            from_a_server(redis, leader, progress)
            path = from_a_file(redis, leader, progress)
            killed(redis, leader, progress, redis.address, random)
            shutil.rmtree(state)
            os.mkdir(state)
            killed(redis, leader, progress, path, random)
            shutil.rmtree(state)
            os.mkdir(state)
            wrong_sources(leader, progress, path, world.folder)
            with_passwords(world, leader, progress)
            a_target_that_refuses(world, redis, progress)
            with_the_rights_of_the_page(world, redis, progress)
            left_out(redis, leader, progress, path)


if __name__ == "__main__":
    main()
