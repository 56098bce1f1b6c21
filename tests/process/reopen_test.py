#!/usr/bin/env python3
"""A leader whose disk fails is closed for writes. Where its region chooses its leader another member
leads within a moment, and the process opens its directory anew and follows; no write that was
acknowledged is lost. While openings fail it tries again and again, and ends when it is told to. It
stays closed where the region does not choose, and where the directory is gone."""

import os
import resource
import shutil
import time

from leaders import World, check, new_random, wait_until
from promotion_test import is_able, role, started
from resp import ServerError

FILE_BYTES = 64 << 10     # A write beyond that fails, as by a disk: this cause does not pass.
FREE = resource.RLIM_INFINITY
# Python ignores this signal, and its children do not.
PREFIX = ["sh", "-c", 'trap "" XFSZ && exec "$@"', "sh"]


def limit(member, size):
    resource.prlimit(member.process.pid, resource.RLIMIT_FSIZE, (size, FREE))


def log_of(member):
    with open(member.log_path, errors="replace") as log:
        return log.read()


def close_for_writes(member):
    """Has one write fail, and returns its error. The limit stays."""
    limit(member, FILE_BYTES)
    try:
        for number in range(100):
            member.call("SET", f"large:{number}", "v" * 20_000)
    except ServerError as error:
        return str(error)
    raise AssertionError("all is written")


def keep_closed(member):
    """No file of its directory can be written from here on; a few lines of its log can."""
    limit(member, os.path.getsize(member.log_path) + 4096)


def write(member, prefix, count):
    keys = [f"{prefix}:{number}" for number in range(count)]
    for key in keys:
        member.call("SET", key, "value")
    return keys


def a_pair(world):
    us = world.start("us")
    first = started(world, "eu-1", [us])
    second = started(world, "eu-2", [us, first], ["--follower"])
    for member in (first, second):
        check(member.stop() == 0, "a clean end")
        member.prefix = PREFIX
        member.start()
    wait_until("the first one leads", lambda: role(first) == "leads")
    return us, first, second


def opened_anew(member):
    return member.status()["opened_anew"]


def follows_where_it_led(world, us, leader, heir, times):
    """The leader's disk fails; the heir leads, and the former leader follows it, with all."""
    names = {leader: "eu-1", heir: "eu-2"} if leader.data.endswith("eu-1") else \
        {leader: "eu-2", heir: "eu-1"}
    wait_until("the heir is able", lambda: is_able(leader, heir, names[heir]), 60)
    keys = write(leader, f"before-{times}", 50)
    pid = leader.process.pid
    error = close_for_writes(leader)
    limit(leader, FREE)
    check("MISCONF" in error or "closed" in error, error)
    leader.drop_client()
    wait_until("the heir leads", lambda: role(heir) == "leads")
    wait_until("the former leader is open again", lambda: opened_anew(leader) == times)
    wait_until("it follows", lambda: role(leader) == "follows")
    check(leader.process.poll() is None and leader.process.pid == pid, "the same process")
    status = leader.status()
    check(status["writable"] and status["follower"], "it is no longer closed")
    check("File too large" in status["opened_anew_why"], status["opened_anew_why"])
    check(role(heir) == "leads", "the heir leads on")
    keys += write(heir, f"behind-{times}", 50)
    world.wait_equal([us, leader, heir])
    for member in (us, leader, heir):
        lost = [key for key in keys if member.call("GET", key) != "value"]
        check(not lost, f"{len(lost)} lost, as {lost[:5]}")
    check(len(us.status()["applied"]) == 3, "no origin was begun")
    log = log_of(leader)
    check("gives the lead of its region" not in log, "one that is closed has no lead to give")
    check("opens its directory anew in 1 s, since it is closed for writes" in log, log)
    check(f"its directory is open anew, time {times}" in log, log)


def tries_again(leader, heir):
    """While the openings fail there is no port; behind that it goes on as if nothing had been."""
    wait_until("the heir is able", lambda: is_able(leader, heir, "eu-2"), 60)
    close_for_writes(leader)
    keep_closed(leader)
    leader.drop_client()
    wait_until("the heir leads", lambda: role(heir) == "leads")
    wait_until("it has no port", lambda: not answers(leader))
    time_of_try = time.monotonic()
    wait_until("it waits", lambda: not answers(leader) and time.monotonic() - time_of_try > 2)
    check(leader.process.poll() is None, "it does not end")
    limit(leader, FREE)
    wait_until("it is open again", lambda: answers(leader), 60)
    wait_until("it follows", lambda: role(leader) == "follows")
    check("its directory cannot be opened anew, which is tried again in" in log_of(leader), "a line")


def answers(member):
    try:
        return member.call("PING") == "PONG"
    except (OSError, ServerError):
        return False


def ends_when_told(leader, heir):
    """In the middle of its tries."""
    wait_until("the heir is able", lambda: is_able(leader, heir, "eu-1"), 60)
    close_for_writes(leader)
    keep_closed(leader)
    wait_until("the heir leads", lambda: role(heir) == "leads")
    wait_until("it has no port", lambda: not answers(leader))
    check(leader.stop() == 0, "a clean end")
    leader.start()
    wait_until("it follows", lambda: role(leader) == "follows")


def stays_closed_alone(world):
    """Without promote_after the operator decides."""
    alone = world.start("ap")
    check(alone.stop() == 0, "a clean end")
    alone.prefix = PREFIX
    alone.start()
    close_for_writes(alone)
    limit(alone, FREE)
    wait_until("it is closed", lambda: not alone.status()["writable"])
    status = alone.status()
    check(status["opens_anew_in_ms"] == 0 and status["opened_anew"] == 0, status["opened_anew"])
    check("opens its directory anew" not in log_of(alone), "no line")


def stays_closed_without_directory(member):
    """Another opening would begin with an empty one."""
    shutil.rmtree(member.data)
    wait_until("it is closed", lambda: not member.status()["writable"])
    time_of_loss = time.monotonic()
    wait_until("it has stayed so", lambda: time.monotonic() - time_of_loss > 2.5)
    status = member.status()
    check(not status["writable"] and status["opens_anew_in_ms"] == 0, "it stays closed")


def main():
    new_random()
    with World() as world:
        us, first, second = a_pair(world)
        follows_where_it_led(world, us, first, second, 1)
        print("follows where it led", flush=True)
        follows_where_it_led(world, us, second, first, 1)
        tries_again(first, second)
        print("tries again", flush=True)
        ends_when_told(second, first)
        print("ends when told", flush=True)
        stays_closed_alone(world)
        stays_closed_without_directory(second)


if __name__ == "__main__":
    main()
