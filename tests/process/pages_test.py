#!/usr/bin/env python3
"""The pages of docs that are procedures are true: their commands run as written, by root, on machines
that have the package, and answer what the page shows. They begin where docs/three-regions.md ends.
Needs root."""

import os
import signal
import sys

import systemctl
from leaders import check
from machines import ADDRESSES, Machine, enter_namespaces, make_networks
from packages import make_package
from steps import follow, section_of, steps_of

OPERATIONS = "docs/operations"
VERSIONS = ["0.1.0", "0.2.0"]
TOOLS = ["cmake", "dpkg-deb", "dpkg", "systemd-sysusers", "systemd-tmpfiles", "setpriv"]

# apt-get is dpkg with books of its own: those of this machine take seconds to read, and its triggers
# to run. Services may be started.
SYSTEM = """chmod 755 /usr/bin/systemctl
mkdir -p /run/systemd/system /var/lib/own/info /var/lib/own/updates
touch /var/lib/own/status /var/lib/own/available
rm -f /usr/sbin/policy-rc.d
cat >/usr/local/bin/apt-get <<'END'
#!/bin/sh
while [ "$1" != install ]; do shift; done
while [ "${2#-}" != "$2" ]; do shift; done
exec dpkg --admindir /var/lib/own -i "$2"
END
chmod 755 /usr/local/bin/apt-get
"""

WRITES = 200
LOSS = f"""seq -f "SET lost:%g value" {WRITES} | redis-cli -p 6400 >/dev/null
kill -KILL $(cat /run/systemctl/anabranch.service)
{sys.executable} - <<'END'
import glob
path = sorted(glob.glob("/var/lib/anabranch/data/wal/segment-*"))[-1]
with open(path, "r+b") as log:
    at = log.read().index(b"lost:{WRITES // 4}")
    log.seek(at)
    log.write(b"L")
END
systemctl start anabranch
"""


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
        machine.must(f"sed -i '1s,.*,#!{sys.executable},' /usr/bin/systemctl\n{SYSTEM}")
        for other, address in ADDRESSES.items():
            machine.must(f"echo {address} {other}.example >>/etc/hosts")
        return machine

    def follow(self, page, title=None):
        """Follows a section of a page, or all of it."""
        with open(page) as file:
            text = file.read()
        steps = steps_of(section_of(text, title) if title else text, ADDRESSES, "package")
        check(steps, f"{page}, {title}: no steps")
        for step in steps:
            follow(step, self.machines, strict=True)
        print(f"{page}{', ' + title if title else ''}: {len(steps)} steps", flush=True)

    def end(self):
        for machine in self.machines.values():
            machine.end()


def lose_writes(world):
    """A byte in the log of eu changes on its disk, before what was written last is in the tables."""
    eu = world.machines["eu"]
    for name in ("us", "ap"):
        world.machines[name].must("systemctl stop anabranch")
    eu.must(LOSS)
    for name in ("us", "ap"):
        world.machines[name].must("systemctl start anabranch")


def writes_are_back(world):
    found = int(world.machines["us"].must(f"redis-cli -p 6400 EXISTS $(seq -f lost:%g {WRITES})"))
    check(found >= WRITES - 2, f"{found} of {WRITES} are back")  # A record was damaged.


def root_sees_as_the_service(world):
    """A file that the service cannot read is told to root before the service is started."""
    eu = world.machines["eu"]
    eu.must("chown root /var/lib/anabranch/users.acl")
    said = eu.run("anabranch config check /etc/anabranch/anabranch.toml; echo $?")[1]
    check("Permission denied" in said and "the user anabranch" in said and said.endswith("78\n"), said)
    said = eu.run("anabranch doctor --offline --config /etc/anabranch/anabranch.toml; echo $?")[1]
    check("Permission denied" in said and "the user anabranch" in said and said.endswith("\n1\n"), said)


def procedures(world):
    world.follow("docs/three-regions.md")
    world.follow("docs/upgrading.md", "Region by region")
    world.follow("docs/upgrading.md", "The way back")
    world.follow(f"{OPERATIONS}/keys.md", "Keys")
    world.follow(f"{OPERATIONS}/backups.md")
    world.follow(f"{OPERATIONS}/restore.md", "Restoring")
    lose_writes(world)
    world.follow(f"{OPERATIONS}/damage.md", "Lost writes")
    writes_are_back(world)
    world.follow(f"{OPERATIONS}/region-new.md")
    world.follow(f"{OPERATIONS}/region-gone.md", "Removing a region")
    world.follow(f"{OPERATIONS}/followers.md")
    world.follow(f"{OPERATIONS}/users.md")
    root_sees_as_the_service(world)


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
