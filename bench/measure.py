"""Runs the measurements and prints the table. Use bench/run.sh."""

import argparse
import os
import platform
import shutil
import signal
import statistics
import subprocess
import time

import commands
import embedded
import large
import mesh
import servers
from run import Run

SECTIONS = {
    "embedded": (embedded.measure_few_rows, "puts and gets of 100,000 rows beside LMDB alone"),
    "embedded-many": (embedded.measure_many_rows, "the same with 1,000,000 rows, and with late syncs;"
                      " gets beside a writer, puts beside a flush"),
    "pair": (embedded.measure_pair, "two stores that replicate: writes, and their lag"),
    "text": (embedded.measure_text, "259,778 edits of a text"),
    "commands": (commands.measure_commands, "SET, GET, INCR, SADD beside Redis, 100,000 keys"),
    "commands-many": (commands.measure_many_keys, "SET, GET beside Redis, 1,000,000 keys"),
    "followed": (commands.measure_followed, "SET while another region's leader applies it"),
    "many-rows": (large.measure_many_rows, "bytes written, files and opening, 1,000,000 keys"),
    "loading": (large.measure_loading, "loading ten million rows: memory, file, waits of others"),
    "catch-up": (mesh.measure_catch_up, "a leader that has missed 1,000,000 writes"),
    "loaded": (mesh.measure_loaded, "both leaders loaded at once"),
    "outage": (mesh.measure_outage, "one of three leaders stands still"),
}


def parse():
    parser = argparse.ArgumentParser(
        prog="bench/run.sh", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures Anabranch beside LMDB alone and Redis, and prints one table.",
        epilog="sections:\n" + "\n".join(f"  {name:<16}{text}"
                                         for name, (_, text) in SECTIONS.items()))
    parser.add_argument("--smoke", action="store_true",
                        help="small sizes and one round, to see that everything runs")
    parser.add_argument("--peers", action="store_true",
                        help="also Tarantool, in the sections catch-up and loaded")
    parser.add_argument("--rounds", type=int, default=5,
                        help="how often each figure is measured (default 5)")
    parser.add_argument("--only", metavar="SECTION", action="append", choices=SECTIONS,
                        help="this section alone; may be repeated")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    if options.peers and not shutil.which("tarantool"):
        parser.error("--peers needs the package tarantool")
    return options


def fsync_ms(folder, syncs):
    """The median of writing and syncing 4 KiB at the end of a file, in milliseconds."""
    samples = []
    with open(os.path.join(folder, "sync"), "wb", buffering=0) as file:
        for _ in range(syncs):
            file.write(bytes(4096))
            begin = time.perf_counter()
            os.fdatasync(file.fileno())
            samples.append((time.perf_counter() - begin) * 1000)
    return statistics.median(samples)


def print_machine(run):
    with run.section() as (folder, _):
        filesystem = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True,
                                    text=True).stdout.strip()
        fsync = fsync_ms(folder, 50 if run.is_smoke else 200)
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}, {platform.system()} "
          f"{platform.release()}, {filesystem}, fdatasync of 4 KiB {fsync:.2f} ms, "
          f"load {os.getloadavg()[0]:.1f}, {run.rounds} round{'s' if run.rounds > 1 else ''}, "
          f"values of {servers.VALUE_BYTES} bytes\n", flush=True)


def stop(signum, _frame):
    raise SystemExit(128 + signum)


def main():
    options = parse()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    run = Run(options.smoke, options.peers, options.rounds)
    print_machine(run)
    try:
        for name in options.only or SECTIONS:
            begin = time.monotonic()
            SECTIONS[name][0](run)
            run.progress(f"{name}: {time.monotonic() - begin:.0f} s")
    finally:
        run.table.print()  # What was measured before an interruption, too.
    run.table.print_goals()


main()
