#!/usr/bin/env python3
"""A full disk, on a small tmpfs: writes that add are refused with one clear error, reads and removes
go on, writes of others wait; when space is back everything resumes by itself, and nothing that was
acknowledged is missing. Skipped, saying so, where mounting is not permitted."""

import contextlib
import os
import subprocess
import sys
import time

from leaders import World, check, new_random, skip, wait_until
from resp import ServerError
from workload import Workload

RESERVE = 4 << 20


def in_namespace():
    """Runs again in a namespace where mounting is permitted, if this user may make one."""
    if os.geteuid() == 0 or os.environ.get("ANABRANCH_TEST_UNSHARED"):
        return
    probe = subprocess.run(["unshare", "-Urm", "true"], capture_output=True)
    if probe.returncode == 0:
        os.environ["ANABRANCH_TEST_UNSHARED"] = "1"
        os.execvp("unshare", ["unshare", "-Urm", sys.executable, *sys.argv])


@contextlib.contextmanager
def small_disk(folder, size, more=""):
    """A tmpfs at a folder; gives a function that changes its size."""
    os.mkdir(folder)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}{more}", "tmpfs", folder],
                             capture_output=True, text=True)
    if mounted.returncode != 0:
        skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    try:
        yield lambda new: subprocess.run(
            ["mount", "-o", f"remount,size={new}", folder], check=True)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def start_on(world, region, folder, peers=()):
    """A leader whose data is on the small disk."""
    return world.start(region, peers=peers, flags=["--reserve-bytes", str(RESERVE)],
                       data=os.path.join(folder, region))


def fill(leader):
    """Writes until writes are refused for a second, since the storage engine may still give back
    what it had made ahead of use; gives the keys, and the refusal."""
    keys = []
    refused_since = None
    while True:
        check(len(keys) < 2000, "the disk never gets full")
        try:
            leader.call("SET", f"filling:{len(keys)}", "x" * 50_000)
        except ServerError as error:
            refused_since = refused_since or time.monotonic()
            if time.monotonic() - refused_since > 1:
                return keys, str(error)
            time.sleep(0.01)
            continue
        refused_since = None
        keys.append(f"filling:{len(keys)}")


def check_full(eu, us, keys, refusal):
    check("nearly full" in refusal and "reserve" in refusal, f"a clear error, not: {refusal}")
    status = us.status()
    check(status["full"] and status["writable"], "status says that the disk is full")
    for command in (("SET", "other", "y" * 50), ("INCR", "count"), ("SADD", "set", "a"),
                    ("HSET", "map", "a", "b")):
        try:
            us.call(*command)
            check(False, f"{command[0]} is refused")
        except ServerError as error:
            check("nearly full" in str(error), f"{command[0]}: {error}")
    check(us.call("STRLEN", keys[-1]) == 50_000, "reads go on")
    check(us.call("DEL", keys.pop()) == 1, "removes go on")
    eu.call("SET", "from:eu", "waits")
    wait_until("the other's write waits", lambda: any(
        peer["behind_ops"] > 0 for peer in us.status()["peers"]))
    check(us.call("GET", "from:eu") is None, "what there is no room for is not shown")


def check_resumed(world, eu, us, keys):
    wait_until("the other's write arrives", lambda: us.call("GET", "from:eu") == "waits")
    us.call("SET", "from:us", "there is room")
    world.wait_equal([eu, us])
    for key in keys:
        check(us.call("STRLEN", key) == 50_000, f"{key} is there")


