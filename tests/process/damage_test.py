#!/usr/bin/env python3
"""A damaged data file gives a sentence and an exit code, never a bare signal: pages of every kind that
are overwritten, files that are cut at any length, before they are opened and while they are open.
What cannot be told from data may pass; it must not crash. A value of the storage engine that has
changed is never shown."""

import os
import shutil

from leaders import LONG, Leader, World, check, new_random, run, wait_until
from pages import PAGE, pages_in_use, values_in_use
from resp import ServerError

CLEAN, FAILED, DAMAGED = 0, 1, 3
KEYS = 400
ROUNDS = 10 if LONG else 1
READS = ([("GET", f"key:{i}") for i in range(KEYS)] + [("SMEMBERS", f"set:{i}") for i in range(7)] +
         [("HGETALL", f"hash:{i}") for i in range(5)])
FLAGS = ["--flush-bytes-max", str(1 << 20)]  # The storage engine has most in its tables then.


def fill(world, random):
    """A directory with pages of every kind; gives the bytes of its file."""
    leader = world.start("eu", flags=FLAGS)
    for i in range(KEYS):
        size = random.choice([10, 100, 1000, 10_000])
        leader.call("SET", f"key:{i}", random.randbytes(size).hex()[:size])
        leader.call("SADD", f"set:{i % 7}", f"member:{i}")
        leader.call("HSET", f"hash:{i % 5}", f"field:{i}", str(i))
    for i in range(0, KEYS, 9):
        leader.call("DEL", f"key:{i}")
    wait_until("the storage engine has written to its tables", lambda:
               leader.status()["storage_flushes"] > 0)
    shown = {words: read(leader, words) for words in READS}
    check(leader.stop() == CLEAN, "the leader did not stop")
    with open(os.path.join(leader.data, "data.mdb"), "rb") as file:
        return leader, file.read(), shown


class Directory:
    """Where damaged files are put."""

    def __init__(self, world, leader):
        self.world = world
        self.region = leader.region
        self.wal = os.path.join(leader.data, "wal")
        self.path = os.path.join(world.folder, "damaged")
        self.file = os.path.join(self.path, "data.mdb")

    def put(self, data):
        shutil.rmtree(self.path, ignore_errors=True)
        os.mkdir(self.path)
        with open(self.file, "wb") as file:
            file.write(data)
        shutil.copytree(self.wal, os.path.join(self.path, "wal"))

    def judge(self, what, code, said):
        """Whether a process has ended as it may. Gives whether it has found the damage."""
        if code < 0 and what.startswith("serve"):  # LMDB has written to a damaged page.
            check("stopped by SIG" in said, f"{what}: ended with {code} without a word")
            return True
        check(code in (CLEAN, FAILED, DAMAGED), f"{what}: ended with {code}, said {said!r}")
        check(code == CLEAN or said.strip(), f"{what}: ended with {code} without a word")
        if code == DAMAGED:
            last = said.strip().splitlines()[-1]
            check("damaged" in last or "truncated" in last or "put this" in last,
                  f"{what}: said {said!r}")
            check("data directory" in said and "put this data directory aside" in said,
                  f"{what}: said nothing of what to do: {said!r}")
        return code != CLEAN

    def check(self, what):
        done = run("check", "--data", self.path, timeout=60)
        return self.judge(f"check, {what}", done.returncode, done.stdout + done.stderr)

    def serve(self, what):
        """Serves, reads and writes everything, and stops."""
        leader = Leader(self.world, self.region, "damaged")
        leader.data = self.path
        if os.path.exists(leader.log_path):
            os.remove(leader.log_path)
        try:
            leader.start_once()
            use(leader)
        except (AssertionError, OSError, ServerError):
            pass
        finally:
            leader.drop_client()
        if leader.process.poll() is None:
            leader.process.terminate()
        code = leader.process.wait(60)
        with open(leader.log_path, errors="replace") as log:
            return self.judge(f"serve, {what}", code, log.read())


def read(leader, words):
    """What a command answers, in an order of its own; None is an error."""
    try:
        answer = leader.call(*words)
    except ServerError as error:
        check("damaged on the disk" in str(error), f"{words}: {error}")
        return None
    return sorted(answer) if isinstance(answer, list) else [answer]


def use(leader):
    for i in range(KEYS):
        for words in (["GET", f"key:{i}"], ["SET", f"key:{i}", "again"],
                      ["SMEMBERS", f"set:{i % 7}"], ["SADD", f"set:{i % 7}", f"new:{i}"],
                      ["HGETALL", f"hash:{i % 5}"], ["DEL", f"hash:{i % 5}"]):
            try:
                leader.call(*words)
            except ServerError:
                pass


