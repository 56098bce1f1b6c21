#!/usr/bin/env python3
"""Keys that expire, and clocks that are wrong, by libfaketime: ten years ahead, a day behind, alone
after a restart. No key is cleared before its deadline has passed by the clocks of the others."""

import glob
import time

from clock_test import LIBRARIES, FakeClock, log_of
from leaders import World, check, skip, wait_until

# Timestamps follow those of others by the drift at most, and deadlines with them.
FLAGS = ["--expiry-wait-ms-max", "3000", "--expiry-grace-ms", "300", "--clock-drift-ms-max", "5000"]
KEPT = 20
YEAR = 365 * 24 * 3600


def kept(leaders):
    """Whether every key that has a year left is there, stored and shown."""
    for leader in leaders:
        check(leader.call("DBSIZE") >= KEPT, f"{leader.region} has lost keys")
        for i in range(KEPT):
            check(leader.call("GET", f"kept:{i}") == "value", f"{leader.region} hides kept:{i}")


def stays_kept(leaders, seconds):
    """Looks again and again, for as long as a wrong rule takes to clear them several times."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for leader in leaders:
            check(leader.call("DBSIZE") >= KEPT, f"{leader.region} has lost keys")
        time.sleep(0.2)


def cleared(leaders):
    return all(leader.call("DBSIZE") == KEPT for leader in leaders)


def ten_years_ahead(world, leaders, clock):
    eu, us, ap = leaders
    clock.set("+3650d")
    stays_kept(leaders, 3)
    wait_until("us says that its clock has jumped",
               lambda: any("against its steady clock" in line for line in us.status()["clocks"]))
    wait_until("the others agree against it",
               lambda: any("of most others" in line for line in us.status()["clocks"]))
    eu.call("SET", "short", "value", "PX", 500)
    us.call("SET", "from:us", "2036")
    stays_kept(leaders, 3)
    kept(leaders)
    eu.call("DEL", "from:us")
    wait_until("what has expired is cleared all the same", lambda: cleared(leaders))
    check("against its steady clock" in log_of(us), "the log says that the clock has jumped")
    # It is set right, and goes on winning.
    clock.set("+0")
    wait_until("the others name the region that was ahead", lambda: all(
        any("region us was 9 years ahead" in line and "keys with a life go wrong" in line and "to end that earlier" in line
            for line in leader.status()["clocks"]) for leader in (eu, ap)))
    kept(leaders)
    stays_kept(leaders, 2)
    us.stop()
    us.flags = FLAGS + ["--new-origin"]
    us.start()
    us.flags = FLAGS
    us.call("SET", "from:us", "today", "PX", 1000)
    wait_until("nobody is ahead any more", lambda: not any(
        "was 9 years ahead" in line for leader in leaders for line in leader.status()["clocks"]))
    world.wait_equal(leaders)
    kept(leaders)


def a_day_behind(leaders, clock):
    eu, us, _ = leaders
    clock.set("-1d")
    us.stop()
    us.start()
    eu.call("SET", "short", "value", "PX", 500)
    wait_until("us has it", lambda: us.call("GET", "short") == "value")
    wait_until("it is over in eu", lambda: eu.call("GET", "short") is None)
    end = time.monotonic() + 6
    while time.monotonic() < end:
        check(not cleared([eu]), "eu clears what has not expired by the clock of us")
        time.sleep(0.2)
    check(us.call("GET", "short") == "value", "us shows it")
    clock.set("+0")
    wait_until("it is cleared", lambda: cleared(leaders))


def alone(leaders, clock):
    eu, us, ap = leaders
    for leader in leaders:
        leader.stop()
    clock.set("+3650d")
    us.start()
    stays_kept([us], 7)  # Twice as long as anybody is waited for.
    us.stop()
    clock.set("+0")
    for leader in leaders:
        leader.start()
    for leader in leaders:
        wait_until("they are connected", lambda: all(
            leader is each or leader.is_connected(each) for each in leaders))
    kept(leaders)


def main():
    libraries = glob.glob(LIBRARIES)
    if not libraries:
        skip("libfaketime (package faketime) is not installed")
    with World() as world:
        leaders = list(world.start_three())
        for leader in leaders:
            leader.flags = leader.flags + FLAGS
            leader.stop()
            leader.start()
        clock = FakeClock(world, leaders[1], libraries[0])
        for i in range(KEPT):
            leaders[i % 3].call("SET", f"kept:{i}", "value", "EX", YEAR)
        world.wait_equal(leaders)
        ten_years_ahead(world, leaders, clock)
        a_day_behind(leaders, clock)
        alone(leaders, clock)
        for leader in leaders:
            check(leader.stop() == 0, f"{leader.region} did not end cleanly")


if __name__ == "__main__":
    main()
