#!/usr/bin/env python3
"""Three regions in a line, one hop of it a relay of 64 kB/s. A value of 1 MB and a snapshot of 2 MB
pass it without a break, and no byte of them goes twice; what a third region wrote before arrives
meanwhile. With --long also 128 kbit/s and 20 MB."""

import re
import time

from leaders import LONG, World, check, new_random, wait_until
from relay import Relays

THIN = 64_000           # Bytes a second.
WRITTEN_BEFORE = 10     # Writes of the third region...
SOON = 5.0              # ...arrive within so many seconds.


def noise(random, size):
    return random.randbytes(size)


def breaks(*leaders):
    count = 0
    for leader in leaders:
        with open(leader.log_path, errors="replace") as log:
            count += len(re.findall(r"lost tcp://| is gone|gave up", log.read()))
    return count


class Line:
    """ap - us - eu: the hop between us and eu is thin, that between ap and us is not."""

    def __init__(self, world, relays, flags=()):
        self.us = world.start("us", flags=flags)
        self.thin = relays.to(self.us)
        self.third = relays.to(self.us)
        self.eu = world.start("eu", peers=[self.thin])
        self.ap = world.start("ap", peers=[self.third])
        wait_until("all know each other", lambda: self.eu.is_connected(self.us)
                   and self.us.is_connected(self.eu) and self.us.is_connected(self.ap))
        self.wrote = 0

    def third_writes(self):
        for _ in range(WRITTEN_BEFORE):
            self.wrote += 1
            self.ap.call("INCR", "third")

    def third_is_at(self, leader):
        return leader.call("GET", "third") == str(self.wrote)


def value_passes(random, world, relays, rate, size):
    line = Line(world, relays)
    line.third_writes()
    # And eu has asked for the third's: asked meanwhile, us would begin the value again behind the
    # one that is under way.
    wait_until("both have them", lambda: line.third_is_at(line.us) and line.third_is_at(line.eu))
    line.thin.narrow(rate)
    before = breaks(line.eu, line.us)
    passed = line.thin.back.passed
    line.us.call("SET", "large", noise(random, size))
    line.third_writes()
    began = time.monotonic()
    seconds = 30 + 3 * size / rate
    wait_until("what the third wrote before", lambda: int(line.eu.call("GET", "third") or 0)
               >= WRITTEN_BEFORE, SOON)
    wait_until("the value passes", lambda: line.eu.call("STRLEN", "large") > 0, seconds)
    wait_until("and all behind it", lambda: line.third_is_at(line.eu), seconds)
    took = time.monotonic() - began
    passed = line.thin.back.passed - passed
    stored = line.us.call("STRLEN", "large")
    print(f"a value of {stored} bytes took {took:.1f} s, {passed} bytes passed", flush=True)
    check(breaks(line.eu, line.us) == before, "the link has broken")
    check(passed < 1.1 * stored + 50_000 + 2_000 * took, f"bytes went twice: {passed}")
    world.wait_equal([line.eu, line.us, line.ap])


def snapshot_passes(random, world, relays, rate, size):
    flags = ("--log-bytes-min", "65536", "--log-bytes-max", "1048576")
    line = Line(world, relays, flags)
    line.third_writes()
    world.wait_equal([line.eu, line.us, line.ap])
    line.eu.kill()
    line.third.cut()   # What the third writes now depends on nothing that eu will lack.
    line.third_writes()
    parts = size // 100_000
    for _ in range(4):
        for part in range(parts):
            line.us.call("SET", f"part {part}", noise(random, 50_000).hex())
    wait_until("the log is trimmed", lambda: line.us.status()["log_bytes"] < (3 << 20))
    line.third.heal()
    wait_until("us has them", lambda: line.third_is_at(line.us))
    line.thin.narrow(rate)
    passed = line.thin.back.passed
    before = breaks(line.us)
    line.eu.start()
    line.eu.began = time.monotonic()
    wait_until("what the third wrote before", lambda: line.third_is_at(line.eu), 3 * SOON)
    print(f"that of the third came after {time.monotonic() - line.eu.began:.1f} s", flush=True)
    wait_until("the snapshot passes", lambda: line.eu.call("STRLEN", f"part {parts - 1}") == 100_000
               and line.eu.applied() == line.us.applied(), 30 + 3 * size / rate)
    took = time.monotonic() - line.eu.began
    passed = line.thin.back.passed - passed
    print(f"a snapshot of some {size} bytes took {took:.1f} s, {passed} bytes passed", flush=True)
    check(breaks(line.us) == before, "the link has broken")
    check(passed < 1.2 * size + 100_000 + 2_000 * took, f"bytes went twice: {passed}")


def main():
    random = new_random()
    for rate, size in [(THIN, 1_000_000)] + ([(16_000, 20_000_000)] if LONG else []):
        with World() as world, Relays(random) as relays:
            value_passes(random, world, relays, rate, size)
    with World() as world, Relays(random) as relays:
        snapshot_passes(random, world, relays, THIN, 2_000_000)


if __name__ == "__main__":
    main()
