#!/usr/bin/env python3
"""tests/run.sh with stubs of cmake, ctest and ninja (run/stub.py), in a copy of what it needs."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "run"))
import budget  # noqa: E402  (found in that folder)
import costs  # noqa: E402
import times  # noqa: E402

COSTS = """\
reference 1.00
release build core_test 0.01 1 0.01
release test core 0.01 1 0.01
asan build core_test 0.01 1 0.01
asan build leader_test 0.01 1 0.01
asan build rows_test 0.01 1 0.01
asan test core 0.01 1 0.01
asan test leader {leader} 1 0.01
asan test rows 0.01 1 0.01
"""
ENDLESS = 600
MINUTE_80 = 80 * 60
LABELS = {"core": 2, "leader": 4, "rows": 3}


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Checkout:
    """A folder with the files of tests/run.sh, and stubs in the PATH."""

    def __init__(self, folder, plan, leader=0.01, nice=False):
        self.root = pathlib.Path(folder, "checkout")
        tests, bin_dir = self.root / "tests", self.root / "bin"
        shutil.copytree(HERE / "run", tests / "run")
        for name in ("run.sh", "failed.sh", "not_run.sh"):
            shutil.copy(HERE / name, tests)
        (tests / "costs.txt").write_text(COSTS.format(leader=leader))
        (self.root / "cmake").mkdir()
        self.program(self.root / "cmake/packages.sh", "#!/bin/sh\necho packages $1\n")
        bin_dir.mkdir()
        for name in ("cmake", "ctest", "ninja", "c++"):
            (bin_dir / name).symlink_to(tests / "run/stub.py")
        if not nice:  # A busy machine may let a stub of low priority wait for long.
            self.program(bin_dir / "nice", '#!/bin/sh\nexec "$@"\n')
        self.calls_file = self.root / "calls"
        (self.root / "plan").write_text(json.dumps({"labels": LABELS, **plan}))
        self.environment = os.environ | {
            "PATH": f"{bin_dir}:{os.environ['PATH']}", "STUB_PLAN": str(self.root / "plan"),
            "STUB_LOG": str(self.calls_file), "ANABRANCH_RUN_SKEW": str(self.root / "skew"),
            "ANABRANCH_RUN_DAY": "0"}

    @staticmethod
    def program(path, text):
        path.write_text(text)
        path.chmod(0o755)

    def start(self, *arguments):
        return subprocess.Popen([self.root / "tests/run.sh", *arguments], env=self.environment,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, *arguments):
        """Returns the exit code and the lines of output."""
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=ENDLESS)
        return process.returncode, output.splitlines()

    def calls(self):
        text = self.calls_file.read_text() if self.calls_file.exists() else ""
        return [line.split(" pid=")[0] for line in text.splitlines()]


class RunTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def checkout(self, plan=None, **how):
        return Checkout(self.folder, plan or {}, **how)

    def test_without_arguments_release_alone_runs_and_the_last_line_says_so(self):
        checkout = self.checkout()
        status, lines = checkout.run()
        self.assertEqual(status, 0, lines)
        self.assertEqual(lines[-1], "The sanitized tests were not run; `.ci/run` runs them.")
        self.assertIn("100% tests passed, 0 tests failed out of 9", lines)
        self.assertFalse([call for call in checkout.calls() if "asan" in call])

    def test_ci_adds_up_the_runs_of_a_tree_and_builds_asan_beside_the_tests_of_release(self):
        checkout = self.checkout({"waits": {"release test": "end asan build"}}, nice=True)
        status, lines = checkout.run("--ci")
        self.assertEqual(status, 0, lines)
        report = lines[lines.index("release:"):]
        self.assertEqual(report[1], "100% tests passed, 0 tests failed out of 10")
        self.assertEqual(report[report.index("asan:") + 1:],
                         ["100% tests passed, 0 tests failed out of 9"])
        calls = checkout.calls()
        alone = calls.index("begin release measures test")
        self.assertEqual(calls[alone + 1], "end release measures test")
        self.assertLess(calls.index("end asan build"), calls.index("end release test"), calls)
        nice = min(19, os.nice(0) + 10)
        self.assertRegex(checkout.calls_file.read_text(),
                         rf"begin asan build pid=\d+ nice={nice}\n")
        self.assertLess(calls.index("end release test"), calls.index("begin asan test"), calls)

    def test_what_does_not_fit_is_not_begun_and_is_named_and_is_no_failure(self):
        status, lines = self.checkout(leader=1e9).run("--ci")
        self.assertEqual(status, 0, lines)
        self.assertIn("not begun, for lack of time: leader (4 entries)", lines)
        self.assertEqual(lines[lines.index("asan:") + 1],
                         "100% tests passed, 0 tests failed out of 5")

    def test_what_is_not_done_at_minute_80_is_stopped_and_counted_and_is_no_failure(self):
        plan = {"seconds": {"asan test": ENDLESS}, "clock": {"asan test": MINUTE_80}}
        status, lines = self.checkout(plan).run("--ci")
        self.assertEqual(status, 0, lines)
        self.assertTrue([line for line in lines if line.startswith("stopped for lack of time: ")
                         and line.endswith("(8 of 9 entries)")], lines)

    def test_a_test_that_failed_before_its_run_was_stopped_is_a_failure(self):
        plan = {"seconds": {"asan test": ENDLESS}, "fails": ["asan test"],
                "clock": {"asan test": MINUTE_80}}
        status, lines = self.checkout(plan).run("--ci")
        self.assertEqual(status, 1, lines)
        self.assertIn("FAILED: asan test", lines)
        self.assertTrue([line for line in lines if re.match("failed: .*/bad", line)], lines)

    def test_a_tree_that_does_not_build_fails_and_the_other_one_is_tested(self):
        checkout = self.checkout({"fails": ["release build"]})
        status, lines = checkout.run("--ci")
        self.assertEqual(status, 1)
        self.assertIn("FAILED: release build", lines)
        self.assertIn("no test of release was run", lines)
        self.assertIn("end asan test", checkout.calls())

    def test_a_sanitized_program_that_does_not_build_fails(self):
        status, lines = self.checkout({"fails": ["asan build"]}).run("--ci")
        self.assertEqual(status, 1)
        self.assertIn("FAILED: asan build", lines)
        self.assertTrue([line for line in lines if "not begun, since the build failed" in line])

    def test_a_failed_test_is_named_with_what_it_said(self):
        status, lines = self.checkout({"fails": ["release test"]}).run("--ci")
        self.assertEqual(status, 1)
        self.assertIn("FAILED: release test", lines)
        self.assertIn("90% tests passed, 1 tests failed out of 10", lines)
        self.assertEqual(lines[-2:], ["failed: core/bad", "  ERROR: of release test"])

    def test_after_85_minutes_the_run_ends_and_fails(self):
        plan = {"seconds": {"release test": ENDLESS}, "clock": {"release test": 85 * 60 + 1}}
        status, lines = self.checkout(plan).run()
        self.assertEqual(status, 1)
        self.assertIn("FAILED: release test", lines)
        self.assertIn("FAILED: over 85 minutes", lines)

    def test_ci_as_root_fails_when_a_program_is_absent_and_for_no_other_skip(self):
        skips = {"bench/cost": "valgrind (package valgrind) is not installed",
                 "process/mixed": "the version before is built with --long only"}
        status, lines = self.checkout({"skips": skips}).run("--ci")
        failed = [line for line in lines if line.startswith("FAILED:")]
        if os.geteuid() == 0:
            self.assertEqual(len(failed), 1, failed)
            self.assertIn("bench/cost: valgrind", failed[0])
        self.assertEqual(status, 1 if os.geteuid() == 0 else 0)
        self.assertIn("2 not run:", lines)

    def test_a_signal_ends_all_children(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                seconds = {"release test": ENDLESS, "asan build": ENDLESS}
                with tempfile.TemporaryDirectory() as folder:
                    self.end_by(number, Checkout(folder, {"seconds": seconds}))

    def end_by(self, number, checkout):
        process = checkout.start("--ci")
        deadline = time.monotonic() + 300
        while not {"begin release test", "begin asan build"} <= set(checkout.calls()):
            self.assertLess(time.monotonic(), deadline, checkout.calls())
            time.sleep(0.05)
        process.send_signal(number)
        process.communicate(timeout=300)
        self.assertEqual(process.returncode, 130)
        pids = re.findall(r"pid=(\d+)", checkout.calls_file.read_text())
        self.assertFalse([pid for pid in pids if is_alive(pid)])

    def test_a_word_that_it_does_not_know_is_refused_before_anything_is_installed(self):
        status, lines = self.checkout().run("--fast")
        self.assertEqual(status, 2)
        self.assertEqual(len(lines), 1)
        self.assertTrue(lines[0].startswith("usage: tests/run.sh"))


class OrderTest(unittest.TestCase):
    def test_each_day_begins_at_another_unit_until_all_had_their_turn(self):
        for count in range(1, 40):
            names = [f"{number:02}" for number in range(count)]
            orders = [budget.in_order_of_day(names, day) for day in range(7, 7 + count)]
            self.assertEqual(sorted(order[0] for order in orders), names)
            self.assertTrue(all(sorted(order) == names for order in orders))

    def test_a_slow_stage_makes_the_estimates_longer(self):
        pace = budget.Pace(0.5)
        self.assertEqual(pace.seconds(10), 5)
        pace.learn(10000, 20000)
        self.assertGreater(pace.seconds(10), 19)


class TimesTest(unittest.TestCase):
    def test_records_become_costs_and_costs_are_read_as_they_were_written(self):
        records = {"release": [
            {"kind": "compile", "output": "tests/CMakeFiles/core_test.dir/a.o",
             "cpu": 2, "wall": 3},
            {"kind": "link", "output": "tests/core/core_test", "cpu": 1, "wall": 1},
            {"kind": "test", "label": "core", "name": "core/a", "cpu": 4, "wall": 9}]}
        found = times.costs_of(records)
        self.assertEqual(found["release", "build", "core_test"], costs.Cost(3, 2, 4))
        self.assertEqual(found["release", "test", "core"], costs.Cost(4, 1, 9))
        known = costs.Costs(found)
        self.assertEqual(known.build("release", {"core_test": 1, "new_test": 2}), 4.5)
        self.assertEqual(known.test("release"), 4)
        self.assertIn("release build core_test 3.0 2 4.0\n", known.text())
        page = times.page(records, {"tests/core/core_test"}, (1, 1), (1, 1))
        self.assertIn("| tests | 2 | 1 |", page)
        self.assertIn("| links | 1 | 1 |", page)

    def test_only_what_is_between_the_marks_is_written_anew(self):
        with tempfile.TemporaryDirectory() as folder:
            self.addCleanup(os.chdir, os.getcwd())
            os.chdir(folder)
            for name in ("docs", "tests"):
                os.mkdir(name)
            times.PAGE.write_text(f"Before.\n{times.BEGIN}\nold\n{times.END}\nAfter.\n")
            costs.FILE.write_text("reference 1\nasan test core 1 1 1\nrelease test old 1 1 1\n")
            line = {"kind": "test", "label": "core", "name": "core/a", "cpu": 4, "wall": 9}
            for table in ("first", "second"):
                times.write({"release": [line]}, table, 2.5)
            self.assertEqual(times.PAGE.read_text(),
                             f"Before.\n{times.BEGIN}\nsecond\n{times.END}\nAfter.\n")
            self.assertEqual(sorted(costs.read().rows),
                             [("asan", "test", "core"), ("release", "test", "core")])
            self.assertEqual(costs.read().reference, 2.5)


if __name__ == "__main__":
    unittest.main()
