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
ELSEWHERE = ("tests/tidy", "tests/consumer")  # They look at sources: a plain tree runs them.


def sources_with_cases():
    """Returns {source: number of its cases}."""
    found = {}
    for file in sorted((ROOT / "tests").rglob("*.cc")):
        name = file.relative_to(ROOT).as_posix()
        cases = len(re.findall(r"^\s*TEST_CASE", file.read_text(), re.MULTILINE))
        if cases and not name.startswith(ELSEWHERE):
            found[str(file)] = cases
    return found


def entries(build):
    """Returns the commands of all entries of the tree."""
    listed = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"],
                            capture_output=True, text=True, check=True).stdout
    return [test.get("command", []) for test in json.loads(listed)["tests"]]


def main():
    commands = entries(sys.argv[1])
    named = {word.split("=", 1)[1] for command in commands for word in command
             if word.startswith("--source-file=")}
    by_case = sum(any(word.startswith("--test-case=") for word in command)
                  for command in commands)
    sources = sources_with_cases()
    missing = {source: cases for source, cases in sources.items() if source not in named}
    skippable = {source for source in missing
                 if 'MESSAGE("skipped: ' in pathlib.Path(source).read_text()}
    lost = sorted(missing.keys() - skippable)
    for source in lost:
        print(f"{source} has {missing[source]} cases and no entry")
    wanted = sum(missing[source] for source in skippable)
    if by_case < wanted:
        print(f"{by_case} entries for {wanted} cases of files whose cases may be skipped")
    print(f"{len(sources)} sources, {sum(sources.values())} cases, {len(commands)} entries")
    return 1 if lost or by_case < wanted else 0


if __name__ == "__main__":
    sys.exit(main())
