#!/usr/bin/env python3
"""Stands for cmake, ctest, ninja and c++ in run_test.py. The file that $STUB_PLAN names says what
each call prints, how long it takes, or the line in the log that it waits for, and how it ends. A
line for each call goes into the log, $STUB_LOG.

    {"labels": {"core": 2}, "seconds": {"asan core build": 3}, "fails": ["release test"],
     "waits": {"release test": "end asan build"}, "skips": {"core/a": "WHY"},
     "clock": {"asan test": 4801}}
"""
import json
import os
import pathlib
import sys
import time

PLAN = json.loads(pathlib.Path(os.environ["STUB_PLAN"]).read_text())
LOG = pathlib.Path(os.environ["STUB_LOG"])


def log(*words):
    with open(LOG, "a") as file:
        print(*words, file=file)


def work(what):
    """Is the stage `what`: takes its time, and returns its exit code."""
    log("begin", what, f"pid={os.getpid()}", f"nice={os.nice(0)}")
    if what in PLAN.get("clock", {}):
        pathlib.Path(os.environ["ANABRANCH_RUN_SKEW"]).write_text(str(PLAN["clock"][what]))
    time.sleep(PLAN.get("seconds", {}).get(what, 0))
    wanted = PLAN.get("waits", {}).get(what, "")
    while wanted not in LOG.read_text():
        time.sleep(0.05)
    log("end", what)
    return 1 if what in PLAN.get("fails", []) else 0


def after(word):
    return sys.argv[sys.argv.index(word) + 1] if word in sys.argv else None


def cmake():
    if "--build" not in sys.argv:
        return work(f"{after('--preset')} configure")
    tree = after("--preset") or pathlib.Path(after("--build")).name
    units = [word.removeprefix("label_") for word in sys.argv if word.startswith("label_")]
    return work(" ".join([tree, *units, "build"]) if len(units) == 1 else f"{tree} build")


def ninja():
    """`ninja -t commands TARGET...`"""
    units = [word.removeprefix("label_") for word in sys.argv if word.startswith("label_")]
    for unit in units or PLAN["labels"]:
        print(f"c++ -o tests/CMakeFiles/{unit}_test.dir/a.o -c a.cc")
    return 0


def ctest():
    tree = after("--preset")
    if "--show-only=json-v1" in sys.argv:
        tests = [{"name": f"{label}/{number}", "properties": [{"name": "LABELS", "value": [label]}]}
                 for label, count in PLAN["labels"].items() for number in range(count)]
        print(json.dumps({"tests": tests}))
        return 0
    only, without = after("-L"), after("-LE")
    units = only.strip("^()$").split("|") if only else list(PLAN["labels"])
    name = " ".join([tree, *units, "test"]) if only and len(units) == 1 else f"{tree} test"
    print(f"1/9 Test #1: {units[0]}/first ......   Passed    0.10 sec")
    if name in PLAN.get("fails", []):
        print(f"2/9 Test #2: {units[0]}/bad .......***Failed    0.10 sec")
    sys.stdout.flush()
    folder = pathlib.Path("build", tree, "Testing/Temporary")
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"1/9 Testing: {units[0]}/bad", "Output:", f"ERROR: of {name}", "<end of output>"]
    skips = PLAN.get("skips", {}) if without else {}
    for skipped, why in skips.items():
        lines += [f"1/9 Testing: {skipped}", "Output:", f"skipped: {why}", "<end of output>"]
    (folder / "LastTest.log").write_text("\n".join(lines) + "\n")
    status = work(name)
    total = sum(PLAN["labels"].get(unit, 1) for unit in units)
    print(f"\n{100 - status}% tests passed, {status} tests failed out of {total}")
    if skips:
        print("\nThe following tests did not run:")
        print("\n".join(f"\t  1 - {skipped} (Skipped)" for skipped in skips))
    if status:
        print(f"\nThe following tests FAILED:\n\t  2 - {units[0]}/bad (Failed)")
        print("Errors while running CTest")
    return status


STUBS = {"cmake": cmake, "ctest": ctest, "ninja": ninja}

if __name__ == "__main__":
    sys.exit(STUBS.get(pathlib.Path(sys.argv[0]).name, lambda: 0)())
