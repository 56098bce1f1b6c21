"""Leaders as processes that lose and regain their links.

    catch up   one leader is away while the other takes writes; from its start until both are equal
    loaded     both leaders take writes as fast as they can
    outage     one of three leaders stands still while another takes writes as fast as it can
    away       one leader was away for longer than the log reaches back, and has own writes too

The first two also with two instances of Tarantool, where these are wanted.
"""

import concurrent.futures
import os
import shutil
import signal
import statistics
import threading
import time

import servers
import tarantool_pair

ROUNDS_USUAL = 20


def wait_until(what, holds, seconds=600):
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise SystemExit(f"never: {what}")
        time.sleep(0.01)


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


def pairs(run, folder, running):
    """By their names: Tarantool's instances, where wanted, and two leaders, connected with each other."""
    both = {}
    if run.with_peers:
        both["Tarantool"] = running.enter_context(tarantool_pair.Pair(folder))
    both["anabranch"] = running.enter_context(Mesh(run.build, folder, ["eu", "us"]))
    return both


def measure_catch_up(run):
    row = f"catch-up of {run.missed:,} missed writes"
    add = run.table.add
    with run.section() as (folder, running):
        both = pairs(run, folder, running)
        for pair in both.values():
            pair[0].write(1000, run.missed)
            wait_until("both are equal", lambda: equal(pair))
        for _ in range(run.rounds):
            for name, (one, two) in both.items():
                run.progress(f"{row}: {name}")
                two.stop()
                one.write(run.missed, run.missed)
                begin = time.monotonic()
                two.restart()
                memory = []

                def caught_up():
                    memory.append(two.own_bytes())
                    return equal([one, two])
                wait_until("both are equal again", caught_up)
                add(row, name, "s", time.monotonic() - begin)
                add("its processor time", name, "s", two.cpu_seconds())
                if name == "anabranch":
                    add("its own memory, at most", name, "MiB", max(memory) / (1 << 20))


def measure_loaded(run):
    """Each client of either leader waits for its answers; counted until both leaders are equal."""
    row = "both leaders loaded"
    add = run.table.add
    with run.section() as (folder, running):
        both = pairs(run, folder, running)
        for _ in range(run.rounds):
            for name, pair in both.items():
                run.progress(f"{row}: {name}")
                begin = time.monotonic()
                with concurrent.futures.ThreadPoolExecutor() as pool:
                    rates = list(pool.map(lambda one: one.write(run.requests[16], run.keys), pair))
                written = time.monotonic()
                wait_until("both are equal", lambda: equal(pair))
                add(row, name, "requests/s",
                    2 * run.requests[16] / (time.monotonic() - begin))
                add(row + ", until equal", name, "s", time.monotonic() - written)
                add(row + ", slower to faster", name, "", min(rates) / max(rates))


def measure_outage(run):
    row = "SET at one of three, pipeline 16"
    writes = run.outage_requests
    with run.section() as (folder, running):
        leaders = running.enter_context(Mesh(run.build, folder, ["eu", "us", "ap"]))
        eu, _, ap = leaders
        eu.write(writes, writes)
        for _ in range(run.rounds):
            run.progress("a leader that stands still")
            wait_until("all are equal", lambda: equal(leaders))
            run.table.add(row, "all are well", "requests/s", eu.write(writes, writes))
            ap.process.send_signal(signal.SIGSTOP)
            run.table.add(row, "one stands still", "requests/s", eu.write(writes, writes))
            log_bytes = eu.status()["log_bytes"]
            ap.process.send_signal(signal.SIGCONT)
            wait_until("all are equal", lambda: equal(leaders))
            run.table.add(row, "it is back", "requests/s", eu.write(writes, writes))
            run.table.add("log of the leader that writes", "anabranch", "MiB", log_bytes / (1 << 20))


def measure_away(build, folder, writes, flags):
    """Prints the cost of a return with `writes` own and as many missed writes when the log of
    the other leader has been trimmed; `flags` make the leaders keep a small log."""
    with Mesh(build, folder, ["eu", "us"], flags) as (eu, us):
        us.write(writes // 10, writes)
        wait_until("both are equal", lambda: equal([eu, us]))
        eu.ask_ok("ANABRANCH", "PEER", "PAUSE", "us")
        threads = [threading.Thread(target=one.measure,
                                    args=(command, servers.PIPELINE, writes, 2 * writes))
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
            meanwhile.append(us.write(writes // 100, writes))
            memory.append(max(eu.own_bytes(), us.own_bytes()))
        seconds = time.monotonic() - begin
        wait_until("both are equal", lambda: equal([eu, us]))
        seconds_until_equal = time.monotonic() - begin
        # As many rows as during the absence: the fewer there are, the faster they are written.
        usual = [us.write(writes // 100, writes) for _ in range(2 * ROUNDS_USUAL)][ROUNDS_USUAL:]
        print(f"{writes:,} own and {writes:,} missed writes: has the missed ones after "
              f"{seconds:.1f} s, both equal after {seconds_until_equal:.1f} s")
        print(f"own writes meanwhile: {min(meanwhile):,.0f} / {statistics.median(meanwhile):,.0f} / "
              f"{max(meanwhile):,.0f} requests/s (minimum, median, maximum)")
        print(f"usually: {min(usual):,.0f} / {statistics.median(usual):,.0f} / "
              f"{max(usual):,.0f} requests/s")
        print(f"own memory of either, at most: {max(memory) >> 20} MiB")


def covers(one, other):
    return all(one.get(origin, 0) >= seq for origin, seq in other.items())
