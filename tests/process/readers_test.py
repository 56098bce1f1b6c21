#!/usr/bin/env python3
"""Hundreds of clients ask for large values and never read them: the server stays small, others are served
meanwhile, also with large values, and the memory is given back when they have gone."""

import socket
import time

from leaders import World, check, wait_until
from resp import Client

CLIENTS = 300
VALUES = 20
MEBIBYTE = 1 << 20
ROOM = 32 * MEBIBYTE
STALL = 20  # Seconds; after so long those who do not read are closed.


def memory(leader):
    """The bytes of its own that the process has in memory."""
    with open(f"/proc/{leader.process.pid}/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("RssAnon"))


def figures(leader):
    lines = leader.call("INFO").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def waits(leader, reader):
    """How long a small command takes, a large value for one that reads, and one for a newcomer."""
    def timed(ask):
        begin = time.monotonic()
        ask()
        return time.monotonic() - begin
    with Client(leader.redis) as newcomer:
        return (timed(lambda: leader.call("INCR", "count")),
                timed(lambda: reader.call("GET", "big:0")),
                timed(lambda: newcomer.call("GET", "big:1")))


def main():
    with World() as world:
        eu = world.start("eu", flags=["--output-bytes-total", str(ROOM),
                                        "--output-stall-ms", str(STALL * 1000)])
        for i in range(VALUES):
            eu.call("SET", f"big:{i}", "v" * 1_000_000)
        before = memory(eu)
        address, port = eu.redis.rsplit(":", 1)
        reader = Client(eu.redis)
        for i in range(VALUES):
            reader.call("GET", f"big:{i}")  # Shows that it reads.
        asks = b"".join(b"GET big:%d\r\n" % i for i in range(VALUES))
        clients = [socket.create_connection((address, int(port))) for _ in range(CLIENTS)]
        for client in clients:
            client.sendall(asks)
        most, longest = 0, (0.0, 0.0, 0.0)
        begin = time.monotonic()
        while time.monotonic() - begin < STALL / 5:
            longest = tuple(map(max, longest, waits(eu, reader)))
            most = max(most, memory(eu) - before)
        told = figures(eu)
        check(int(told["held_back_clients"]) > CLIENTS // 2, f"most of them wait: {told}")
        # They have asked for 6 GB, and one answer for each is 300 MB.
        check(most < 3 * ROOM, f"{most >> 20} MiB for answers that nobody reads")
        check(told["clients_cut"] == "0", f"nobody is closed yet: {told}")
        check(max(longest) < STALL / 4, f"other clients have waited for {longest} s")
        check(eu.call("STRLEN", "big:0") == 1_000_000, "it goes on")
        for client in clients:
            client.close()
        wait_until("the memory is given back", lambda: memory(eu) - before < ROOM // 2, seconds=60)
        wait_until("nothing waits", lambda: figures(eu)["output_bytes"] == "0")


if __name__ == "__main__":
    main()
