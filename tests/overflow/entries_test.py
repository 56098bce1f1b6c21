#!/usr/bin/env python3
"""Compares the entries of a sanitized tree with the sources that have cases.

    tests/overflow/entries_test.py BUILD

There an entry of ctest is a source file (anabranch_test_files), or a case of a file whose cases may
be skipped. A source that no entry names would silently not be tested under sanitizers.
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The first two look at sources: a plain tree runs them. The cases of the last are run together, by
# the entry that starts a cluster for them.
ELSEWHERE = ("tests/tidy", "tests/consumer", "tests/ceph")


def sources_with_cases():
    """Returns {source, from the root: number of its cases}."""
    found = {}
    for file in sorted((ROOT / "tests").rglob("*.cc")):
        name = file.relative_to(ROOT).as_posix()
        cases = len(re.findall(r"^\s*TEST_CASE", file.read_text(), re.MULTILINE))
        if cases and not name.startswith(ELSEWHERE):
            found[name] = cases
    return found


def entries(build):
    """Returns {name: command} of all entries of the tree; a program that is not built has none."""
    listed = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"],
                            capture_output=True, text=True, check=True).stdout
    return {test["name"]: test.get("command", []) for test in json.loads(listed)["tests"]}


def main():
    listed = entries(sys.argv[1])
    named = {name.split("/", 1)[1] for name in listed if "/" in name}
    sources = sources_with_cases()
    missing = {source: cases for source, cases in sources.items()
               if source.removeprefix("tests/") not in named}
    skippable = {source for source in missing
                 if 'MESSAGE("skipped: ' in (ROOT / source).read_text()}
    lost = sorted(missing.keys() - skippable)
    for source in lost:
        print(f"{source} has {missing[source]} cases and no entry")
    wanted = sum(missing[source] for source in skippable)
    by_case = sum(any(word.startswith("--test-case=") for word in command)
                  for command in listed.values())
    is_built = not any("_NOT_BUILT" in name for name in listed)
    if is_built and by_case < wanted:
        print(f"{by_case} entries for {wanted} cases of files whose cases may be skipped")
    print(f"{len(sources)} sources, {sum(sources.values())} cases, {len(listed)} entries")
    return 1 if lost or (is_built and by_case < wanted) else 0


if __name__ == "__main__":
    sys.exit(main())
