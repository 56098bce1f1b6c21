#!/usr/bin/env python3
"""A leader that stands still (SIGSTOP) hurts nobody: the others go on, and it catches up."""

import signal
import time

from leaders import World, check, new_random

WRITES = 3000
STILL_SECONDS = 8.0  # Longer than the transport's patience with a silent peer.


def main():
    new_random()
    with World() as world:
        eu, us, ap = world.start_three()
        ap.call("SET", "before", "1")
        world.wait_equal([eu, us, ap])
        ap.signal(signal.SIGSTOP)
        begin = time.monotonic()
        slowest = 0.0
        count = 0
        while count < WRITES or time.monotonic() - begin < STILL_SECONDS:
            started = time.monotonic()
            eu.call("INCR", "count")
            us.call("SADD", "set", count % WRITES)
            slowest = max(slowest, time.monotonic() - started)
            count += 1
        print(f"{count} writes in two regions meanwhile, the slowest pair took",
              f"{slowest * 1000:.1f} ms", flush=True)
        check(slowest < 2.0, f"a write waited {slowest:.1f} s for a leader that stands still")
        world.wait_equal([eu, us])
        ap.signal(signal.SIGCONT)
        world.wait_equal([eu, us, ap])
        check(ap.call("GET", "count") == str(count), "ap has every addition")
        check(ap.call("SCARD", "set") == WRITES, "ap has every element")


if __name__ == "__main__":
    main()
