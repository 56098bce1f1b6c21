#!/usr/bin/env python3
"""Two leaders, both written to at full speed: applying gets its share, so that the lag has a bound however long
the load lasts; writers are slowed for that, in both regions alike, and an operator is told."""

import shutil
import subprocess
import threading
import time

from leaders import World, check, skip, wait_until
from resp import Client

LOAD = 16       # Seconds. Without a limit the lag is nearly as long at its end.
LAG_MAX = 6     # Seconds, of the last writes under load: ten times what a busy machine shows.
FLAGS = ["--lag-slow-ms", "10ms"]  # A machine may never be 50 ms behind.


class Load:
    """Writers at a leader, until stop()."""

    def __init__(self, leader):
        host, port = leader.redis.rsplit(":", 1)
        self.process = subprocess.Popen(
            ["redis-benchmark", "-h", host, "-p", port, "-c", "50", "-P", "16", "-d", "100", "-r", "100000",
             "-n", "1000000000", "-t", "set", "-q"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        self.process.kill()
        self.process.wait()


class Probes(threading.Thread):
    """Writes in one region, one after the other, and how long each takes to be shown in the other."""

    def __init__(self, here, there):
        super().__init__()
        self.here, self.there = here, there
        self.ended = False
        self.times = []

    def run(self):
        with Client(self.here.redis, timeout=120) as here, Client(self.there.redis, timeout=120) as there:
            while not self.ended:
                begin = time.monotonic()
                key = f"probe:{len(self.times)}"
                here.call("SET", key, "1")
                while there.call("GET", key) is None:
                    time.sleep(0.01)
                self.times.append(time.monotonic() - begin)


def writes(leader):
    """The ops that were written at this leader."""
    return leader.applied()[leader.origin]


def has_line(leader, words):
    with open(leader.log_path, encoding="utf-8") as log:
        return words in log.read()


def main():
    if not shutil.which("redis-benchmark"):
        skip("there is no redis-benchmark (cmake/packages.sh test)")
    with World() as world:
        eu = world.start("eu", flags=FLAGS)
        us = world.start("us", peers=[eu], flags=FLAGS)
        eu.call("SET", "met", "1")
        wait_until("they have met", lambda: us.call("GET", "met") == "1")
        loads = [Load(eu), Load(us)]
        probes = [Probes(eu, us), Probes(us, eu)]
        for probe in probes:
            probe.start()
        begin = time.monotonic()
        while time.monotonic() - begin < LOAD:
            for leader in (eu, us):
                status = leader.status()
                if any(each["kind"] == "slowed" for each in status["warnings"]):
                    check(status["slowed"] and status["behind_ms"] > 0, f"a warning without a figure: {status}")
            time.sleep(0.2)
        for load in loads:
            load.stop()
        written = {leader.region: writes(leader) for leader in (eu, us)}
        for probe in probes:
            probe.ended = True
        for probe in probes:
            probe.join()
        print("writes:", written, "| lag of the probes in s:",
              *([round(each, 1) for each in probe.times] for probe in probes), flush=True)
        # By the log: on a fast machine each time is shorter than the time between two looks at the status.
        slowed = [leader for leader in (eu, us) if has_line(leader, "writes here are slowed")]
        check(slowed, "nobody is told that writes are slowed")
        check(max(probe.times[-1] for probe in probes) < LAG_MAX, "the lag has no bound")
        check(min(written.values()) * 5 > max(written.values()), f"a region is starved: {written}")
        world.wait_equal([eu, us], seconds=120)
        for leader in slowed:
            wait_until(f"{leader.region} is not slowed", lambda: not leader.status()["slowed"])
            check(has_line(leader, "writes are not slowed any more"), f"the end in the log of {leader.region}")


if __name__ == "__main__":
    main()
