#!/usr/bin/env python3
"""The part of tests/run.sh behind the installation of packages; that file says what it does."""
import argparse
import os
import signal
import subprocess
import sys
import threading
import time

import budget
import costs
import report
import sanitized
import stages
import times
import trees

MINUTE = 60
MINUTES_MAX = 85
SANITIZED_MINUTES_MAX = 80


def parse():
    parser = argparse.ArgumentParser(prog="tests/run.sh")
    parser.add_argument("--began", type=float, default=time.time())
    for option in ("--ci", "--long", "--times", "--write"):
        parser.add_argument(option, action="store_true")
    parser.add_argument("presets", nargs="*")
    options = parser.parse_args()
    if not options.presets:
        options.presets = ["release"]
        if options.ci or options.long or options.times:
            options.presets.append("asan")
        if options.long:
            options.presets.append("tsan")
    return options


class Run:
    """One run of tests/run.sh: its stages, and for each tree the stages that ran its tests."""

    def __init__(self, options):
        self.options = options
        self.stages = stages.Stages(options.began)
        self.costs = costs.read()
        self.guard = None if options.long or options.times else MINUTES_MAX * MINUTE
        self.tests = {preset: [] for preset in options.presets}
        self.notes = {preset: [] for preset in options.presets}
        self.packages = None

    # ---- Stages.

    def begin(self):
        """Says how long it takes, and installs what only the browser tests need: as root beside the
        first build, otherwise before it, since sudo may ask for a password."""
        print(self.forecast(), flush=True)
        command = ["cmake/packages.sh", "browser"]
        if os.geteuid() != 0:
            subprocess.run(command)
            return
        self.packages = threading.Thread(
            target=self.stages.run, args=("browser packages", command),
            kwargs={"beside": True, "may_fail": True}, daemon=True)
        self.packages.start()

    def forecast(self):
        parts = []
        for preset in self.options.presets:
            build, test = self.costs.build_in_all(preset), self.costs.test(preset)
            if build:
                parts.append(f"{preset} builds in about {build / 120:.0f} minutes "
                             f"and is tested in {test / 120:.0f}")
        return f"On two cores that are free: {'; '.join(parts)}." if parts else ""

    def stage(self, name, command, **how):
        return self.stages.run(name, command, self.guard, **how)

    def build(self, tree):
        """Configures and builds all of the tree; returns whether that went well."""
        return self.configure(tree) and self.stage(f"{tree.preset} build", tree.build()).passed

    def configure(self, tree, **how):
        long, measured = (("ON" if each else "") for each in
                          (self.options.long, self.options.times))
        return self.stage(f"{tree.preset} configure", tree.configure(
            f"-DANABRANCH_SANITIZE_ALL={long}", f"-DANABRANCH_TEST_TIMES={measured}"), **how).passed

    def test(self, tree, name="test", *filters):
        if self.packages:
            self.packages.join()
        stage = f"{tree.preset} {name}"
        self.tests[tree.preset].append(stage)
        self.stage(stage, tree.test(*filters))
        stages.keep(tree.last_log(), self.stages.log_of(stage))

    # ---- Plans.

    def one_by_one(self):
        for tree in map(trees.Tree, self.options.presets):
            if self.build(tree):
                self.test(tree)

    def release_and_asan(self):
        """The release part as a whole; its tests beside the build of the other tree, but those that
        measure alone, before."""
        _, clock = costs.compile_reference()
        pace = budget.Pace(clock / self.costs.reference / trees.cores())
        release, asan = trees.Tree("release", trees.HEADERS), trees.Tree("asan")
        built = self.build_and_learn(release, pace)
        if built:
            self.test(release, "measures", "-L", f"^{trees.MEASURES}$")
        others = threading.Thread(
            target=self.test, args=(release, "test", "-LE", f"^{trees.MEASURES}$"), daemon=True)
        if built:
            others.start()
        if self.configure(asan, beside=built):
            self.rest(asan, pace, others)
        if built:
            others.join()

    def build_and_learn(self, tree, pace):
        if not self.configure(tree):
            return False
        core = self.costs.build(tree.preset, tree.steps())
        outcome = self.stage(f"{tree.preset} build", tree.build())
        pace.learn(core, outcome.seconds)
        return outcome.passed

    def rest(self, tree, pace, others):
        part = sanitized.Sanitized(self.stages, tree, self.costs, pace,
                                   SANITIZED_MINUTES_MAX * MINUTE, budget.day())
        if others.is_alive():
            part.build_beside(others, self.costs.test("release"))
            others.join()
        part.run_rest()
        self.tests[tree.preset] += part.logs
        self.notes[tree.preset] += part.not_run

    # ---- The report.

    def close(self):
        """Prints the report; returns whether all is well."""
        runs = self.stages
        in_all = runs.elapsed()
        if self.guard is not None and in_all > self.guard:
            runs.fail(f"over {MINUTES_MAX} minutes")
        reports = [report.TreeReport(preset, self.tests[preset])
                   for preset in self.options.presets]
        unrun = {each.preset: each.not_run() for each in reports}
        if report.must_be_complete(self.options.ci):
            for line in report.forbidden_skips(unrun.get("release", [])):
                runs.fail(f"not run, and not in {report.SKIPS}: {line}")
        print()
        for name, seconds in runs.report + [("in all", in_all)]:
            print(f"{name:<24} {seconds / MINUTE:5.1f} min")
        for name in runs.failed:
            print(f"FAILED: {name}")
        for each in reports:
            print(f"{each.preset}:")
            print("\n".join([each.closing_line(), *self.notes[each.preset], *unrun[each.preset]]))
        for each in reports:
            for line in each.failed():
                print(line)
        if not {"asan", "tsan"} & set(self.options.presets):
            print("The sanitized tests were not run; `.ci/run` runs them.")
        return not runs.failed


def main():
    options = parse()
    run = Run(options)

    def interrupted(number, frame):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGINT, interrupted)
    if options.ci or options.long or options.times:
        os.environ["ANABRANCH_TEST_ALL"] = "1"
    if options.long:
        os.environ["ANABRANCH_TEST_LONG"] = "1"
        os.environ["ANABRANCH_ASAN_MORE"] = ":malloc_context_size=30:quarantine_size_mb=256"
    try:
        run.begin()
        if options.times:
            times.measure(run)
        elif options.ci and not options.long and {"release", "asan"} == set(options.presets):
            run.release_and_asan()
        else:
            run.one_by_one()
        return 0 if run.close() else 1
    except KeyboardInterrupt:
        return 130
    finally:
        run.stages.end_all()


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    sys.exit(main())
