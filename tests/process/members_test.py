#!/usr/bin/env python3
"""Members of real processes: `anabranch status` lists those of all regions, also the ones that no link
leads to; who stands still is not heard; the doctor names two of one name and an address that nobody
answers at."""

import signal
import socket

from leaders import World, check, run, wait_until


def members(leader):
    return {each["name"]: each for each in leader.status()["members"]}


def is_fresh(leader, name):
    return members(leader).get(name, {"fresh": False})["fresh"]


def free_port():
    """A port of this machine at which nobody listens."""
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return each.getsockname()[1]


def shown(world):
    place = f"127.0.0.1:{free_port()}"
    us = world.start("us", flags=["--node-name", "us-1"])
    eu = world.start("eu", peers=[us], flags=["--node-name", "eu-1", "--zone", "a"])
    ap = world.start("ap", peers=[us], flags=["--node-name", "ap-1"])
    follower = world.start("eu", peers=[eu], name="follower", flags=[
        "--follower", "--node-name", "eu-2", "--zone", "b", "--rank", "150", "--announce-redis", place])
    everybody = [us, eu, ap, follower]
    for leader in everybody:
        for name in ("us-1", "eu-1", "ap-1", "eu-2"):
            wait_until(f"{leader.data} shows {name}", lambda: is_fresh(leader, name))
    eu.call("SET", "key", "value")
    far = members(ap)["eu-2"]
    check((far["region"], far["role"], far["zone"], far["rank"]) == ("eu", "follows", "b", 150), f"{far}")
    check(far["hops"] > 1 and far["fit"] and far["announce_redis"] == place, f"{far}")
    wait_until("the lag of the follower is known", lambda: 0 <= members(ap)["eu-2"]["lag_ms"] < 10_000)
    check(members(ap)["eu-1"]["role"] == "leads" and members(ap)["eu-1"]["lag_ms"] == 0, "the leader")
    check(members(ap)["ap-1"]["self"], "it knows itself")
    text = run("status", "--redis", ap.redis).stdout
    lines = [line.split() for line in text.splitlines()]
    check(["member", "region", "role", "zone", "rank", "lag", "ms", "state"] in lines, text)
    row = next((line for line in lines if line[:1] == ["eu-2"]), [])
    check(row[1:5] == ["eu", "follows", "b", "150"] and row[5].isdigit() and row[6] == "fit", text)
    doctor = run("doctor", "--redis", eu.redis).stdout
    check(f"member eu-2 announces announce_redis = {place}" in doctor, doctor)
    return us, eu, ap, follower


def stands_still(us, ap, follower):
    """A process that is stopped is not heard; when it goes on it is, and knows all others."""
    follower.process.send_signal(signal.SIGSTOP)
    wait_until("it is not heard", lambda: not is_fresh(ap, "eu-2"))
    check("not heard for" in run("status", "--redis", ap.redis).stdout, "status says so")
    check(is_fresh(ap, "us-1"), "others are heard")
    follower.process.send_signal(signal.SIGCONT)
    wait_until("it is heard again", lambda: is_fresh(ap, "eu-2"))
    wait_until("it hears others", lambda: is_fresh(follower, "ap-1"))


def one_name(world, eu):
    """A second member with the name of the first one is a warning with its remedy at both."""
    other = world.start("eu", peers=[eu], name="other", flags=["--follower", "--node-name", "eu-1"])
    for leader in (eu, other):
        wait_until("it warns", lambda: any(
            each["kind"] == "member_name" for each in leader.status()["warnings"]))
    doctor = run("doctor", "--redis", eu.redis).stdout
    check("two members of region eu have the name eu-1" in doctor, doctor)
    check("give each its own node_name, and restart it" in doctor, doctor)


def main():
    with World() as world:
        us, eu, ap, follower = shown(world)
        stands_still(us, ap, follower)
        one_name(world, eu)
        node = members(eu)["eu-2"]["node"]
        follower.stop()
        follower.start()
        wait_until("it is back", lambda: members(eu)["eu-2"]["fresh"])
        check(members(eu)["eu-2"]["node"] == node, "a restart keeps the node")


if __name__ == "__main__":
    main()
