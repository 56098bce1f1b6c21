#!/usr/bin/env python3
"""Runs clang-tidy with the checks of .clang-tidy, and fails if it finds anything.

    tests/tidy/clang_tidy.py FILE...             the named files
    tests/tidy/clang_tidy.py --changed [BASE]    files that differ from a commit, at most --most
    tests/tidy/clang_tidy.py --all               every source file that is compiled, ten at a time
    tests/tidy/clang_tidy.py --test              --changed; --all if ANABRANCH_TEST_LONG is set

The default BASE is the commit where the branch left origin/main, and on main itself the parent
commit. A header is checked with the source file of its name, or else with the first source file that
includes it. Compiler flags come from trees that are configured in build/tidy and never built: there
each file is alone, but for --all, which takes a fifth of the time so. (Unused using-declarations are
looked for in files that are alone.) Exits with 77, which ctest counts as skipped, without clang-tidy
or without a commit to compare with.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECONDS_PER_FILE = 300
SKIPPED = 77


class Skipped(Exception):
    """The reason why no file can be checked here."""


def lines_of(*command):
    """Returns the lines that the command prints; None if it fails."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return done.stdout.splitlines() if done.returncode == 0 else None


def usual_base():
    """Returns the default commit to compare with."""
    head = lines_of("git", "rev-parse", "HEAD")
    forked = lines_of("git", "merge-base", "HEAD", "origin/main")
    if head and forked and forked != head:
        return forked[0]
    return "HEAD~1"


def changed_since(base):
    """Returns the C++ files that differ from a commit, committed or not."""
    changed = lines_of("git", "diff", "--name-only", "--diff-filter=d", base, "--", "*.h", "*.cc")
    added = lines_of("git", "ls-files", "--others", "--exclude-standard", "--", "*.h", "*.cc")
    if changed is None or added is None:
        raise Skipped(f"there is no commit {base} to compare with")
    return changed + added


def is_group(path):
    """Returns whether CMake has made the file, which includes several source files."""
    return pathlib.Path(path).parent.name == "Unity"


def compile_commands(files_at_a_time):
    """Returns {path from the root: entry of compile_commands.json}, one entry per source file, or per
    file that includes several of them."""
    build = ROOT / f"build/tidy/{files_at_a_time}"
    configure = ["cmake", "--preset", "dev", "-B", str(build), f"-DANABRANCH_UNITY={files_at_a_time}"]
    done = subprocess.run(configure, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(configure)}: {done.stderr}")
    commands = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"])
        generated = path.is_relative_to(build)
        if path.is_relative_to(ROOT) and (is_group(path) or not generated):
            # Drops warning flags: clang has other warnings than GCC under the same names.
            entry["command"] = re.sub(r" -W\S+", "", entry["command"])
            commands.setdefault(str(path.relative_to(ROOT)), entry)
    return commands


def source_of(header, sources):
    """Returns the source file to check a header with; None if no source file includes it."""
    twin = header.removesuffix(".h") + ".cc"
    if twin in sources:
        return twin
    name = re.escape(header.removeprefix("include/"))
    include = re.compile(rf'^#include ["<]{name}[">]', re.MULTILINE)
    return next((each for each in sources if include.search((ROOT / each).read_text())), None)


def sources_of(files, sources):
    """Returns the source files to check for `files`, each once, files of the product first."""
    found = {each if each in sources else source_of(each, sources) for each in files}
    return sorted(found - {None}, key=lambda each: (each.startswith("tests/"), each))


def findings_in(file, folder):
    """Returns the findings of clang-tidy in a file; empty if it has none."""
    command = ["clang-tidy", "--quiet", "-p", folder, file]
    if is_group(file):
        command.insert(1, "--checks=-bugprone-suspicious-include")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True,
                          timeout=SECONDS_PER_FILE)
    if done.returncode == 0:
        return ""
    return done.stdout or done.stderr or f"{file}: clang-tidy exits with {done.returncode}\n"


def check(files, commands, jobs):
    """Returns whether clang-tidy finds nothing in any of the source files."""
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(jobs) as threads:
        database = pathlib.Path(folder, "compile_commands.json")
        database.write_text(json.dumps([commands[each] for each in files]))
        failed = 0
        for findings in threads.map(lambda each: findings_in(each, folder), files):
            print(findings, end="", flush=True)
            failed += bool(findings)
    print(f"clang-tidy looked at {len(files)} files and found something in {failed}")
    return failed == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("files", nargs="*", default=[], metavar="FILE")
    what.add_argument("--changed", nargs="?", const="", metavar="BASE")
    what.add_argument("--all", action="store_true")
    what.add_argument("--test", action="store_true", help="--all if ANABRANCH_TEST_LONG is set")
    parser.add_argument("--most", type=int, default=16, help="files of --changed, 0: all (16)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    if not shutil.which("clang-tidy"):
        raise Skipped("there is no clang-tidy (cmake/packages.sh test)")

    long = os.environ.get("ANABRANCH_TEST_LONG", "") not in ("", "0")
    everything = options.all or options.test and long
    commands = compile_commands(10 if everything else 0)
    if everything:
        files = sorted(commands)
    elif options.changed is not None or options.test:
        files = sources_of(changed_since(options.changed or usual_base()), commands)
        if options.most and len(files) > options.most:
            print(f"of {len(files)} files that changed, {options.most} are looked at")
            files = files[:options.most]
    else:
        missing = [each for each in options.files if not (ROOT / each).exists()]
        if missing:
            sys.exit(f"no such file below {ROOT}: {', '.join(missing)}")
        files = sources_of(options.files, commands)
    return 0 if check(files, commands, options.jobs) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Skipped as reason:
        print("skipped:", reason)
        sys.exit(SKIPPED)
