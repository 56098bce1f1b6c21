#!/usr/bin/env python3
"""A peer that sends each kind of message without end: the leader's memory has a bound, its clients
read and write meanwhile, the writes of an honest region arrive, and SIGTERM ends it."""

import os
import subprocess
import threading
import time

from leaders import BUILD, LONG, World, check, wait_until
from resp import Client

HOSTILE = os.path.join(BUILD, "tests", "process", "anabranch_hostile_peer")
MEBIBYTES = 1024 if LONG else 6  # Of each kind.
# Of memory, behind an attack of an eighth: buffers that fill, and no slope.
GROWTH_MAX = 64 << 20
SLOW = 1 if LONG else 10  # Of a machine that does other things.
TURN_MAX_MS = 50 * SLOW
STOP_MAX_S = 5 * SLOW
WRITE_MAX_S = 1 * SLOW


def memory(leader):
    with open(f"/proc/{leader.process.pid}/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    return (int(fields["RssAnon"].split()[0]) + int(fields["RssShmem"].split()[0])) << 10


def processor_ms(leader):
    """Of the thread that serves all."""
    with open(f"/proc/{leader.process.pid}/schedstat") as figures:
        return int(figures.read().split()[0]) / 1e6


class Writer:
    """A client that writes without a pause, and knows the longest time that a write took."""

    def __init__(self, leader):
        self.client = Client(leader.redis, timeout=60)
        self.going, self.writes, self.worst, self.failure = True, 0, 0.0, None
        self.thread = threading.Thread(target=self.write)
        self.thread.start()

    def write(self):
        try:
            while self.going:
                begun = time.monotonic()
                check(self.client.call("SET", "written", self.writes) == "OK", "SET")
                self.worst = max(self.worst, time.monotonic() - begun)
                self.writes += 1
                time.sleep(0.002)
        except Exception as failure:  # end() raises it: a thread has nobody to tell.
            self.failure = failure

    def end(self):
        self.going = False
        self.thread.join()
        self.client.close()
        if self.failure is not None:
            raise self.failure


def attack(eu, honest, kind, mebibytes):
    """Returns the peak of its memory, the longest PING by the processor, and the longest SET."""
    writer = Writer(eu)
    attacker = subprocess.Popen([HOSTILE, eu.listen, kind, str(mebibytes)],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    worst, pings, peak = 0.0, 0, 0
    try:
        while attacker.poll() is None:
            before = processor_ms(eu)
            check(eu.call("PING") == "PONG", "PING")
            worst = max(worst, processor_ms(eu) - before)
            pings += 1
            peak = max(peak, memory(eu))
            time.sleep(0.002)
    finally:
        attacker.kill()
        writer.end()
    said = attacker.communicate()[0].strip()
    check(attacker.returncode == 0, f"{kind}: {said}")
    check(writer.writes > 0, f"{kind}: no write was answered")
    value = f"{kind} {mebibytes}"
    honest.call("SET", "honest", value)
    wait_until("an honest write arrives", lambda: eu.call("GET", "honest") == value)
    return peak, worst, writer.worst, f"{said}, {pings} pings, {writer.writes} writes"


def is_bounded(eu, honest, kind):
    """The first attack fills all buffers that there are."""
    first, _, _, _ = attack(eu, honest, kind, max(MEBIBYTES // 8, 1))
    peak, worst, write, said = attack(eu, honest, kind, MEBIBYTES)
    print(f"{kind}: {said}, the longest {worst:.1f} ms of the processor and {write:.2f} s; "
          f"memory {first >> 20} to {peak >> 20} MiB", flush=True)
    check(peak - first < GROWTH_MAX, f"{kind}: memory has grown by {(peak - first) >> 20} MiB")
    check(worst < TURN_MAX_MS, f"{kind}: a PING took {worst:.1f} ms of the processor")
    check(write < WRITE_MAX_S, f"{kind}: a write took {write:.2f} s")


def stops(eu, kind):
    """SIGTERM in the midst."""
    attacker = subprocess.Popen([HOSTILE, eu.listen, kind, "1024"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        before, since = processor_ms(eu), time.monotonic()
        # A kind that the leader refuses at once costs it hardly anything, however long it comes.
        wait_until("it has begun", lambda: processor_ms(eu) > before + 200
                   or time.monotonic() > since + 3)
        begun = time.monotonic()
        check(eu.stop() == 0, "it ends")
        took = time.monotonic() - begun
        print(f"{kind}: SIGTERM took {took:.1f} s", flush=True)
        check(took < STOP_MAX_S, f"{kind}: SIGTERM took {took:.1f} s")
    finally:
        attacker.kill()
        attacker.wait()
    eu.start()


def main():
    kinds = subprocess.run([HOSTILE, "--kinds"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    with World() as world:
        eu = world.start("eu")
        honest = world.start("ap", peers=[eu])
        for number in range(2000):
            eu.call("SET", f"key:{number}", "v" * 500)
        wait_until("both have all", lambda: honest.call("DBSIZE") == 2000)
        for kind in kinds:
            is_bounded(eu, honest, kind)
        for kind in kinds if LONG else ("batch", "heartbeat", "subscribe"):
            stops(eu, kind)


if __name__ == "__main__":
    main()
