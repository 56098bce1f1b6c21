#!/usr/bin/env python3
"""docs/three-regions.md is true: its commands run as written on three machines, each with a network
and a file system of its own, and answer what the page shows. Here they go without systemd; with the
package they do in pages_test.py. Needs root."""

import signal
import sys

from leaders import check
from machines import Machine, enter_namespaces, make_networks, server_folder
from steps import follow, steps_of

PAGE = "docs/three-regions.md"
NAMES = ["eu", "us", "ap"]


def inside(folder):
    make_networks(NAMES)
    with open(PAGE) as file:
        steps = steps_of(file.read(), NAMES, "plain")
    check(len(steps) >= 15, f"{len(steps)} steps were found")
    machines = {name: Machine(name, folder) for name in NAMES}
    try:
        for machine in machines.values():
            machine.must(f"ln -s {server_folder()}/anabranch /usr/local/bin")
        for step in steps:
            follow(step, machines)
    except AssertionError:
        for machine in machines.values():
            print(machine.name, machine.run("tail -n 20 /var/log/anabranch.log")[1], file=sys.stderr)
        raise
    finally:
        for machine in machines.values():
            machine.end()
    print(f"{len(steps)} steps were followed", flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    inside(sys.argv[2]) if sys.argv[1:2] == ["inside"] else enter_namespaces(__file__)
