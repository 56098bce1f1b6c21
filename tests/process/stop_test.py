#!/usr/bin/env python3
"""A leader that stands still (SIGSTOP) hurts nobody: the others go on, and it catches up. When it
stands still for too long, the log that is kept for it ends. A leader that is told to stop twice writes
nothing more to its tables, and has lost nothing."""

import signal
import time

from leaders import World, check, new_random, wait_until

WRITES = 3000
LOG_BYTES_MAX = 8 << 20
VALUE = "x" * 100_000
STILL_SECONDS = 8.0  # Longer than the transport's patience with a silent peer.


def catch_up():
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
        check(slowest < 5.0, f"a write waited {slowest:.1f} s for a leader that stands still")
        world.wait_equal([eu, us])
        ap.signal(signal.SIGCONT)
        world.wait_equal([eu, us, ap])
        shown = [leader.call("GET", "count") for leader in (ap, us, eu)]
        check(shown == [str(count)] * 3, f"{count} additions; ap, us and eu show {shown}")
        check(ap.call("SCARD", "set") == WRITES, "ap has every element")


def bound_log():
    """Many times the bytes that are kept are written, with one of the others report still."""
    flags = ["--log-bytes-min", str(LOG_BYTES_MAX // 4), "--log-bytes-max", str(LOG_BYTES_MAX)]
    with World() as world:
        eu = world.start("eu", flags=flags)
        us = world.start("us", peers=[eu], flags=flags)
        ap = world.start("ap", peers=[eu], flags=flags)
        for leader in (us, ap):
            leader.call("SET", f"hello:{leader.region}", "1")
        world.wait_equal([eu, us, ap])
        ap.signal(signal.SIGSTOP)
        longest = 0
        for number in range(10 * LOG_BYTES_MAX // len(VALUE)):
            eu.call("SET", f"key:{number % 20}", VALUE)
            if number % 10 == 0:
                longest = max(longest, eu.status()["log_bytes"])
        wait_until("the log is short", lambda: eu.status()["log_bytes"] <= 1.5 * LOG_BYTES_MAX)
        print(f"log of at most {longest >> 20} MiB, in the end {eu.status()['log_bytes'] >> 20} MiB; "
              f"{LOG_BYTES_MAX >> 20} MiB are kept", flush=True)
        world.wait_equal([eu, us])


def stop_twice():
    with World() as world:
        eu = world.start("eu")
        for number in range(200):
            eu.call("SET", f"key:{number}", VALUE)
        eu.signal(signal.SIGTERM)
        eu.signal(signal.SIGINT)  # A pending SIGTERM would swallow another one.
        check(eu.stop() == 0, "it ends well")
        with open(eu.log_path) as log:
            text = log.read()
        check("closed before the tables had all" in text, "the tables lack something")
        check("stopped, at once: it was told to twice" in text, "the log tells why")
        eu.start()
        lost = [number for number in range(200) if eu.call("GET", f"key:{number}") != VALUE]
        check(not lost, f"lost: {lost}")


def main():
    new_random()
    stop_twice()
    catch_up()
    bound_log()


if __name__ == "__main__":
    main()
