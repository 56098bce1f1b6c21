#!/usr/bin/env python3
"""A server under a service manager says when it is ready and when it stops, and its log has
priorities and no times where standard error is the journal."""

import os
import re
import socket

from leaders import World, check, run, wait_until


class ServiceManager:
    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(20)

    def heard(self):
        return self.socket.recv(4096).decode().splitlines()


def notified(world):
    path = os.path.join(world.folder, "notify")
    manager = ServiceManager(path)
    leader = world.start("eu")
    check(leader.stop() == 0, "a clean end")
    leader.environment = {"NOTIFY_SOCKET": path}
    leader.start()
    ready = manager.heard()
    check(ready[0] == "READY=1" and ready[1].startswith("STATUS=region eu, redis on "), ready)
    leader.call("SET", "key", "value")
    check(leader.stop() == 0, "a clean end")
    stopping = manager.heard()
    check(stopping[0] == "STOPPING=1" and len(stopping) == 3, stopping)
    check(re.fullmatch(r"STATUS=stopping: writes [1-9]\d* bytes of the log to the tables", stopping[1]), stopping)
    check(stopping[2] == "EXTEND_TIMEOUT_USEC=18000000", stopping)
    leader.start()
    check(leader.status()["storage_redo_bytes"] < 1000, "what the last opening wrote is in the tables")
    check(leader.call("GET", "key") == "value", "it is there")
    check(leader.stop() == 0, "a clean end")


def without_a_manager(world):
    leader = world.start("alone")
    check(leader.stop() == 0, "a clean end")
    leader.environment = {"NOTIFY_SOCKET": os.path.join(world.folder, "nobody")}
    leader.start()
    leader.call("SET", "key", "value")
    check(leader.stop() == 0, "a manager that is gone is no reason not to serve")
    with open(leader.log_path) as log:
        check("the service manager cannot be told" in log.read(), "it is logged")


def in_the_journal(world):
    leader = world.start("us")
    check(leader.stop() == 0, "a clean end")
    with open(leader.log_path) as log:
        check(re.search(r"^\d{4}-\S+Z info us: ready: ", log.read(), re.MULTILINE), "with a time")
    about = os.stat(leader.log_path)
    size = about.st_size
    leader.environment = {"JOURNAL_STREAM": f"{about.st_dev}:{about.st_ino}"}
    leader.start()
    check(leader.stop() == 0, "a clean end")
    with open(leader.log_path) as log:
        log.seek(size)
        lines = log.read().splitlines()
    check(lines and all(re.match(r"<[3-7]>us: ", line) for line in lines), lines)
    wait_until("ready is there", lambda: any(line.startswith("<6>us: ready: ") for line in lines))


def not_again(world):
    """Codes after which the unit does not start the service again are those of wrong settings."""
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "..", "..", "packaging", "anabranch.service")) as unit:
        codes = re.search(r"^RestartPreventExitStatus=(.*)$", unit.read(), re.MULTILINE)[1].split()
    data = ["--region", "xx", "--data", os.path.join(world.folder, "xx")]
    wrong = run("serve", *data, "--acl-file", os.path.join(world.folder, "nowhere"))
    check(wrong.returncode == 78 and "78" in codes, f"{wrong} of {codes}")
    wrong = run("serve", *data, "--no-such-flag")
    check(wrong.returncode == 2 and "2" in codes, f"{wrong} of {codes}")
    leader = world.start("busy")
    wrong = run("serve", *data, "--redis", leader.redis)
    check(wrong.returncode == 1 and "1" not in codes, f"a port may become free: {wrong} of {codes}")


def main():
    with World() as world:
        not_again(world)
        notified(world)
        without_a_manager(world)
        in_the_journal(world)


if __name__ == "__main__":
    main()
