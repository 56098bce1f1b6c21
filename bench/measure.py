"""Runs all measurements and prints the table. Use bench/run.sh.

Every figure is measured several times, alternating with its counterpart. The table shows the
minimum, the median and the maximum, and the median of the ratios within one round.
"""

import contextlib
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import mesh
import servers

BUILD = os.environ["ANABRANCH_TEST_BUILD"]
SMOKE = "--smoke" in sys.argv[1:]
ROUNDS = 1 if SMOKE else 5
KEYS = 10_000 if SMOKE else 100_000
WORKLOADS = ["put", "put-8", "transact-100", "transact-1000", "get", "get-8", "replicate", "lag"]
# Rows that must be within a factor of two of LMDB alone.
REQUIRED = ("put, ", "get, ", "transactions ")
# Writes that a leader has missed, and requests of each sample while one leader stands still.
MISSED = 20_000 if SMOKE else 1_000_000
OUTAGE_REQUESTS = 5_000 if SMOKE else 200_000
COMMANDS = ["set", "get", "incr", "sadd"]
# The number of requests in one run, by pipeline.
REQUESTS = {1: 3_000, 16: 16_000} if SMOKE else {1: 50_000, 16: 400_000}


class Table:
    """Rows in the order of their first sample; each has sides, the first being the baseline."""

    def __init__(self):
        self.rows = {}

    def add(self, row, side, unit, value):
        self.rows.setdefault(row, {}).setdefault((side, unit), []).append(value)

    def ratio(self, row, side):
        """The median over the rounds of this side against the first; None for the first."""
        sides = list(self.rows[row].items())
        baseline = sides[0][1]
        samples = self.rows[row][side]
        if side == sides[0][0] or len(samples) != len(baseline):
            return None
        return statistics.median(ours / theirs for ours, theirs in zip(samples, baseline))

    def print(self):
        line = "{:<36}{:<25}{:>11}{:>11}{:>11}  {:<12}{:>6}".format
        print(line("what", "by", "minimum", "median", "maximum", "unit", "ratio"))
        for row, sides in self.rows.items():
            name = row
            for side, samples in sides.items():
                ratio = self.ratio(row, side)
                print(line(name, side[0], figure(min(samples)),
                           figure(statistics.median(samples)), figure(max(samples)), side[1],
                           "" if ratio is None else f"{ratio:.2f}"))
                name = ""


def figure(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def fsync_ms(folder):
    """The median of writing and syncing 4 KiB at the end of a file, in milliseconds."""
    samples = []
    with open(os.path.join(folder, "sync"), "wb", buffering=0) as file:
        for _ in range(50 if SMOKE else 200):
            file.write(bytes(4096))
            begin = time.perf_counter()
            os.fdatasync(file.fileno())
            samples.append((time.perf_counter() - begin) * 1000)
    return statistics.median(samples)


def print_machine(folder):
    filesystem = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True,
                                text=True).stdout.strip()
    load = os.getloadavg()[0]
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}, {platform.system()} "
          f"{platform.release()}, {filesystem}, fdatasync of 4 KiB {fsync_ms(folder):.2f} ms, "
          f"load {load:.1f}, {ROUNDS} round{'s' if ROUNDS > 1 else ''}, {KEYS} keys, "
          f"values of {servers.VALUE_BYTES} bytes\n", flush=True)


def progress(what):
    print(f"  {what} ...", file=sys.stderr, flush=True)


def measure_embedded(table, folder, running):
    for workload in WORKLOADS:
        progress("embedded: " + workload)
        data = os.path.join(folder, workload)
        os.mkdir(data)
        words = [os.path.join(BUILD, "bench", "embedded_bench"), workload, data,
                 "--rounds", str(ROUNDS), "--keys", str(KEYS),
                 "--seconds", "0.3" if SMOKE else "2", "--lag-writes", "50" if SMOKE else "500"]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        running.callback(process.kill)
        for sample in process.stdout:
            row, side, unit, value = sample.rstrip("\n").split("\t")
            table.add(row, side, unit, float(value))
        if process.wait() != 0:
            raise SystemExit(f"embedded_bench {workload} failed")
        shutil.rmtree(data)


def measure_servers(table, folder, running):
    """Servers with the same durability are compared: each write synced, or all once a second."""
    pairs = {}
    for durability, starts in {
            "": (lambda: servers.Redis("always", folder),
                 lambda: servers.Anabranch(BUILD, folder)),
            ", sync a second": (
                lambda: servers.Redis("everysec", folder),
                lambda: servers.Anabranch(BUILD, folder, name="anabranch serve, interval",
                                          flags=["--durability", "interval"]))}.items():
        pairs[durability] = [start() for start in starts]
        for side in pairs[durability]:
            running.callback(side.stop)
            side.measure("set", 16, 2 * KEYS, KEYS)  # So that GET finds keys, and SET old values.
    for command in COMMANDS:
        for pipeline, requests in REQUESTS.items():
            progress(f"servers: {command.upper()}, pipeline {pipeline}")
            for _ in range(ROUNDS):
                for durability, sides in pairs.items():
                    row = f"{command.upper()}, pipeline {pipeline}{durability}"
                    for side in sides:
                        table.add(row, side.name, "requests/s",
                                  side.measure(command, pipeline, requests, KEYS))


def measure_mesh(table, folder):
    progress("catch-up")
    mesh.measure_catch_up(table, BUILD, folder, min(ROUNDS, 3), MISSED)
    progress("a leader that stands still")
    mesh.measure_outage(table, BUILD, folder, ROUNDS, OUTAGE_REQUESTS)


def print_verdict(table):
    ratios = {row: table.ratio(row, side) for row, sides in table.rows.items() for side in sides
              if row.startswith(REQUIRED) and side[0] == "anabranch"}
    worst = min((row for row in ratios if ratios[row] is not None), key=ratios.get)
    within = "yes" if ratios[worst] >= 0.5 else "NO"
    print(f"\nembedded within 2x of LMDB alone: {within} (worst: {worst}, {ratios[worst]:.2f})")


def stop(signum, _frame):
    raise SystemExit(128 + signum)


def main():
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    os.makedirs("build", exist_ok=True)
    table = Table()
    with contextlib.ExitStack() as running:
        folder = tempfile.mkdtemp(prefix="bench-", dir="build")
        running.callback(shutil.rmtree, folder, ignore_errors=True)
        print_machine(folder)
        measure_embedded(table, folder, running)
        measure_servers(table, folder, running)
        measure_mesh(table, folder)
    table.print()
    print_verdict(table)


main()
