#!/usr/bin/env python3
"""Crowds at all ports of a leader that may open few files: clients with a password go on writing,
new ones too, and peers stay connected; strangers give way. With too few files for all that listens
a leader does not start, and says the numbers."""

import contextlib
import json
import os
import socket
import subprocess
import time

from leaders import World, check, new_random, wait_until
from resp import Client, ServerError

IDLE_CLIENTS = 1000
SILENT_PEERS = 250
HTTP_STREAMS = 200
VALUES = 60
VALUE = b"x" * 1_000_000
USERS = "user default on nopass -@all +ping\nuser writer on >secret ~* +@all\n"
STREAM = b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"
TRIES_SECONDS = 30.0
MISCONFIGURED = 78


def limit(leader, files):
    leader.prefix = ["sh", "-c", f'ulimit -n {files} && exec "$@"', "sh"]


def crowd(stack, address, count, first=b""):
    host, port = address.rsplit(":", 1)
    made = []
    for _ in range(count):
        with contextlib.suppress(OSError):
            each = stack.enter_context(socket.create_connection((host, int(port)), timeout=2))
            each.sendall(first)
            made.append(each)
    return made


def writer(leader):
    """A new client with a password; where all that idle are young it is refused, and tries again."""
    deadline = time.monotonic() + TRIES_SECONDS
    while True:
        client = Client(leader.redis, timeout=30)
        try:
            check(client.call("AUTH", "writer", "secret") == "OK", "it logs in")
            return client
        except (OSError, ServerError):
            client.close()
            check(time.monotonic() < deadline, "a new client with a password is served")
            time.sleep(0.05)


def write(client, name):
    for number in range(VALUES):
        check(client.call("SET", f"{name}:{number}", VALUE) == "OK", f"{name} writes")


def http_address(leader):
    with open(leader.log_path) as log:
        return log.read().rsplit(", http on http://", 1)[1].split()[0]


def check_crowds(world, files):
    with open(os.path.join(world.folder, "users"), "w", opener=lambda path, flags: os.open(
            path, flags, 0o600)) as file:
        file.write(USERS)
    eu = world.start("eu", name=f"eu-{files}", flags=["--mesh", f"mesh-{files}"])
    us = world.start("us", name=f"us-{files}", peers=[eu], flags=["--mesh", f"mesh-{files}"])
    us.stop()
    limit(us, files)
    us.flags += ["--acl-file", os.path.join(world.folder, "users"), "--http", "127.0.0.1:0"]
    us.start()
    with contextlib.ExitStack() as stack:
        old = stack.enter_context(writer(us))
        wait_until("they are connected", lambda: peers_of(old) == 1)
        for _ in range(2):  # The second time the first ones are old enough to give way.
            crowd(stack, us.redis, IDLE_CLIENTS)
            crowd(stack, us.listen.removeprefix("tcp://"), SILENT_PEERS)
            crowd(stack, http_address(us), HTTP_STREAMS, STREAM)
            write(old, "old")
            new = stack.enter_context(writer(us))
            write(new, "new")
            check(len(os.listdir(f"/proc/{us.process.pid}/fd")) <= files, "the limit holds")
            check(peers_of(old) == 1, "the peer stays connected")
        figures = dict(line.split(":", 1) for line in old.call("INFO", "all").split("\r\n")
                       if ":" in line)
        print(f"{files} files: {figures['connected_clients']} clients, "
              f"{figures['strangers_gave_way']} gave way, {figures['rejected_connections']} refused",
              flush=True)
        check(int(figures["strangers_gave_way"]) > 0, "strangers give way")
        wait_until("the writes arrive elsewhere",
                   lambda: eu.call("STRLEN", f"new:{VALUES - 1}") == len(VALUE))
    with writer(us) as last:
        check(last.call("SET", "last", "1") == "OK", "and afterwards")
    check(us.stop() == 0, "it ends cleanly")
    eu.stop()


def peers_of(client):
    return sum(peer["connected"] for peer in json.loads(client.call("ANABRANCH", "STATUS"))["peers"])


def check_few(world, files):
    """It starts, or says why not, with the numbers."""
    command = ["sh", "-c", f'ulimit -n {files} && exec "$@"', "sh",
               *world.start(f"few-{files}").command(), "--http", "127.0.0.1:0"]
    leader = world.leaders[f"few-{files}"]
    leader.stop()
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    check(done.returncode == MISCONFIGURED, f"{done.returncode}: {done.stderr}")
    for part in (f"may have {files} descriptors", "for files and dialled peers",
                 "for the port of the peers", "for HTTP", "for clients", "ulimit -n"):
        check(part in done.stderr, f"no {part!r} in {done.stderr}")


def main():
    new_random()
    with World() as world:
        check_few(world, 80)
        check_few(world, 40)
        for files in (1024, 300):
            check_crowds(world, files)


if __name__ == "__main__":
    main()
