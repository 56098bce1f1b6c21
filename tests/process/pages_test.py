#!/usr/bin/env python3
"""The pages of docs that are procedures are true: their commands run as written, by root, on machines
that have the package, and answer what the page shows. They begin where docs/three-regions.md ends.
Needs root."""

import os
import signal
import sys

import systemctl
from leaders import check
from machines import (ADDRESSES, Machine, enter_namespaces, follow, make_networks, section_of,
                      steps_of)
from packages import make_package

VERSIONS = ["0.1.0", "0.2.0"]
TOOLS = ["cmake", "dpkg-deb", "apt-get", "systemd-sysusers", "systemd-tmpfiles", "setpriv"]


class World:
    def __init__(self, folder):
        self.folder = folder
        os.makedirs(os.path.join(folder, "carry"))
        self.packages = [make_package(folder, version) for version in VERSIONS]
        make_networks(ADDRESSES)
        self.machines = {name: self.new_machine(name) for name in ADDRESSES}

    def new_machine(self, name):
        """A machine with a service manager, and the packages in the folder of root."""
        machine = Machine(name, self.folder)
        for package in self.packages:
            machine.copy(package, "/root")
        machine.copy(systemctl.__file__, "/usr/bin/systemctl")
        machine.must("chmod 755 /usr/bin/systemctl; mkdir -p /run/systemd/system\n"
                     "rm -f /usr/sbin/policy-rc.d")
        for other, address in ADDRESSES.items():
            machine.must(f"echo {address} {other}.example >>/etc/hosts")
        return machine

    def follow(self, page, title=None):
        """Follows a section of a page, or all of it; returns how many steps that were."""
        with open(page) as file:
            text = file.read()
        steps = steps_of(section_of(text, title) if title else text, "package")
        check(steps, f"{page}, {title}: no steps")
        for step in steps:
            follow(step, self.machines)
        print(f"{page}{', ' + title if title else ''}: {len(steps)} steps", flush=True)

    def end(self):
        for machine in self.machines.values():
            machine.end()


def procedures(world):
    world.follow("docs/three-regions.md")


def inside(folder):
    world = World(folder)
    try:
        procedures(world)
    except AssertionError:
        for machine in world.machines.values():
            print(machine.name, machine.run("tail -n 20 /var/log/anabranch.log")[1], file=sys.stderr)
        raise
    finally:
        world.end()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    inside(sys.argv[2]) if sys.argv[1:2] == ["inside"] else enter_namespaces(__file__, TOOLS)
