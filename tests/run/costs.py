"""The seconds that builds and tests took when they were measured: tests/costs.txt."""
import collections
import pathlib
import resource
import subprocess
import tempfile
import time

FILE = pathlib.Path("tests/costs.txt")
REFERENCE = "tests/run/reference.cc"
HEAD = f"""\
# What builds and tests cost; `tests/run.sh --times --write` writes this file. A line is: the tree,
# `build` with a target or `test` with a label, core-seconds, the number of compilations and links
# or of tests, and the sum of their seconds by the clock. `reference` is {REFERENCE}.
"""

WAITING = 3  # Entries that wait and run on one core at once, at least.

Cost = collections.namedtuple("Cost", "core pieces wall")


class Costs:
    """Costs of (tree, "build" or "test", name of target or label), and of the reference."""

    def __init__(self, rows=None, reference=1.0):
        self.rows = rows or {}
        self.reference = reference

    def build(self, tree, steps):
        """Core-seconds of building: `steps` counts compilations and links by target."""
        return sum(count * self._step(tree, target) for target, count in steps.items())

    def _step(self, tree, target):
        """One of the target's; of the mean of all targets if it is a new one."""
        row = self.rows.get((tree, "build", target))
        rows = [row] if row else self._builds(tree)
        return sum(cost.core for cost in rows) / max(1, sum(cost.pieces for cost in rows))

    def _builds(self, tree):
        return [cost for (of, kind, _), cost in self.rows.items() if (of, kind) == (tree, "build")]

    def test(self, tree, labels=None):
        """Seconds for which the tests with these labels, or all, hold a core: those that wait
        share it."""
        return sum(max(cost.core, cost.wall / WAITING)
                   for (of, kind, name), cost in self.rows.items()
                   if (of, kind) == (tree, "test") and (labels is None or name in labels))

    def build_in_all(self, tree):
        return sum(cost.core for cost in self._builds(tree))

    def text(self):
        lines = [f"reference {self.reference:.2f}"]
        for (tree, kind, name), cost in sorted(self.rows.items()):
            lines.append(f"{tree} {kind} {name} {cost.core:.1f} {cost.pieces} {cost.wall:.1f}")
        return HEAD + "\n".join(lines) + "\n"


def read():
    costs = Costs()
    for line in FILE.read_text().splitlines():
        words = line.split()
        if words[:1] == ["reference"]:
            costs.reference = float(words[1])
        elif len(words) == 6:
            tree, kind, name, core, pieces, wall = words
            costs.rows[tree, kind, name] = Cost(float(core), int(pieces), float(wall))
    return costs


def compile_reference():
    """Compiles the reference; returns core-seconds and seconds by the clock."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["c++", "-std=c++20", "-O2", "-c", REFERENCE, "-o", f"{folder}/out.o"],
                       check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    core = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return core, time.monotonic() - began
