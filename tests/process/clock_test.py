#!/usr/bin/env python3
"""Clocks that are wrong, by libfaketime: one jumps to 2099 and back, one runs at twice the speed.
Their writes arrive and are seen in causal order, no other clock follows, and log says who it is."""

import glob
import json
import os
import time

from leaders import World, check, new_random, skip, wait_until
from workload import Workload

LIBRARIES = "/usr/lib/*/faketime/libfaketimeMT.so.1"
YEAR_MS = 366 * 24 * 3600 * 1000


class FakeClock:
    """The clock of a leader, moved by hand while it runs; timers are left alone."""

    def __init__(self, world, leader, library):
        self.path = os.path.join(world.folder, leader.region + ".clock")
        self.set("+0")
        # Their allocators come before jemalloc, which asks for the time while the fake clock is being
        # set up: each would wait for the other.
        allocators = "libstdc++.so.6 libc.so.6"
        leader.environment = {
            "LD_PRELOAD": f"{library} {allocators}", "FAKETIME_TIMESTAMP_FILE": self.path,
            "FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1"}
        leader.stop()
        leader.start()

    def set(self, text):
        with open(self.path + ".new", "w") as file:
            file.write(text + "\n")
        os.rename(self.path + ".new", self.path)


def written_ms(leader, key):
    """The time of the value that a leader shows."""
    return json.loads(leader.call("ANABRANCH", "SHOW", key))["siblings"][0]["time_ms"]


def log_of(leader):
    with open(leader.log_path, errors="replace") as log:
        return log.read()


def jump(world, leaders, clock):
    eu, us, ap = leaders
    now = time.time() * 1000
    clock.set("@2099-01-01 00:00:00")
    us.call("SET", "from:2099", "hello")
    for leader in (eu, ap):
        wait_until("the write of 2099 arrives", lambda: leader.call("GET", "from:2099") == "hello")
    check(written_ms(eu, "from:2099") > now + 70 * YEAR_MS, "it was written in 2099")
    for leader in (eu, ap):
        leader.call("SET", f"from:{leader.region}", "today")
        check(written_ms(leader, f"from:{leader.region}") < now + YEAR_MS,
              f"{leader.region} follows a clock of 2099")
        wait_until("the log names the region", lambda: any(
            "clock" in line and "us" in line for line in log_of(leader).splitlines()))
    # Who has seen the write of 2099 overwrites it, although the clock says otherwise.
    eu.call("SET", "from:2099", "overwritten")
    wait_until("it is overwritten", lambda: us.call("GET", "from:2099") == "overwritten")
    # Back: no timestamp is given twice, and later writes still win.
    clock.set("+0")
    us.call("SET", "from:us", "one")
    us.call("SET", "from:us", "two")
    us.kill()
    us.start()
    us.call("SET", "from:us", "three")
    world.wait_equal(leaders)
    for leader in leaders:
        check(leader.call("GET", "from:us") == "three", "the last write wins")


def main():
    random = new_random()
    libraries = glob.glob(LIBRARIES)
    if not libraries:
        skip("libfaketime (package faketime) is not installed")
    with World() as world:
        leaders = list(world.start_three())
        eu, us, ap = leaders
        clock = FakeClock(world, us, libraries[0])
        fast = FakeClock(world, ap, libraries[0])
        jump(world, leaders, clock)
        with Workload(random, leaders, clients=2, pause=0.002) as load:
            fast.set("+0 x2")
            for text in ("@2099-06-01 00:00:00", "-3600", "+0", "+7200"):
                before = load.done("us")
                clock.set(text)
                wait_until("us goes on", lambda: load.done("us") > before + 150)
        # Which of concurrent writes wins may contradict the causal order while a clock is wrong by
        # more than the drift that others follow; everything else holds.
        print(load.check(world, convergent=False), flush=True)
        for leader in leaders:
            check(leader.stop() == 0, f"{leader.region} did not end cleanly")


if __name__ == "__main__":
    main()
