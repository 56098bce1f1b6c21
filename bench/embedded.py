"""The embedded store beside LMDB alone, two stores that replicate, and texts: programs that print
a line for each figure."""

import os
import subprocess

FEW_ROWS = ["groups-1", "put-8", "groups-50", "groups-800", "get-1", "get-8"]
MANY_ROWS = ["groups-1", "groups-50", "groups-800", "interval-1", "interval-50", "interval-800",
             "get-beside-1", "get-beside-8", "flush"]
PAIR = ["replicate", "lag"]


def measure_few_rows(run):
    measure(run, FEW_ROWS, run.keys)


def measure_many_rows(run):
    measure(run, MANY_ROWS, run.many_keys)


def measure_pair(run):
    measure(run, PAIR, run.keys)


def measure(run, workloads, keys):
    for workload in workloads:
        run.progress(f"embedded, {keys:,} rows: {workload}")
        with run.section() as (folder, running):
            for sample in lines_of(running, [
                    os.path.join(run.build, "bench", "embedded_bench"), workload, folder,
                    "--rounds", str(run.rounds), "--keys", str(keys),
                    "--seconds", "0.3" if run.is_smoke else "2",
                    "--lag-writes", "50" if run.is_smoke else "500",
                    "--flush-bytes", str(run.flush_mib << 20)]):
                row, side, unit, value = sample
                run.table.add(row, side, unit, float(value))


def measure_text(run):
    edits = 2_000 if run.is_smoke else 259_778
    for _ in range(run.rounds):
        run.progress(f"text of {edits:,} edits")
        with run.section() as (folder, running):
            for row, unit, value in lines_of(running, [
                    os.path.join(run.build, "bench", "text_bench"), folder, "--edits", str(edits),
                    "--letters", "1000", "--writers", "1"]):
                if row == "trace in one region":
                    run.table.add(f"text of {edits:,} edits", "anabranch", unit, float(value))


def lines_of(running, words):
    """The fields of each line that a program prints, as it prints them; ends the program."""
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    running.callback(process.kill)
    for line in process.stdout:
        yield line.rstrip("\n").split("\t")
    if process.wait() != 0:
        raise SystemExit(f"{' '.join(words[:2])} failed")
