#!/usr/bin/env python3
"""What the log of a lone region has lost is told everywhere until an operator ends it: after a bit
has changed, and after files of the log were removed, while it is stopped and while it runs."""

import json
import os
import shutil
import subprocess
import time

from leaders import ANABRANCH, World, check, new_random, run, wait_until
from resp import ServerError

KEYS = 300
# Small: the log has several files, and none is flushed by its size.
VALUE = "v" * 12_000


def wal(leader):
    return os.path.join(leader.data, "wal")


def segments(leader):
    return sorted(name for name in os.listdir(wal(leader)) if name.startswith("segment-"))


def write(leader, first, last, value="v"):
    for number in range(first, last + 1):
        leader.call("SET", f"key:{number}", value)


def shown(leader):
    """How many keys it shows: a prefix of all."""
    count = leader.call("DBSIZE")
    check(leader.call("EXISTS", *[f"key:{n}" for n in range(1, count + 1)]) == count, "a prefix")
    return count


def asks(leader, *words):
    return run(*words, "--redis", leader.redis)


def tells(leader):
    """All places say that writes are missing."""
    status = leader.status()
    check(len(status["log_lost"]) == 1, status["log_lost"])
    said = status["log_lost"][0]
    check("has lost" in said and "(found 2" in said, said)
    critical = [each["kind"] for each in status["warnings"] if each["critical"]]
    check("log_lost" in critical, status["warnings"])
    check(asks(leader, "status", "--check").returncode == 2, "status --check")
    found = asks(leader, "doctor")
    check(found.returncode == 1 and said in found.stdout, f"{found.returncode} {found.stdout}{found.stderr}")
    listed = asks(leader, "salvage")
    check(listed.returncode == 1 and said in listed.stdout, listed.stdout)
    check("log_lost:1" in leader.call("INFO"), "INFO")
    with open(leader.log_path, errors="replace") as log:
        check(said in log.read(), "the log")
    return said


def is_well(leader):
    check(leader.status()["log_lost"] == [], leader.status()["log_lost"])
    check("log_lost" not in [each["kind"] for each in leader.status()["warnings"]], "no warning")
    check(asks(leader, "salvage").returncode == 0, "salvage")


def forget(leader):
    """An operator ends the condition; what the disk refuses can be asked for again."""
    blocked = os.path.join(wal(leader), "damaged-folder")
    os.mkdir(blocked)
    refused = asks(leader, "salvage", "--forget")
    check(refused.returncode != 0 and "damaged-folder" in refused.stderr, refused.stderr)
    os.rmdir(blocked)
    check(asks(leader, "salvage", "--forget").returncode == 0, "it is forgotten")
    is_well(leader)
    check(not any(name.startswith("damaged-") for name in os.listdir(wal(leader))), "files")
    with open(leader.log_path, errors="replace") as log:
        check("an operator has ended" in log.read(), "the log says how it ended")
    leader.kill()
    leader.start()
    is_well(leader)


def flip(leader, random):
    """A bit of the sound part of the log, but for its last records."""
    path = os.path.join(wal(leader), segments(leader)[-1])
    with open(path, "r+b") as file:
        used = len(file.read().rstrip(b"\0"))
        at = random.randrange(used // 4, used // 2)
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1 << random.randrange(8)]))


def a_bit(random):
    with World() as world:
        eu = world.start("eu")
        write(eu, 1, KEYS)
        eu.kill()
        flip(eu, random)
        found = run("check", "--data", eu.data)
        check(found.returncode != 0, found.stdout)
        eu.start()
        left = shown(eu)
        check(0 < left < KEYS, f"{left} of {KEYS}")
        said = tells(eu)
        eu.call("SET", f"key:{left + 1}", "v")
        check(eu.stop() == 0, "it ends")
        alone = run("doctor", "--data", eu.data, "--offline")
        check(alone.returncode == 1 and "1 loss of its log stands" in alone.stdout, alone.stdout)
        eu.start()
        check(tells(eu) == said, "it stands")
        forget(eu)


def salvages(leader, *words):
    done = run("salvage", "--data", leader.data, *words)
    return done.returncode, done.stdout + done.stderr


