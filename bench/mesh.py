"""Measurements of leaders as processes that lose and regain their links.

    catch up   one leader is away while the other takes writes; from its start until both are equal
    outage     one of three leaders stands still while another takes writes as fast as it can
    away       one leader was away for longer than the log reaches back, and has own writes too
"""

import os
import shutil
import signal
import statistics
import threading
import time

import servers

WRITERS = 50
PIPELINE = 16
ROUNDS_USUAL = 20


def wait_until(what, holds, seconds=600):
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise SystemExit(f"never: {what}")
        time.sleep(0.01)


def write(leader, writes, keys, command="set"):
    """Writes pipelined, at keys chosen at random; returns writes per second."""
    return leader.measure(command, PIPELINE, writes, keys)


def equal(leaders):
    return all(one.applied() == leaders[0].applied() for one in leaders)


class Mesh:
    """Leaders in a folder of their own, each connected to those before it."""

    def __init__(self, build, folder, regions, flags=()):
        self.folder = os.path.join(folder, "mesh-" + "-".join(regions))
        os.mkdir(self.folder)
        self.leaders = []
        for region in regions:
            self.leaders.append(servers.Anabranch(build, self.folder, region, self.leaders, flags))

    def __enter__(self):
        return self.leaders

    def __exit__(self, *_):
        for leader in self.leaders:
            leader.process.send_signal(signal.SIGCONT)
            leader.stop()
        shutil.rmtree(self.folder)


def measure_catch_up(table, build, folder, rounds, writes):
    row = f"catch-up of {writes:,} missed writes"
    with Mesh(build, folder, ["eu", "us"]) as (eu, us):
        write(eu, 1000, writes)
        wait_until("both are equal", lambda: equal([eu, us]))
        for _ in range(rounds):
            us.stop()
            write(eu, writes, writes)
            begin = time.monotonic()
            us.restart()
            memory = []

            def caught_up():
                memory.append(us.own_bytes())
                return equal([eu, us])
            wait_until("both are equal again", caught_up)
            seconds = time.monotonic() - begin
            table.add(row, "anabranch", "s", seconds)
            table.add("processor time of who catches up", "anabranch", "s", cpu_seconds(us))
            table.add("its own memory, at most", "anabranch", "MiB", max(memory) / (1 << 20))


def cpu_seconds(leader):
    with open(f"/proc/{leader.process.pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure_outage(table, build, folder, rounds, writes):
    row = "SET at one of three, pipeline 16"
    with Mesh(build, folder, ["eu", "us", "ap"]) as leaders:
        eu, _, ap = leaders
        write(eu, writes, writes)
        for _ in range(rounds):
            wait_until("all are equal", lambda: equal(leaders))
            table.add(row, "all are well", "requests/s", write(eu, writes, writes))
            ap.process.send_signal(signal.SIGSTOP)
            table.add(row, "one stands still", "requests/s", write(eu, writes, writes))
            log_bytes = eu.status()["log_bytes"]
            ap.process.send_signal(signal.SIGCONT)
            wait_until("all are equal", lambda: equal(leaders))
            table.add(row, "it is back", "requests/s", write(eu, writes, writes))
            table.add("log of who writes", "anabranch", "MiB", log_bytes / (1 << 20))


def measure_away(build, folder, writes, flags):
    """Prints the cost of a return with `writes` own and as many missed writes when the log of
    the other leader has been trimmed; `flags` make the leaders keep a small log."""
    with Mesh(build, folder, ["eu", "us"], flags) as (eu, us):
        write(us, writes // 10, writes)
        wait_until("both are equal", lambda: equal([eu, us]))
        eu.ask_ok("ANABRANCH", "PEER", "PAUSE", "us")
        threads = [threading.Thread(target=write, args=(one, writes, 2 * writes, command))
                   for one, command in ((eu, "set"), (us, "incr"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        begin = time.monotonic()
        eu.ask_ok("ANABRANCH", "PEER", "RESUME", "us")
        meanwhile, memory = [], []
        behind = eu.applied()
        while not meanwhile or not covers(us.applied(), behind):
            meanwhile.append(write(us, writes // 100, writes))
            memory.append(max(eu.own_bytes(), us.own_bytes()))
        seconds = time.monotonic() - begin
        wait_until("both are equal", lambda: equal([eu, us]))
        seconds_until_equal = time.monotonic() - begin
        # As many rows as during the absence: the fewer there are, the faster they are written.
        usual = [write(us, writes // 100, writes) for _ in range(2 * ROUNDS_USUAL)][ROUNDS_USUAL:]
        print(f"{writes:,} own and {writes:,} missed writes: has the missed ones after "
              f"{seconds:.1f} s, both equal after {seconds_until_equal:.1f} s")
        print(f"own writes meanwhile: {min(meanwhile):,.0f} / {statistics.median(meanwhile):,.0f} / "
              f"{max(meanwhile):,.0f} requests/s (minimum, median, maximum)")
        print(f"usually: {min(usual):,.0f} / {statistics.median(usual):,.0f} / "
              f"{max(usual):,.0f} requests/s")
        print(f"own memory of either, at most: {max(memory) >> 20} MiB")


def covers(one, other):
    return all(one.get(origin, 0) >= seq for origin, seq in other.items())
