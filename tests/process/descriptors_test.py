#!/usr/bin/env python3
"""A leader that may open few files: when clients have used them up, those that are served go on
being served, peers stay connected, nothing spins, and when clients leave there is room again."""

import contextlib
import os
import time

from leaders import World, check, new_random, wait_until
from resp import Client, ServerError

FILES_MAX = 120
CLIENTS = 150
WATCHED_SECONDS = 3.0


def open_files(leader):
    return len(os.listdir(f"/proc/{leader.process.pid}/fd"))


def crowd(leader, stack):
    """More clients than there are files; gives those that are answered."""
    clients = []
    for _ in range(CLIENTS):
        with contextlib.suppress(OSError):
            clients.append(stack.enter_context(Client(leader.redis, timeout=0.3)))
    served = []
    for client in clients:
        with contextlib.suppress(OSError, ServerError):
            if client.call("PING") == "PONG":
                served.append(client)
    return served


def main():
    new_random()
    with World() as world:
        eu = world.start("eu")
        us = world.start("us", peers=[eu])
        us.stop()
        us.prefix = ["sh", "-c", f'ulimit -n {FILES_MAX} && exec "$@"', "sh"]
        us.start()
        wait_until("they are connected", lambda: us.is_connected(eu) and eu.is_connected(us))
        idle = open_files(us)
        with contextlib.ExitStack() as stack:
            served = crowd(us, stack)
            print(f"{idle} files open when idle, {open_files(us)} now, {len(served)} of {CLIENTS} "
                  "clients are served", flush=True)
            check(0 < len(served) < CLIENTS, "some clients are served, some are not")
            check(open_files(us) <= FILES_MAX, "the limit holds")
            for number, client in enumerate(served):
                check(client.call("SET", f"key:{number}", number) == "OK", "who is served writes")
            eu.call("SET", "from:eu", "hello")
            wait_until("the peer's write arrives", lambda: us.call("GET", "from:eu") == "hello")
            wait_until("writes go out", lambda: eu.call("GET", f"key:{len(served) - 1}") is not None)
            used, begin = us.cpu_seconds(), time.monotonic()
            time.sleep(WATCHED_SECONDS)
            used = (us.cpu_seconds() - used) / (time.monotonic() - begin)
            print(f"meanwhile {100 * used:.1f} % of a core", flush=True)
            check(used < 0.3, "it spins when there are no files left")
            check(us.is_connected(eu), "the peer stays connected")
        wait_until("there is room again", lambda: open_files(us) <= idle + 2)
        with Client(us.redis) as client:
            check(client.call("PING") == "PONG", "a new client is served")
        world.wait_equal([eu, us])
        check(us.stop() == 0, "us ends cleanly")


if __name__ == "__main__":
    main()
