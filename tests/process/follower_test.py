#!/usr/bin/env python3
"""A follower serves reads and refuses writes; promoted when its leader was killed, it goes on with
all that had reached it, and the leader that comes back loses nothing either."""

from leaders import World, check, new_random, run, wait_until
from resp import ServerError

WRITES = 500


def refused(leader, *words):
    """The error that a command gets."""
    try:
        leader.call(*words)
    except ServerError as error:
        return str(error)
    raise AssertionError(f"{words} was not refused")


def transactions(follower):
    """One that reads runs; one that writes ends, and leaves the connection as it was."""
    for words, writes in ((("GET", "count"), False), (("SET", "a", "1"), True)):
        follower.call("MULTI")
        follower.call(*words)
        if writes:
            check(refused(follower, "EXEC").startswith("EXECABORT Transaction discarded because of: READONLY"), words)
        else:
            check(follower.call("EXEC") == [str(WRITES)], words)
        check(follower.call("PING") == "PONG", "the connection goes on")


def promote(world):
    us = world.start("us")
    eu = world.start("eu", peers=[us])
    follower = world.start("eu", peers=[eu, us], flags=["--follower"], name="follower")
    for number in range(WRITES):
        eu.call("SET", f"key:{number}", number)
        us.call("INCR", "count")
    wait_until("the follower has all", lambda: follower.call("DBSIZE") == WRITES + 1
               and follower.call("GET", "count") == str(WRITES))
    world.wait_equal([eu, us, follower])
    check(follower.call("GET", f"key:{WRITES - 1}") == str(WRITES - 1), "the follower reads")
    transactions(follower)
    for words in (("SET", "a", "1"), ("INCR", "count"), ("DEL", "key:0"), ("FLUSHALL",)):
        check(refused(follower, *words).startswith("READONLY"), f"{words} is refused as read only")
    check("role:slave" in follower.call("INFO", "replication"), "INFO says what it is")
    check(any(peer["follower"] for peer in eu.status()["peers"]), "the leader shows its follower")
    shown = run("status", "--redis", follower.redis).stdout
    check("it follows a leader" in shown, f"status says what it is:\n{shown}")

    eu.kill()
    done = run("promote", "--redis", follower.redis)
    check(done.returncode == 0, done.stderr)
    follower.call("SET", "key:0", "promoted")
    follower.call("INCR", "count")
    wait_until("us has it", lambda: us.call("GET", "key:0") == "promoted")

    eu.start()
    eu.call("INCR", "count")
    world.wait_equal([eu, us, follower])
    check(us.call("GET", "count") == str(WRITES + 2), "both leaders of the region counted")
    for leader, others in ((us, 2), (eu, 1)):
        def notes(leader=leader):
            return [peer["note"] for peer in leader.status()["peers"]]
        wait_until(f"status of {leader.region} says so",
                   lambda: notes().count("one of two leaders of its region") == others)
    eu.kill()
    eu.flags.append("--follower")
    eu.start()
    check(refused(eu, "SET", "a", "1").startswith("READONLY"), "the former leader follows")
    follower.call("SET", "a", "1")
    wait_until("the former leader has it", lambda: eu.call("GET", "a") == "1")


def main():
    new_random()
    with World() as world:
        promote(world)
    with World(keyed=("eu", "us")) as world:
        promote(world)


if __name__ == "__main__":
    main()
