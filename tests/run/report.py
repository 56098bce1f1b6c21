"""The closing lines: results of ctest, added up by tree, what did not run, and what failed."""
import fnmatch
import os
import pathlib
import re
import subprocess

import stages

CLOSING = re.compile(r"^\d+% tests passed, (\d+) tests? failed out of (\d+)", re.MULTILINE)
SKIPS = pathlib.Path("tests/run/skips.txt")


def joined(names, suffix, into):
    """One file of the logs of these stages."""
    logs = [stages.LOGS / f"{name.replace(' ', '-')}{suffix}" for name in names]
    into.write_bytes(b"".join(log.read_bytes() for log in logs if log.exists()))
    return into


class TreeReport:
    """What the stages `tests` of a tree, if any, have to say."""

    def __init__(self, preset, tests):
        self.preset = preset
        self.tests = tests
        log = stages.LOGS / f"{preset}.tests"
        self.log = joined(tests, ".log", log)
        self.last = joined(tests, ".last", log.with_suffix(".last"))

    def closing_line(self):
        """As ctest closes, with the sums of all of its runs."""
        closings = CLOSING.findall(self.log.read_text(errors="replace"))
        total = sum(int(of) for _, of in closings)
        if total == 0:
            return f"no test of {self.preset} was run"
        failed = sum(int(count) for count, _ in closings)
        share = 100 * (total - failed) // total
        return f"{share}% tests passed, {failed} tests failed out of {total}"

    def not_run(self):
        """Lines that say what did not run, and why."""
        configure = stages.LOGS / f"{self.preset}-configure.log"
        if not configure.exists():
            return []
        return self._said("tests/not_run.sh", configure, self.log, self.last)

    def failed(self):
        return self._said("tests/failed.sh", self.log, self.last)

    @staticmethod
    def _said(*command):
        return subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout.splitlines()


def forbidden_skips(lines):
    """Those of the lines of not_run.sh that no line of skips.txt allows."""
    allowed = [line.strip() for line in SKIPS.read_text().splitlines()
               if line.strip() and not line.startswith("#")]
    named = [re.sub(r" \((Skipped|Disabled|Not Run)\)", "", line.strip()) for line in lines
             if line.startswith("  ")]
    return [line for line in named if not any(fnmatch.fnmatch(line, each) for each in allowed)]


def must_be_complete(ci):
    return ci and os.geteuid() == 0
