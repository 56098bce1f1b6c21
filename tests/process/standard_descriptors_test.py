#!/usr/bin/env python3
"""A leader that is started without some of the descriptors 0 to 2: no file gets their numbers, so
that lines of the log are written into none, and what is stored stays as it is. And a program that
is started by the leader's process would inherit nothing else."""

import os
import subprocess

from leaders import World, check, new_random, run, wait_until
from resp import Client, ServerError

KEYS = 20_000
LINES = 10_000
AT_ONCE = 500
CLOSE_ON_EXEC = 0o2000000


def pipeline(client, commands):
    for begin in range(0, len(commands), AT_ONCE):
        part = commands[begin:begin + AT_ONCE]
        for command in part:
            client.send(*command)
        for _ in part:
            try:
                client.answer()
            except ServerError:
                pass  # A peer that is not there.


def answers(leader):
    with Client(leader.redis) as client:
        return client.call("PING") == "PONG"


def start_without(leader, closed):
    """It cannot say that it is ready: its place for that may be closed."""
    words = " ".join(f"{each}>&-" for each in closed)
    command = ["sh", "-c", f'exec "$@" {words}', "sh", *leader.command(), "--log-level", "info"]
    with open(leader.log_path, "ab") as log:
        leader.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    wait_until("it answers", lambda: answers(leader))


def places(leader):
    folder = f"/proc/{leader.process.pid}/fd"
    found = {}
    for name in os.listdir(folder):
        try:
            found[int(name)] = os.readlink(f"{folder}/{name}")
        except FileNotFoundError:
            pass  # It was closed meanwhile.
    return found


def inherited(leader):
    """The descriptors that a program started by its process would have."""
    found = []
    for name in os.listdir(f"/proc/{leader.process.pid}/fdinfo"):
        try:
            with open(f"/proc/{leader.process.pid}/fdinfo/{name}") as file:
                flags = next(line for line in file if line.startswith("flags:"))
        except FileNotFoundError:
            continue  # It was closed meanwhile.
        if not int(flags.split()[1], 8) & CLOSE_ON_EXEC:
            found.append(int(name))
    return sorted(found)


def main():
    new_random()
    subsets = [[each for each in range(3) if bits >> each & 1] for bits in range(1, 8)]
    with World() as world:
        leader = world.start("eu", flags=["--http", "127.0.0.1:0"])
        with Client(leader.redis) as client:
            pipeline(client, [("SET", f"key:{i}", f"value-{i}") for i in range(KEYS)])
        check(leader.stop() == 0, "it ends cleanly")
        for closed in subsets:
            size = os.path.getsize(leader.log_path)
            start_without(leader, closed)
            there = places(leader)
            for each in closed:
                check(there[each] == "/dev/null", f"without {closed}: {each} is {there[each]}")
            check(inherited(leader) == [0, 1, 2], f"a child would inherit {inherited(leader)}")
            with Client(leader.redis) as client:
                pipeline(client, [("ANABRANCH", "PEER", "PAUSE", f"nobody-{i}") for i in range(LINES)])
                check(f"acts_noted:{LINES}" in client.call("INFO"), "each leaves a line")
                check(client.call("GET", f"key:{KEYS - 1}") == f"value-{KEYS - 1}", "it has the key")
            check(leader.stop() == 0, f"without {closed} it ends cleanly")
            if 2 not in closed:
                with open(leader.log_path) as log:
                    log.seek(size)
                    check(log.read().count("nobody-") >= LINES, "the lines are in the log")
            checked = run("check", "--data", leader.data)
            check(checked.returncode == 0, f"without {closed}: {checked.stdout}{checked.stderr}")
        leader.start()
        check(leader.call("DBSIZE") == KEYS, "all keys are there")


if __name__ == "__main__":
    main()
