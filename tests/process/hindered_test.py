#!/usr/bin/env python3
"""Each command that asks a leader, as `anabranch --help` lists them, ends within seconds, with a code of
the table in docs/operations/install.md, where the leader writes its log into a pipe that nobody
empties, and where it may not open one file more. Where it is stopped: silent_test.py."""

import os
import resource
import time

from leaders import World, check, run, wait_until
from log_pipe_test import dropped_by, fill, serve_into
from silent_test import SILENT, WORDS, all_end, asking, cases, cases_of_directory, prepare

WITHIN = 10.0
DONE, FAILED = 0, 1
# These have what they need, so they are done.
WELL = {"status", "peer pause", "peer resume", "digest", "verify", "salvage", "fork list", "region list",
        "policy list", "policy set", "plugin list", "backup", "conflicts list", "conflicts export",
        "conflicts stats", "repair", "drain"}


def answers(name, leader):
    """The command is done as at any other leader, or fails and says why."""
    words = [*name.split(), *WORDS.get(name, []), "--redis", leader.redis]
    begun = time.monotonic()
    done = run(*words, timeout=60)
    took = time.monotonic() - begun
    fails = done.returncode == FAILED and done.stdout + done.stderr
    check(done.returncode == DONE or fails and name not in WELL, f"{words}: {done}")
    check(took < WITHIN, f"{words}: took {took:.1f} s")


def full_pipe(world, commands):
    us = world.start("us")
    eu = world.start("eu", peers=[us])
    wait_until("they are connected", lambda: eu.is_connected(us))
    check(eu.stop() == 0, "a clean end")
    reader, writer = os.pipe()
    serve_into(eu, writer)
    os.close(writer)
    wait_until("they are connected", lambda: eu.is_connected(us))
    fill(eu)
    before = dropped_by(eu)
    WORDS["peer pause"] = WORDS["peer resume"] = ["us"]
    WORDS["backup"] = [os.path.join(world.folder, "backup")]
    for name in commands:  # In the order of the table: nothing waits for us while that is paused.
        if name != "import":
            answers(name, eu)
    check(dropped_by(eu) > before, "the pipe is full to the end")
    os.close(reader)


def lowest_free(process):
    taken = {int(name) for name in os.listdir(f"/proc/{process.pid}/fd")}
    return min(set(range(len(taken) + 1)) - taken)


def no_descriptor(world, commands):
    """Who connects is not taken on: that is a leader that does not answer."""
    eu = world.start("eu-full")
    eu.drop_client()
    wait_until("nobody is connected", lambda: lowest_free(eu.process) == len(
        os.listdir(f"/proc/{eu.process.pid}/fd")))
    least = lowest_free(eu.process)
    usual = resource.prlimit(eu.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(eu.process.pid, resource.RLIMIT_NOFILE, (least, usual[1]))
    all_end([*cases(commands, eu.redis, world.folder),
             *cases_of_directory(commands, eu.data, world.folder)])
    resource.prlimit(eu.process.pid, resource.RLIMIT_NOFILE, usual)
    wait_until("it answers again", lambda: run("status", "--redis", eu.redis).returncode == DONE)


def main():
    commands = asking()
    with World() as world:
        prepare(world)
        full_pipe(world, commands)
        no_descriptor(world, commands)


if __name__ == "__main__":
    main()
