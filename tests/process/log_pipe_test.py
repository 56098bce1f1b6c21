#!/usr/bin/env python3
"""Standard error is a pipe that nobody empties: clients are served, SIGTERM ends the leader, and the
lines that were dropped are counted and told when somebody reads again."""

import os
import re
import subprocess
import time

from leaders import World, check, wait_until


def main():
    with World() as world:
        us = world.start("us")
        eu = world.start("eu", peers=[us])
        wait_until("they are connected", lambda: eu.is_connected(us))
        check(eu.stop() == 0, "a clean end")
        reader, writer = os.pipe()
        serve_into(eu, writer)
        os.close(writer)
        wait_until("they are connected", lambda: eu.is_connected(us))
        fill(eu)
        begun = time.monotonic()
        check(eu.call("PING") == "PONG" and time.monotonic() - begun < 5, "clients are served")
        wait_until("us has all", lambda: us.call("GET", "key") == eu.call("GET", "key"))
        dropped = int(re.search(r"log_lines_dropped:(\d+)", eu.call("INFO", "stats")).group(1))
        check(dropped > 0, "lines were dropped")
        text = read_until(reader, r"(\d+) lines of the log were dropped")
        told = int(re.search(r"(\d+) lines of the log were dropped", text).group(1))
        check(told >= dropped, f"{told} told, {dropped} dropped")
        fill(eu)
        begun = time.monotonic()
        check(eu.stop() == 0 and time.monotonic() - begun < 8, "SIGTERM ends it")


def serve_into(leader, writer):
    """Starts it anew, at the ports of its first start."""
    leader.process = subprocess.Popen(leader.command(), stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=writer)
    wait_until("it answers", lambda: answers(leader))


def answers(leader):
    try:
        return leader.call("PING") == "PONG"
    except OSError:
        leader.drop_client()
        return False


def fill(leader):
    """Has it write more lines than the pipe and it have room for."""
    before = dropped_by(leader)
    count = 0
    while dropped_by(leader) == before:
        for _ in range(500):
            leader.call("ANABRANCH", "PEER", "PAUSE", "us")
            leader.call("ANABRANCH", "PEER", "RESUME", "us")
        leader.call("SET", "key", str(count))
        count += 1
        check(count < 100, "no line was dropped")


def dropped_by(leader):
    return int(re.search(r"log_lines_dropped:(\d+)", leader.call("INFO", "stats")).group(1))


def read_until(descriptor, pattern):
    text = ""
    while not re.search(pattern, text):
        piece = os.read(descriptor, 65536)
        check(piece, f"the end came before {pattern}")
        text += piece.decode(errors="replace")
    return text


if __name__ == "__main__":
    main()
