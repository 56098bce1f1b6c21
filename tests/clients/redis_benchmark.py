#!/usr/bin/env python3
"""redis-benchmark with its tests: HOST PORT."""

import subprocess
import sys

from calls import call

PROGRAM = ["redis-benchmark", "-h", sys.argv[1], "-p", sys.argv[2], "-n", "1000", "-q"]


def run(*words):
    """Its speed, or its error."""
    done = subprocess.run([*PROGRAM, *words], capture_output=True, timeout=120)
    text = (done.stdout + done.stderr).decode().replace("\r", "\n")
    errors = [line for line in text.split("\n") if "rror" in line]
    return errors[0] if errors else text


def is_speed(text):
    return "requests per second" in text


def main():
    for name in ("ping_inline", "ping_mbulk", "set", "get", "incr", "sadd", "hset", "spop", "mset"):
        call(name, lambda name=name: run("-t", name), is_speed)
    call("-P 16", lambda: run("-t", "set,get", "-P", "16"), is_speed)
    call("-r -d -c", lambda: run("-t", "set,get", "-r", "1000", "-d", "4096", "-c", "100"), is_speed)
    call("--threads", lambda: run("-t", "set", "--threads", "2"), is_speed)
    call("-3", lambda: run("-t", "get", "-3"), is_speed)
    call("--dbnum", lambda: run("-t", "set", "--dbnum", "5"), is_speed)
    call("a command of its own", lambda: run("HSET", "h", "__rand_int__", "v"), is_speed)
    for name in ("lpush", "lrange", "zadd"):
        call(name, lambda name=name: run("-t", name), is_speed)


main()
