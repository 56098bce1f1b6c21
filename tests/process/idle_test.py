#!/usr/bin/env python3
"""Idle, three leaders together use under 1 % of a core, and in the same run a single write is
visible in the other regions within 5 ms (the median)."""

import statistics
import time

from leaders import World, check, new_random

IDLE_SECONDS = 10.0
WRITES = 200


def lag_ms(writer, readers, number):
    """From the acknowledgement of a write to its being visible in all the readers, polled."""
    value = f"value:{number}"
    writer.call("SET", "lag", value)
    acknowledged = time.monotonic()
    deadline = acknowledged + 10
    for reader in readers:
        while reader.call("GET", "lag") != value:
            check(time.monotonic() < deadline, f"{reader.region} does not see a write for 10 s")
    return (time.monotonic() - acknowledged) * 1000


def main():
    random = new_random()
    with World() as world:
        leaders = list(world.start_three())
        for leader in leaders:
            leader.call("SET", "warm:" + leader.region, "1")
        world.wait_equal(leaders)

        before = sum(leader.cpu_seconds() for leader in leaders)
        begin = time.monotonic()
        time.sleep(IDLE_SECONDS)
        used = sum(leader.cpu_seconds() for leader in leaders) - before
        idle = 100 * used / (time.monotonic() - begin)

        lags = []
        for number in range(WRITES):
            writer = leaders[number % len(leaders)]
            lags.append(lag_ms(writer, [one for one in leaders if one is not writer], number))
            time.sleep(random.uniform(0.0, 0.02))  # Single writes: the leaders sleep in between.
        lags.sort()
        median, p99 = statistics.median(lags), lags[len(lags) * 99 // 100]
        print(f"idle: {idle:.2f} % of a core for three leaders over {IDLE_SECONDS:.0f} s")
        print(f"lag of a single write: p50 {median:.2f} ms, p99 {p99:.2f} ms", flush=True)
        check(idle < 1.0, f"idle leaders use {idle:.2f} % of a core")
        check(median < 5.0, f"a single write takes {median:.2f} ms (p50)")


if __name__ == "__main__":
    main()