def written_again(random):
    """What is readable behind the damage is listed, exported and written again, once."""
    with World() as world:
        eu = world.start("eu")
        for number in range(1, KEYS + 1):
            eu.call("SET", f"key:{number}", f"v{number}")
            eu.call("INCRBY", "sum", number)
        eu.kill()
        flip(eu, random)
        eu.start()
        counted = int(eu.call("GET", "sum") or 0)
        left = next(n for n in range(1, KEYS + 2) if eu.call("EXISTS", f"key:{n}") == 0) - 1
        check(left < KEYS, left)
        for words in (("APPLY",), ("TAKE", "key:1"), ("APPLY", "FORCE")):
            try:
                eu.call("ANABRANCH", "SALVAGE", *words)
                raise AssertionError(f"{words} is done for a client")
            except ServerError as error:
                check("control socket" in str(error), error)
        code, said = salvages(eu)
        check(code == 1 and "records of this region that are proven" in said, said)
        lines = os.path.join(world.folder, "lost.jsonl")
        check(salvages(eu, "--out", lines)[0] == 1, "the loss stands")
        check("is there already" in salvages(eu, "--out", lines)[1], "no file is written over")
        with open(lines) as file:
            ops = [json.loads(line) for line in file]
        check({op["key"] for op in ops} >= {f"key:{n}" for n in range(left + 2, KEYS)}, "keys")
        status = eu.status()
        check(status["set_aside_bytes"] > 0, "set_aside_bytes")

        eu.call("SET", f"key:{KEYS - 1}", "later")
        check(salvages(eu, "--take", "key:1")[0] == 1, "nothing was left alone yet")
        apply = subprocess.Popen([ANABRANCH, "salvage", "--data", eu.data, "--apply"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.random() / 5)  # Somewhere within, or before, or behind.
        eu.kill()
        apply.wait()
        eu.start()
        code, said = salvages(eu, "--apply")
        check(code == 4 and f'"key:{KEYS - 1}"' in said, (code, said))
        check(eu.call("GET", f"key:{KEYS - 1}") == "later", "left alone")
        tells(eu)
        code, said = salvages(eu, "--take", f"key:{KEYS - 1}")
        check(code == 0, (code, said))
        is_well(eu)
        values = [eu.call("GET", f"key:{n}") for n in range(1, KEYS)]
        missing = [n for n, value in enumerate(values, 1) if value is None]
        check(len(missing) <= 1, missing)
        lost = KEYS * (KEYS + 1) // 2 - int(eu.call("GET", "sum"))
        check(0 <= lost <= KEYS and int(eu.call("GET", "sum")) > counted, f"{lost} of the sum")
        check(salvages(eu, "--forget")[0] == 0, "forget")
        eu.kill()
        eu.start()
        check([eu.call("GET", f"key:{n}") for n in range(1, KEYS)] == values, "the same")


def refuses(leader):
    """It does not start, and says how it would; with that it starts, and tells of the loss."""
    words = leader.command()[1:]
    for _ in range(2):
        refused = run(*words)
        check(refused.returncode not in (0, -6), refused)
        accept = f"--accept-lost-log={leader.origin}"
        check(accept in refused.stdout + refused.stderr, refused)
    leader.flags.append(accept)
    leader.start()
    tells(leader)


def folder_removed(how):
    """The folder of the log, before the first flush, behind one, and after a stop."""
    with World() as world:
        eu = world.start("eu", flags=["--flush-bytes-max", str(1 << 20)])
        write(eu, 1, KEYS)
        if how == "behind a flush":
            for number in range(60):
                eu.call("SET", f"filler:{number}", "f" * 50_000)
            wait_until("a flush", lambda: eu.status()["storage_flushes"] > 0)
        if how == "after a stop":
            check(eu.stop() == 0, "it ends")
        else:
            eu.kill()
        shutil.rmtree(wal(eu))
        refuses(eu)
        left = eu.call("DBSIZE")
        if how == "after a stop":
            check(left == KEYS, f"{left}: the stop has written all")
        eu.kill()
        eu.start()  # The flag accepts that loss alone, and is no matter now.
        tells(eu)
        check(eu.call("DBSIZE") == left, "the same")


def is_noted(leader, segment):
    with open(os.path.join(leader.data, "data.mdb"), "rb") as tables:
        return segment.encode() in tables.read()


def segment_removed(which):
    """A file of several, while it is stopped."""
    with World() as world:
        eu = world.start("eu")
        write(eu, 1, KEYS, VALUE)
        eu.call("SET", f"key:{KEYS + 1}", "v" * 17_000_000)
        eu.kill()
        eu.start()
        eu.call("SET", f"key:{KEYS + 2}", "v")
        names = segments(eu)
        check(len(names) >= 3, names)
        # A file that was begun while it runs is noted a moment later.
        wait_until("the tables know the newest file", lambda: is_noted(eu, names[-1]))
        eu.kill()
        os.remove(os.path.join(wal(eu), names[which]))
        eu.start()
        left = shown(eu)
        check(left < KEYS + 2, f"{left} are left")
        tells(eu)
        forget(eu)
        check(shown(eu) == left, "the same")


def removed_while_it_runs():
    with World() as world:
        eu = world.start("eu")
        write(eu, 1, KEYS)
        os.remove(os.path.join(wal(eu), segments(eu)[-1]))
        try:
            eu.call("SET", "later", "v")
            raise AssertionError("a write is acknowledged that nobody would find")
        except ServerError as error:
            check("was removed" in str(error) or "closed" in str(error), error)
        check(not eu.status()["writable"], "it is closed")
        check(asks(eu, "status", "--check").returncode == 2, "status --check")
        eu.kill()
        refuses(eu)


def main():
    a_bit(new_random())
    print("written again", flush=True)
    written_again(new_random())
    for how in ("before a flush", "behind a flush", "after a stop"):
        print(how, flush=True)
        folder_removed(how)
    for which in (-1, 1):
        print("segment", which, flush=True)
        segment_removed(which)
    removed_while_it_runs()


if __name__ == "__main__":
    main()