def fillings(random, data, page):
    """What a page may be overwritten with."""
    begin = page * PAGE
    noise = random.randbytes(PAGE)
    other = random.randrange(len(data) // PAGE) * PAGE
    flipped = bytearray(data[begin:begin + PAGE])
    for _ in range(8):
        flipped[random.randrange(16, PAGE)] ^= 1 << random.randrange(8)
    return {"zeros": bytes(PAGE), "ones": b"\xff" * PAGE, "noise": noise,
            "noise below its header": data[begin:begin + 16] + noise[16:],
            "another page": data[other:other + PAGE], "bits flipped": bytes(flipped)}


def overwritten(directory, data, random):
    """One page of each kind, with everything that it may be overwritten with."""
    by_kind = {}
    for page, kind in pages_in_use(data).items():
        by_kind.setdefault(kind, []).append(page)
    in_log = () if os.path.isdir(directory.wal) else (
        "branch of log", "leaf of log", "value of log")
    for kind in ("meta", "branch of rows", "leaf of rows", *in_log, "leaf of meta",
                 "leaf of tables", "leaf of free pages"):
        check(kind in by_kind, f"the file has no {kind}: {sorted(by_kind)}")
    tried = found = 0
    for _ in range(ROUNDS):
        for kind, pages in sorted(by_kind.items()):
            page = random.choice(pages)
            for name, filling in fillings(random, data, page).items():
                directory.put(data[:page * PAGE] + filling + data[(page + 1) * PAGE:])
                what = f"page {page} ({kind}) overwritten with {name}"
                tried += 1
                found += directory.check(what)
                if random.random() < 0.25:
                    directory.put(data[:page * PAGE] + filling + data[(page + 1) * PAGE:])
                    directory.serve(what)
    print(f"{found} of {tried} overwritten pages were found")
    check(found * 10 >= tried * 6, "too little of the damage was found")


def truncated(directory, data, random):
    sizes = [0, 1, 100, PAGE, PAGE + 1, 2 * PAGE, 3 * PAGE, len(data) // 2,
             random.randrange(len(data)), len(data) - PAGE]
    for size in sizes:
        last = max(pages_in_use(data))
        directory.put(data[:size])
        check(directory.check(f"cut to {size} bytes") or size > last * PAGE, f"{size} is fine?")
        directory.put(data[:size])
        directory.serve(f"cut to {size} bytes")


def truncated_while_open(directory, data):
    directory.put(data)
    leader = Leader(directory.world, directory.region, "damaged")
    leader.data = directory.path
    leader.start()
    os.truncate(directory.file, 2 * PAGE)
    try:
        use(leader)
    except (OSError, ServerError):
        pass
    leader.drop_client()
    code = leader.process.wait(20)
    with open(leader.log_path, errors="replace") as log:
        said = log.read()
    check(code == DAMAGED, f"ended with {code}, said {said!r}")
    check(f"{directory.file} is damaged" in said, f"said {said!r}")


def changed_values(directory, data, random, shown):
    """Some bits of values of rows, and of what is derived from them: each answer is the right one,
    or an error."""
    places = [place for table in ("rows", "counts") for place in values_in_use(data, table)]
    errors = told = 0
    for _ in range(6 * ROUNDS):
        changed = bytearray(data)
        for at, size in random.sample(places, 20):
            changed[at + random.randrange(size)] ^= 1 << random.randrange(8)
        directory.put(bytes(changed))
        check(directory.check("changed values"), "check has not found any of 20 changed values")
        leader = Leader(directory.world, directory.region, "damaged")
        leader.data = directory.path
        try:
            leader.start()
        except AssertionError as ended:  # It needs the rows of regions and policies.
            check(leader.process.wait(20) == DAMAGED and "is damaged on the disk" in str(ended),
                  f"it ended without a word of the damage: {ended}")
            told += 1
            continue
        for words, right in shown.items():
            answer = read(leader, words)
            errors += answer is None
            check(answer in (None, right), f"{words} shows {answer!r}, not {right!r}")
        told += len(leader.status()["storage_damage"])
        check(leader.stop() == CLEAN, "the leader did not stop")
    check(errors > 5 and told > 5, f"{errors} errors, and {told} values in status")
    print(f"{errors} answers were errors, no other one was wrong")


def main():
    random = new_random()
    with World() as world:
        leader, data, shown = fill(world, random)
        directory = Directory(world, leader)
        directory.put(data)
        check(not directory.check("nothing"), "the whole file is not clean")
        if os.path.isdir(directory.wal):
            changed_values(directory, data, random, shown)
        truncated(directory, data, random)
        truncated_while_open(directory, data)
        overwritten(directory, data, random)
    print("damage is told in words")


main()
