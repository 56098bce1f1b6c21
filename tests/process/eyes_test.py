#!/usr/bin/env python3
"""What an operator sees: who connects and catches up, on both sides; why a peer is away, how often
it was tried, and when both are equal again; pauses; variables that are no settings. Each is a line
in the log, and in `anabranch status` while it lasts."""

import os
import re
import socket

from leaders import World, check, new_random, run, wait_until


def log_of(leader):
    with open(leader.log_path, errors="replace") as log:
        return log.read()


def says(leader, pattern):
    wait_until(f"{leader.region} says {pattern!r}",
               lambda: re.search(pattern, log_of(leader), re.MULTILINE))


def connections(world):
    """The accepting side names who came, both say that they have caught up, and who is gone."""
    eu = world.start("eu")
    for number in range(20):
        eu.call("SET", f"key:{number}", "value")
    us = world.start("us", peers=[eu])
    says(eu, r"eu: region us \(origin [0-9a-f]{16}\) is connected \(it dialled this leader\)")
    says(us, r"us: region eu \(origin [0-9a-f]{16}\) is connected \(tcp://127[.\d]+:\d+\)")
    says(us, r"us: region eu \(.*\) and this leader have caught up: \d+ writes in \d+\.\d s")
    says(eu, r"eu: region us \(.*\) and this leader have caught up")
    us.kill()
    says(eu, r"eu: region us \(.*\) is gone")
    wait_until("status says since when", lambda: "not connected for" in
               run("status", "--redis", eu.redis).stdout)
    us.start()
    wait_until("us is back", lambda: eu.is_connected(us))
    return eu, us


def pauses(eu, us):
    for words, line in ((("pause", "us"), "paused the exchange with us until it is resumed, or "
                         "until this leader starts again"),
                        (("resume", "us"), "resumed the exchange with us")):
        done = run("peer", *words, "--redis", eu.redis)
        check(done.returncode == 0, done)
        check(words[0] != "pause" or "starts again" in done.stdout, done)
        says(eu, "eu: " + line)


def never_reached(world):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # Bound, and not listening.
        address = "tcp://127.0.0.1:%d" % nobody.getsockname()[1]
        lonely = world.start("lonely", flags=["--peers", address])
        says(lonely, "info lonely: " + re.escape(address) + " is not reachable yet: "
             "connection refused; trying again every second")
        wait_until("status says why", lambda: re.search(
            re.escape(address) + r".*not connected for .*: connection refused, \d+ tries",
            run("status", "--redis", lonely.redis).stdout))
        check(log_of(lonely).count("cannot reach") <= 2, "not a line for each attempt")
        check(lonely.stop() == 0, "a clean end")


def peer_of(leader):
    peers = leader.status()["peers"]
    return next((peer for peer in peers if peer["connected"]), peers[0])


def killed_and_back(eu, us):
    """us dials eu: while eu is gone the status tells how often it was tried and when it will be,
    and once it is back, that both hold equal rows."""
    wait_until("both are equal", lambda: 0 <= peer_of(us)["equal_ago_ms"] < 3000)
    wait_until("the way there and back is known", lambda: peer_of(us)["round_trip_ms"] >= 0)
    check(peer_of(us)["next_try_ms"] == -1, peer_of(us))
    eu.kill()
    wait_until("it is tried again", lambda: peer_of(us)["tries"] >= 3)
    wait_until("it waits for the next try", lambda: peer_of(us)["next_try_ms"] > 0)
    check(peer_of(us)["next_try_ms"] <= 1200, peer_of(us))
    check(peer_of(us)["round_trip_ms"] == -1, peer_of(us))
    wait_until("the command line has them, too", lambda: re.search(
        r"connection refused, \d+ tries, the next (within 1 s|within 2 s|just now)",
        run("status", "--redis", us.redis).stdout))
    us.call("SET", "while", "away")
    wait_until("what it may lose", lambda: peer_of(us)["not_durable_ops"] > 0)
    check(peer_of(us)["queued_bytes"] == 0, peer_of(us))
    alone = peer_of(us)["equal_ago_ms"]
    eu.start()
    wait_until("eu has it", lambda: eu.call("GET", "while") == "away")
    wait_until("both are known to be equal again, and nothing is queued", lambda:
               0 <= peer_of(us)["equal_ago_ms"] < alone and peer_of(us)["not_durable_ops"] == 0
               and peer_of(us)["queued_bytes"] == 0 and peer_of(us)["round_trip_ms"] >= 0)
    back = peer_of(us)
    check((back["tries"], back["next_try_ms"]) == (0, -1), back)
    check(back["sent_ops"] > 0, back)

    def held():
        return sum(os.stat(os.path.join(at, name)).st_blocks * 512
                   for at, _, names in os.walk(us.data) for name in names if name != "control")
    wait_until("its files are told", lambda: us.status()["disk_bytes"] == held())
    with open(f"/proc/{us.process.pid}/statm") as file:
        resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    told = us.status()["memory_bytes"]
    check(abs(told - resident) < (16 << 20), (told, resident))
    shown = run("status", "--redis", us.redis).stdout
    check(re.search(r"^takes +\S+ \S+ on disk, .* free, reserve 64.0 MiB; \S+ MiB of memory$",
                    shown, re.MULTILINE), shown)


def variables(world, eu):
    """Either name of the peers will do, and what is no setting is said, with the nearest one."""
    os.environ.update(ANABRANCH_PEER=eu.listen, ANABRANCH_LOG_LEVL="info", ANABRANCH_TEST_ANY="1")
    try:
        leader = world.start("ap")
    finally:
        for name in ("PEER", "LOG_LEVL", "TEST_ANY"):
            del os.environ["ANABRANCH_" + name]
    wait_until("ap has dialled eu", lambda: leader.is_connected(eu))
    says(leader, "warning the variable ANABRANCH_LOG_LEVL is no setting and does nothing; "
                 "did you mean ANABRANCH_LOG_LEVEL")
    check("ANABRANCH_TEST" not in log_of(leader), "variables of tests are let be")


def checked(world, eu):
    path = os.path.join(world.folder, "doubtful.toml")

    def doubts(text):
        with open(path, "w") as file:
            file.write(text)
        return run("config", "check", path)

    done = doubts(f'region = "xx"\ndata = "xx"\npeer = ["{eu.listen}"]\n')
    check(done.returncode == 0 and "is fine" in done.stdout, done)
    done = doubts(f'listen = "tcp://127.0.0.1:7400"\npeers = ["tcp://localhost:7400", "{eu.listen}"]\n')
    check(done.returncode == 0 and "note: peers: tcp://localhost:7400 is where this leader itself listens" in
          done.stdout, done)
    done = doubts(f'peers = ["{eu.listen}", "{eu.listen}"]\n')
    check(done.returncode == 78 and "is there twice" in done.stderr, done)
    done = doubts('insecure = true\npeers = ["tcp://no-such-host.invalid:7400"]\n')
    check(done.returncode == 78 and "cannot be looked up" in done.stderr, done)
    done = doubts('peers = ["tcp://127.0.0.1:1"]\n')
    check(done.returncode == 78 and "listens nowhere" in done.stderr, done)
    done = doubts('map_bytes = 1\n')
    check(done.returncode == 78 and "64 MiB" in done.stderr, done)


def main():
    new_random()
    with World() as world:
        eu, us = connections(world)
        pauses(eu, us)
        killed_and_back(eu, us)
        never_reached(world)
        variables(world, eu)
        checked(world, eu)


if __name__ == "__main__":
    main()
