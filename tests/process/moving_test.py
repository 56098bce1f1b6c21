#!/usr/bin/env python3
"""docs/moving.md is true: its commands run as written on three machines, with a redis-server as the old
server, and answer what the page shows. Needs root."""

import signal
import sys

from leaders import check
from machines import ADDRESSES, Machine, enter_namespaces, make_networks, server_folder
from steps import follow, section_of, steps_of

PAGE = "docs/moving.md"
NAMES = ["eu", "us", "ap"]
LEADER = """ln -s {folder}/anabranch /usr/local/bin
mkdir -p /var/lib/anabranch
anabranch serve --region {name} --data /var/lib/anabranch/data --insecure --listen tcp://{address}:7400 \
  {peers} 2>/var/log/anabranch.log &
until [ "$(redis-cli -p 6400 PING 2>&1)" = PONG ]; do sleep 0.1; done
"""
# Used by applications since its start; no list is left.
OLD_SERVER = """mkdir -p /var/lib/redis
echo 127.0.0.1 old.example >>/etc/hosts
redis-server --port 6379 --bind 127.0.0.1 --dir /var/lib/redis --save "" --daemonize yes \
  --user default on nopass '~*' '&*' +@all --user user on '>password' '~*' '&*' +@all
until [ "$(redis-cli -p 6379 PING 2>&1)" = PONG ]; do sleep 0.1; done
redis-cli -p 6379 SET visits 12
redis-cli -p 6379 HSET user:1 name Ada
redis-cli -p 6379 SADD tags:1 green blue
redis-cli -p 6379 RPUSH gone one
redis-cli -p 6379 LPOP gone
redis-cli -p 6379 ZADD scores 1 a
redis-cli -p 6379 DEL scores
"""


def start(machines):
    for name, machine in machines.items():
        peers = " ".join(f"--peer tcp://{ADDRESSES[other]}:7400" for other in NAMES if other != name)
        machine.must(LEADER.format(folder=server_folder(), name=name, address=ADDRESSES[name],
                                   peers=peers))
    machines["eu"].must(OLD_SERVER)


def follow_section(page, title, machines):
    steps = steps_of(section_of(page, title), NAMES)
    check(steps, f"{title}: no steps")
    for step in steps:
        follow(step, machines, strict=True)
    print(f"{title}: {len(steps)} steps", flush=True)


def inside(folder):
    make_networks(NAMES)
    with open(PAGE) as file:
        page = file.read()
    machines = {name: Machine(name, folder) for name in NAMES}
    try:
        start(machines)
        follow_section(page, "Differences", machines)
        follow_section(page, "The import", machines)
        machines["eu"].must("redis-cli -p 6379 RPUSH queue one")
        follow_section(page, "Switching over", machines)
    except AssertionError:
        for machine in machines.values():
            print(machine.name, machine.run("tail -n 20 /var/log/anabranch.log")[1], file=sys.stderr)
        raise
    finally:
        for machine in machines.values():
            machine.end()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.argv[1:2] == ["inside"]:
        inside(sys.argv[2])
    else:
        enter_namespaces(__file__, ["redis-server", "comm"])
