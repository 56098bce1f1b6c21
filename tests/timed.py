#!/usr/bin/env python3
"""Runs a command and appends a line of JSON with its seconds to a log.

    timed.py LOG compile COMMAND...
    timed.py LOG link COMMAND...
    timed.py LOG test LABEL NAME COMMAND...

A tree that is configured with -DANABRANCH_TEST_TIMES=ON runs compilers, linkers and tests so
(tests/run.sh --times). `cpu` is the time on any core that the command took, with all processes that
it waited for; on a busy machine that is the figure that stays the same. `wall` is seconds of a
clock, `rss` the memory of the largest process in KiB.
"""
import json
import os
import resource
import subprocess
import sys
import time


def record(kind, command):
    if kind == "test":
        label, name, *command = command
        return command, {"label": label, "name": " ".join([name, *command[1:]])[:200]}
    output = command[command.index("-o") + 1] if "-o" in command else ""
    return command, {"output": output}


def main():
    log, kind, *command = sys.argv[1:]
    command, line = record(kind, command)
    if "--list-test-cases" in command:  # The build asks a test program for its cases.
        os.execvp(command[0], command)
    began = time.monotonic()
    status = subprocess.run(command).returncode
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    line |= {"kind": kind, "cpu": round(used.ru_utime + used.ru_stime, 2),
             "wall": round(time.monotonic() - began, 2), "rss": used.ru_maxrss}
    with open(log, "ab", buffering=0) as file:
        file.write((json.dumps(line) + "\n").encode())
    if status < 0:  # A signal: the caller sees the same.
        os.kill(os.getpid(), -status)
    return status


if __name__ == "__main__":
    sys.exit(main())
