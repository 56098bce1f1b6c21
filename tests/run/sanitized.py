"""The sanitized part of continuous integration: as much of it as there is time for.

A unit is a label: the programs of its tests, and its entries of ctest. Where all units fit, they
are built in one piece and tested in one piece. Otherwise they follow one by one in the order of the
day, each only if it is expected to end before the deadline. What is not tested is no failure, but
counted and named; a test that fails is one, also if its unit is stopped.
"""
import re

import budget
import stages

SURE = 1.5  # In one piece only if the estimate is this much below the time left,
LIKELY = 1.15  # and a single unit, this much.

DONE = re.compile(r"^ *\d+/\d+ Test +#\d+: (.+?) [. ]*(Passed|\*\*\*\S+)", re.MULTILINE)
BAD = ("***Failed", "***Timeout", "***Exception:", "***Not")


class Sanitized:
    def __init__(self, runs, tree, costs, pace, deadline, day):
        self.runs, self.tree, self.costs, self.pace = runs, tree, costs, pace
        self.deadline = deadline
        self.counts = tree.labels()
        self.units = budget.in_order_of_day(self.counts, day)
        self.built = []
        self.tested = []
        self.broken = False  # A build failed.
        self.logs = []  # Names of the stages that ran tests.
        self.not_run = []  # Sentences for the report.

    def _fits(self, core_seconds, margin):
        return self.runs.elapsed() + self.pace.seconds(core_seconds) * margin < self.deadline

    def _build(self, units, name, beside):
        """Builds the units; returns whether they are built."""
        core = self.costs.build(self.tree.preset, self.tree.steps(units))
        outcome = self.runs.run(name, self.tree.build(units), self.deadline, beside, may_stop=True)
        if not beside:
            self.pace.learn(core, outcome.seconds)
        if outcome.passed:
            self.built += units
        self.broken |= not outcome.passed and not outcome.stopped
        return outcome.passed

    def _build_in_one_piece(self, core_of_others, beside):
        """Builds all that is not built, if there is time for it and for all tests, too."""
        units = [unit for unit in self.units if unit not in self.built]
        core = self.costs.build(self.tree.preset, self.tree.steps(units)) if units else 0
        core += self.costs.test(self.tree.preset, self.units) + core_of_others
        if not units or not self._fits(core, SURE):
            return False
        self._build(units, f"{self.tree.preset} build", beside)
        return True

    def build_beside(self, others, core_of_others):
        """Builds at a low priority while the thread `others` runs something else, which takes
        `core_of_others` in all."""
        if self._build_in_one_piece(core_of_others, beside=True):
            return
        for unit in self.units:
            if self.broken or not others.is_alive():
                return
            core = self.costs.build(self.tree.preset, self.tree.steps([unit]))
            core += self.costs.test(self.tree.preset, [unit, *self.built])
            if self._fits(core, LIKELY):
                self._build([unit], f"{self.tree.preset} {unit} build", beside=True)

    def run_rest(self):
        """Builds what is not built yet, and runs the tests."""
        if not self.broken:
            self._build_in_one_piece(0, beside=False)
        if set(self.units) == set(self.built) and self._fits(
                self.costs.test(self.tree.preset, self.units), SURE):
            self._test(self.units, f"{self.tree.preset} test")
            return
        for unit in self.units:
            self._unit(unit)
        left = [f"{unit} ({self.counts[unit]} entries)" for unit in self.units
                if unit not in self.tested]
        if left:
            why = "since the build failed" if self.broken else "for lack of time"
            self.not_run.insert(0, f"not begun, {why}: {', '.join(left)}")

    def _unit(self, unit):
        if self.broken:
            return
        tree = self.tree.preset
        core = 0 if unit in self.built else self.costs.build(tree, self.tree.steps([unit]))
        if not self._fits(core + self.costs.test(tree, [unit]), LIKELY):
            return
        if unit not in self.built and not self._build([unit], f"{tree} {unit} build", False):
            return
        if self._fits(self.costs.test(tree, [unit]), 1):
            self._test([unit], f"{tree} {unit} test")

    def _test(self, units, name):
        filters = [] if units == self.units else ["-L", f"^({'|'.join(units)})$"]
        outcome = self.runs.run(name, self.tree.test(*filters), self.deadline, may_stop=True)
        log = self.runs.log_of(name)
        stages.keep(self.tree.last_log(), log)
        self.logs.append(name)
        self.tested += units
        self.pace.learn(self.costs.test(self.tree.preset, units), outcome.seconds)
        if outcome.stopped:
            self._count_stopped(name, log, units)

    def _count_stopped(self, name, log, units):
        """Reads the log of a ctest that was stopped, which has no closing lines, and adds some."""
        done = DONE.findall(log.read_text(errors="replace"))
        failed = [test for test, result in done if result.startswith(BAD)]
        total = sum(self.tree.labels()[unit] for unit in units)
        self.not_run.append(f"stopped for lack of time: {', '.join(units)} "
                            f"({total - len(done)} of {total} entries)")
        share = 100 * (len(done) - len(failed)) // max(1, len(done))
        with open(log, "a") as file:
            print(f"\n{share}% tests passed, {len(failed)} tests failed out of {len(done)}",
                  file=file)
            if failed:
                print("\nThe following tests FAILED:", file=file)
                for test in failed:
                    print(f"\t  0 - {test} (Failed)", file=file)
                print("Errors while running CTest", file=file)
        if failed:
            self.runs.fail(name)
