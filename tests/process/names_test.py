#!/usr/bin/env python3
"""Names of peers: a name server that answers nothing disturbs no link and holds up no end, names of
IPv6 connect, and a list that is the same everywhere, with two names of one leader in it, breaks
nothing. In namespaces of its own, where the test makes the names."""

import os
import socket
import statistics
import subprocess
import sys
import time

from leaders import LONG, Leader, World, check, skip, wait_until

DEAD = "127.0.0.9"
HOSTS = """127.0.0.1 localhost eu.test us.test also-eu.test
::1 six.test
"""


def in_namespaces():
    """Runs again with networks and mounts of its own, if this user may have them."""
    if os.environ.get("ANABRANCH_TEST_NAMES"):
        return
    words = ["unshare", "-nm" if os.geteuid() == 0 else "-Urnm"]
    probe = subprocess.run([*words, "ip", "link", "set", "lo", "up"], capture_output=True)
    if probe.returncode != 0:
        skip(f"no namespaces can be made here: {probe.stderr}")
    os.environ["ANABRANCH_TEST_NAMES"] = "1"
    os.execvp("unshare", [*words, sys.executable, *sys.argv])


def make_names(folder):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for name, text in (("hosts", HOSTS), ("nsswitch.conf", "hosts: files dns\n"),
                       ("resolv.conf", f"nameserver {DEAD}\n")):
        path = os.path.join(folder, name)
        with open(path, "w") as file:
            file.write(text)
        mounted = subprocess.run(["mount", "--bind", path, f"/etc/{name}"], capture_output=True)
        if mounted.returncode != 0:
            skip(f"no names can be made here: {mounted.stderr}")


def log_of(leader):
    with open(leader.log_path, errors="replace") as log:
        return log.read()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_at(world, region, listen, peers):
    leader = Leader(world, region)
    leader.listen = listen
    leader.peers = peers
    leader.flags = ["--insecure"]
    world.leaders[region] = leader
    return leader.start()


def seconds_to(leader, other, value):
    begun = time.monotonic()
    leader.call("SET", "key", value)
    wait_until("it has arrived", lambda: other.call("GET", "key") == value)
    return time.monotonic() - begun


def a_dead_name_server(world):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as dead:
        dead.bind((DEAD, 53))  # It takes questions, and answers none.
        us = world.start("us")
        eu = world.start("eu", peers=[us], flags=["--insecure", "--peer", "tcp://ap.test:7400"])
        wait_until("they are connected", lambda: eu.is_connected(us))
        begun = time.monotonic()
        times = []
        while time.monotonic() - begun < (60 if LONG else 8):
            times.append(seconds_to(eu, us, str(len(times))))
            time.sleep(0.1)
        print(f"{len(times)} writes, at most {max(times):.3f} s")
        check(statistics.median(times) < 0.1 and max(times) < 1, times)
        check(dead.recvfrom(512), "it was asked")
        for each in (eu, us):
            check("is gone" not in log_of(each) and "lost tcp" not in log_of(each), log_of(each))
        wait_until("the reason is told", lambda: any(
            "name server" in peer["away_why"] or "looked up" in peer["away_why"]
            for peer in eu.status()["peers"]))
        begun = time.monotonic()
        check(eu.stop() == 0 and time.monotonic() - begun < 5, "SIGTERM is obeyed at once")
        check(us.stop() == 0, "a clean end")


def one_list_everywhere(world):
    """Each dials each, itself too, and eu by two names."""
    ports = {"one": free_port(), "two": free_port()}
    peers = [f"tcp://eu.test:{ports['one']}", f"tcp://us.test:{ports['two']}",
             f"tcp://also-eu.test:{ports['one']}"]
    leaders = [start_at(world, region, f"tcp://127.0.0.1:{port}", peers)
               for region, port in ports.items()]
    one, two = leaders
    wait_until("they are connected", lambda: one.is_connected(two) and two.is_connected(one))
    wait_until("one knows itself", lambda: "is this leader itself" in log_of(one) and
               not any(ports["one"] == int(peer["address"].rsplit(":", 1)[-1] or 0)
                       for peer in one.status()["peers"] if peer["address"]))
    end = time.monotonic() + (60 if LONG else 8)
    while time.monotonic() < end:
        check(one.is_connected(two) and two.is_connected(one), "a link was broken")
        time.sleep(0.1)
    for each in leaders:
        check("is gone" not in log_of(each), log_of(each))
        about_itself = [line for line in log_of(each).splitlines() if "this leader itself" in line]
        check(len(about_itself) <= 6, log_of(each))
        check(not any(" warning " in line for line in about_itself), about_itself)
        check(each.status()["refused"]["greetings"] == 0, each.status()["refused"])
    for each in leaders:
        check(each.stop() == 0, "a clean end")


def six(world):
    port = free_port()
    us = start_at(world, "six", f"tcp://[::]:{port}", [])
    eu = start_at(world, "four", "tcp://127.0.0.1:0", [f"tcp://six.test:{port}"])
    wait_until("a name of IPv6 alone connects", lambda: eu.is_connected(us))
    ap = start_at(world, "both", "tcp://127.0.0.1:0", [f"tcp://127.0.0.1:{port}"])
    wait_until("the same port takes IPv4", lambda: ap.is_connected(us))


def main():
    in_namespaces()
    with World() as world:
        make_names(world.folder)
        a_dead_name_server(world)
        one_list_everywhere(world)
        six(world)


if __name__ == "__main__":
    main()
