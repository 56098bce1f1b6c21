#!/usr/bin/env python3
"""What a single link can do to two leaders, through a relay: it closes after any number of bytes,
in the middle of a frame, with RST or without; it repeats messages, also after a restart; it is
slow, or narrow, or stands still. Nothing is lost or counted twice, and local writes do not wait."""

import statistics
import time

from leaders import LONG, World, check, new_random, wait_until
from relay import Relays

CLOSES = 400 if LONG else 40
REPEATS = 1000 if LONG else 150
RESIDENT_BYTES_MAX = 200 << 20


class Pair:
    def __init__(self, world, relays):
        self.world = world
        self.eu = world.start("eu")
        self.link = relays.to(self.eu)
        self.us = world.start("us", peers=[self.link])
        self.leaders = [self.eu, self.us]
        self.counted = 0
        self.wait_connected()

    def wait_connected(self):
        wait_until("they are connected", lambda: all(
            one.is_connected(other) for one, other in (self.leaders, self.leaders[::-1])))

    def write(self):
        """One write at each."""
        self.counted += 1
        for leader in self.leaders:
            leader.call("INCR", "count")
            leader.call("SADD", "set", f"{leader.region}:{self.counted}")

    def check_equal(self):
        self.world.wait_equal(self.leaders)
        for leader in self.leaders:
            check(leader.call("GET", "count") == str(2 * self.counted), "every addition, once")
            check(leader.call("SCARD", "set") == 2 * self.counted, "every element")


def close_anywhere(random, pair):
    """Bytes from 1 on are tried from the begin of a connection, greeting and handshake included."""
    link = pair.link
    sizes = list(range(1, CLOSES // 2)) + [random.randrange(64, 2000) for _ in range(CLOSES // 2)]
    for size in sizes:
        way = random.choice(link.ways())
        before = way.closed
        link.close_after(size, way)
        if random.random() < 0.5:
            link.reset()

        def closed():
            pair.write()
            return way.closed > before
        wait_until(f"a connection closed after {size} bytes", closed)
    link.heal()
    pair.check_equal()
    check(link.out.closed + link.back.closed == len(sizes), "each close fired")
    print(len(sizes), "connections closed in the middle", flush=True)


def repeat_messages(random, pair):
    link = pair.link
    link.repeat(0.5)
    for number in range(REPEATS):
        pair.write()
        if number % 50 == 25:
            link.reset()
        if number % 100 == 75:
            victim = random.choice(pair.leaders)
            victim.kill()
            victim.start()
    pair.check_equal()
    repeated = link.out.repeated + link.back.repeated
    check(repeated > REPEATS / 2, f"only {repeated} messages were repeated")
    link.heal()
    print(repeated, "messages repeated", flush=True)


def write_ms(leaders, count):
    """How long local writes take at each, in turn, since the disk has its moods: medians and
    worst."""
    times = [[] for _ in leaders]
    for number in range(count):
        for leader, mine in zip(leaders, times):
            begin = time.monotonic()
            leader.call("SET", f"local:{number}", "x" * 1000)
            mine.append((time.monotonic() - begin) * 1000)
    return [(statistics.median(mine), max(mine)) for mine in times]


def resident_bytes(leader):
    with open(f"/proc/{leader.process.pid}/statm") as file:
        return int(file.read().split()[1]) * 4096


def be_slow(world, pair):
    """Over a slow or dead link local writes are as fast as those of a leader that has no peer, and
    memory stays bounded."""
    alone = world.start("alone", flags=["--mesh", "another"])
    for name, harm in (("far", lambda: pair.link.slow_down(delay=0.2, jitter=0.1)),
                       ("narrow", lambda: pair.link.slow_down(bandwidth=20_000)),
                       ("dead", pair.link.cut)):
        harm()
        (median, worst), (usual, _) = write_ms([pair.eu, alone], 200)
        for number in range(20):   # More than fits into any buffer on the way.
            pair.eu.call("SET", f"large:{number}", "y" * 1_000_000)
        resident = resident_bytes(pair.eu)
        print(f"{name} link: local writes {median:.2f} ms (median), {worst:.1f} ms (worst); "
              f"{usual:.2f} ms without peers; {resident >> 20} MiB", flush=True)
        check(median < 5 * usual + 2, f"writes are slow over a {name} link")
        check(resident < RESIDENT_BYTES_MAX, f"{resident} bytes of memory over a {name} link")
        pair.link.heal()
        pair.check_equal()


def main():
    random = new_random()
    with World() as world, Relays(random) as relays:
        pair = Pair(world, relays)
        close_anywhere(random, pair)
        repeat_messages(random, pair)
        be_slow(world, pair)


if __name__ == "__main__":
    main()