def fill_and_give_back(world, folder, resize):
    eu = world.start("eu")
    us = start_on(world, "us", folder, [eu])
    us.call("SET", "hello", "1")
    keys, refusal = fill(us)
    print(len(keys), "values of 50,000 bytes fit; then:", refusal, flush=True)
    check_full(eu, us, keys, refusal)
    resize("64m")
    check_resumed(world, eu, us, keys)
    # Full again, and this time room is made by removing.
    resize("24m")
    keys += fill(us)[0]
    eu.call("SET", "from:eu", "late")
    for key in keys[:len(keys) // 2]:
        us.call("DEL", key)
    wait_until("removing makes room", lambda: us.call("SET", "small", "1") == "OK")
    world.wait_equal([eu, us])
    # And through a restart while it is full.
    fill(us)
    us.kill()
    us.start()
    check(us.call("STRLEN", keys[-1]) == 50_000, "it starts on a full disk, and reads")
    resize("128m")
    wait_until("it resumes", lambda: us.call("SET", "small", "2") == "OK")
    world.wait_equal([eu, us])
    return eu, us


class Ballast:
    """Somebody else's file on the same disk."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "ballast")
        self.folder = folder

    def leave(self, free):
        """Grows until only so many bytes are free."""
        disk = os.statvfs(self.folder)
        with open(self.path, "ab") as file:
            os.posix_fallocate(file.fileno(), 0, file.tell() + disk.f_bavail * disk.f_frsize - free)

    def remove(self):
        os.remove(self.path)


def load_while_full(random, world, eu, us, ballast):
    """A history under load, the disk getting full and free again."""
    with Workload(random, [eu, us], clients=2, pause=0.002) as load:
        for _ in range(2):
            before = load.done("us")
            wait_until("there is load", lambda: load.done("us") > before + 100)
            ballast.leave(RESERVE // 2)
            refused = len(load.refusals)
            wait_until("writes are refused", lambda: len(load.refusals) > refused + 10)
            ballast.remove()
    check(all("nearly full" in one for one in load.refusals), f"{set(load.refusals)}")
    print(load.check(world), flush=True)


def fill_to_the_brim(world, eu, us, ballast):
    """Others leave nothing at all: removes are refused too, and nothing breaks."""
    us.call("SET", "last", "1")
    ballast.leave(0)
    try:
        us.call("DEL", "last")
        check(us.call("EXISTS", "last") == 0, "it was removed, from what is free inside")
    except ServerError as error:
        check("full to the brim" in str(error), f"a clear error, not: {error}")
    check(us.status()["writable"], "the leader is not closed for writes")
    ballast.remove()
    wait_until("it resumes", lambda: us.call("SET", "last", "2") == "OK")
    world.wait_equal([eu, us])


def use_up_inodes(world, folder):
    """Others take all inodes: as on a full disk, though there are bytes."""
    ap = world.start("ap", flags=["--mesh", "lone", "--reserve-bytes", "64MiB"],
                     data=os.path.join(folder, "ap"))
    ap.call("SET", "before", "1")
    files = []
    with contextlib.suppress(OSError):
        while True:
            path = os.path.join(folder, f"file-{len(files)}")
            os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
            files.append(path)
    check(files, "there were some inodes")
    keys, refusal = fill(ap)
    print(len(keys), "values of 50,000 bytes beside no inode; then:", refusal, flush=True)
    check("full to the brim" in refusal and "df -i" in refusal, f"a clear error, not: {refusal}")
    check(ap.call("GET", "before") == "1", "reads go on")
    for path in [files.pop() for _ in range(3)]:
        os.remove(path)
    refusal = fill(ap)[1]
    check("nearly full" in refusal and "df -i" in refusal, f"a clear error, not: {refusal}")
    wait_until("removes go on", lambda: ap.call("DEL", "before") == 1)
    check(ap.status()["writable"], "the leader is not closed for writes")
    for path in files:
        os.remove(path)
    wait_until("it resumes", lambda: ap.call("SET", "after", "1") == "OK")
    for number in range(40):
        check(ap.call("SET", f"large:{number}", "x" * 1_000_000) == "OK", "and goes on")
    check(ap.stop() == 0, "it ends cleanly")


def main():
    in_namespace()
    random = new_random()
    with World() as world:
        folder = os.path.join(world.folder, "disk")
        with small_disk(folder, "24m") as resize:
            eu, us = fill_and_give_back(world, folder, resize)
            ballast = Ballast(folder)
            load_while_full(random, world, eu, us, ballast)
            fill_to_the_brim(world, eu, us, ballast)
            for leader in (eu, us):
                check(leader.stop() == 0, f"{leader.region} did not end cleanly")
        folder = os.path.join(world.folder, "few-files")
        with small_disk(folder, "1g", ",nr_inodes=40"):
            use_up_inodes(world, folder)


if __name__ == "__main__":
    main()
