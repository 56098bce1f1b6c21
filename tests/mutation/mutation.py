#!/usr/bin/env python3
"""Mutation campaign: are wrong lines found by the tests?

    tests/mutation/mutation.py --work DIR [--mutants 200] [--seed 1] [--jobs 2]
    tests/mutation/mutation.py --work DIR --layers core --operations 0     a short one
    tests/mutation/mutation.py --work DIR --report     what is known so far
    tests/mutation/mutation.py --work DIR --again tests/mutation/judged.txt     those of before

Copies the sources to DIR, makes some lines of the layers wrong, each behind
a number that a process reads from ANABRANCH_MUTANT (mutants.py), and compiles that once. A mutant that
does not compile gives its place to another one. Then each is tried against the tests of its file, those
of its layer and what tests that from above, and if these pass, against the simulator, up to --operations;
each ends at its first failure.
What fails, crashes or takes far longer than without a mutant has found it. Results go to
DIR/results.jsonl, line by line: a campaign that was ended goes on where it was. Survivors are printed
with their lines; whether they were ever come to says whether a test is missing or a judge. The same seed
chooses the same mutants of the same sources. When the sources change it chooses others: --again takes the
mutants of an earlier campaign, found by the text of their lines, so that tests written for survivors
are tried; a mutant whose line is gone is named and left out. --list writes such a file.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

from mutants import HEADER, HEADER_TEXT, mutants_of, rewrite

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SIMULATED = ["core", "crdt", "rows", "regions", "types", "leader", "storage"]
LAYERS = [*SIMULATED, "plugins", "control", "http", "server"]
TESTS = {layer: f"tests/{layer}/{layer}_test" for layer in LAYERS}
SIM = "tests/sim/sim"
# What tests a layer from above: orders, digests and clears of rows, scopes of the leader; and all
# in a simulated network.
ABOVE = {layer: ["tests/sim/sim_test"] if layer in SIMULATED else [] for layer in LAYERS}
ABOVE["rows"] += ["tests/regions/regions_test", TESTS["leader"]]
ABOVE["leader"] += ["tests/types/types_test"]
SECONDS_LEAST = 60    # Before a test counts as hanging, however short it is.
TIMES_LONGER = 5


class Campaign:
    def __init__(self, arguments):
        self.arguments = arguments
        self.source = os.path.join(arguments.work, "source")
        # Where it is in a checkout, and built as there: what has no mutant comes out of ccache.
        self.build = os.path.join(self.source, "build", "release")
        self.plan_path = os.path.join(arguments.work, "plan.json")
        self.results_path = os.path.join(arguments.work, "results.jsonl")

    # ---- Making.

    def make(self):
        """Chooses mutants and builds them, unless that was done before."""
        if os.path.exists(self.plan_path):
            with open(self.plan_path) as file:
                return json.load(file)
        os.makedirs(self.arguments.work, exist_ok=True)
        self.copy_sources()
        chosen, spare = self.choose()
        while True:
            self.write(chosen)
            failed = self.compile()
            if not failed:
                break
            chosen, spare = self.replace(chosen, spare, failed)
        plan = [vars(each) for each in chosen]
        with open(self.plan_path, "w") as file:
            json.dump(plan, file, indent=1)
        return plan

    def copy_sources(self):
        files = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True,
                               text=True).stdout.split("\n")
        shutil.rmtree(self.source, ignore_errors=True)
        for name in filter(None, files):
            target = os.path.join(self.source, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy2(os.path.join(ROOT, name), target)
        with open(os.path.join(self.source, HEADER), "w") as file:
            file.write(HEADER_TEXT)

    def again(self):
        """The mutants of a list: "file: kind: line" each, whatever the number of the line is now."""
        known = {}
        for layer in LAYERS:
            for name in self.sources(layer):
                for each in mutants_of(name, self.lines(name)):
                    known.setdefault(self.entry(each), []).append(each)
        chosen, taken = [], set()
        with open(self.arguments.again) as file:
            for entry in map(str.rstrip, file):
                left = [each for each in known.get(entry, []) if (each.file, each.line) not in taken]
                if not left:
                    print(f"gone: {entry}", flush=True)
                    continue
                chosen.append(left[0])
                taken.add((left[0].file, left[0].line))
        return chosen, []

    @staticmethod
    def entry(mutant):
        return f"{mutant.file}: {mutant.kind}: {mutant.before}"

    def choose(self):
        if self.arguments.again:
            return self.again()
        return self.choose_at_random()

    def choose_at_random(self):
        """As many of each layer as it has of all lines that can be wrong; one a line."""
        dice = random.Random(self.arguments.seed)
        by_line = {}
        for layer in self.arguments.layers:
            for name in self.sources(layer):
                for each in mutants_of(name, self.lines(name)):
                    by_line.setdefault((each.file, each.line), []).append(each)
        one_a_line = [dice.choice(each) for each in by_line.values()]
        dice.shuffle(one_a_line)
        print(f"{len(one_a_line)} lines can be wrong", flush=True)
        count = self.arguments.mutants
        return one_a_line[:count], one_a_line[count:]

    @staticmethod
    def sources(layer):
        """The paths of a layer's source files, also of those in its rooms."""
        paths = [os.path.relpath(os.path.join(folder, name), ROOT)
                 for folder, _, names in os.walk(os.path.join(ROOT, layer)) for name in names]
        return sorted(path for path in paths if path.endswith(".cc"))

    def lines(self, name):
        with open(os.path.join(ROOT, name)) as file:
            return file.readlines()

    def write(self, chosen):
        """Numbers the mutants and writes their files; those that have none any more as they were."""
        by_file = {}
        for number, each in enumerate(chosen, 1):
            each.number = number
            by_file.setdefault(each.file, []).append(each)
        self.files = {**{name: [] for name in getattr(self, "files", {})}, **by_file}
        for name, mutants in self.files.items():
            text = "".join(rewrite(self.lines(name), mutants) if mutants else self.lines(name))
            path = os.path.join(self.source, name)
            with open(path) as file:
                if file.read() == text:
                    continue
            with open(path, "w") as file:
                file.write(text)
        self.allow_warnings([name for name, mutants in self.files.items() if mutants])

    def allow_warnings(self, names):
        """Wrong lines may look wrong to the compiler; all others are compiled as ever."""
        text = "".join(self.lines("CMakeLists.txt"))
        for layer in self.arguments.layers:
            sources = " ".join(f"${{PROJECT_SOURCE_DIR}}/{name}" for name in sorted(names)
                               if name.startswith(layer + "/"))
            text += (f"set_source_files_properties({sources}\n  TARGET_DIRECTORY "
                     f"anabranch_layer_{layer} sim PROPERTIES COMPILE_OPTIONS -w)\n") if sources else ""
        with open(os.path.join(self.source, "CMakeLists.txt"), "w") as file:
            file.write(text)

    def simulates(self):
        return self.arguments.operations and set(self.arguments.layers) & set(SIMULATED)

    def compile(self):
        """Builds; gives the places, {file: lines}, that do not compile."""
        if not os.path.exists(self.build):
            subprocess.run(["cmake", "--preset", "release"], cwd=self.source, check=True,
                           stdout=subprocess.DEVNULL)
        programs = [TESTS[layer] for layer in self.arguments.layers]
        programs += [program for layer in self.arguments.layers for program in ABOVE[layer]]
        programs += [SIM] if self.simulates() else []
        targets = sorted({os.path.basename(each) for each in programs})
        done = subprocess.run(["cmake", "--build", self.build, "-j", str(self.arguments.jobs),
                               "--target", *targets, "--", "-k", "0"],
                              capture_output=True, text=True)
        if done.returncode == 0:
            return {}
        failed = {}
        for name, line in re.findall(rf"((?:{'|'.join(LAYERS)})/(?:\w+/)*\w+\.cc):(\d+):"
                                     r"\d+: (?:fatal )?error", done.stdout + done.stderr):
            failed.setdefault(name, set()).add(int(line) - 1)  # One include was added.
        if not failed:
            sys.exit("the build fails, and not by a mutant:\n" + (done.stdout + done.stderr)[-3000:])
        return failed

    @staticmethod
    def replace(chosen, spare, failed):
        """Puts others in the place of those that do not compile."""
        lines = {}
        for each in chosen:
            lines.setdefault(each.file, []).append(each.line)
        wrong = set()  # Of what is near an error: it may be told a few lines further on.
        for name, errors in failed.items():
            near = [min(lines[name], key=lambda line: abs(line - at)) for at in errors
                    if name in lines]
            wrong |= {(name, line) for line in near}
        if not wrong:
            sys.exit(f"what has no mutant does not compile: {failed}")
        kept = [None if (each.file, each.line) in wrong else each for each in chosen]
        print(f"{kept.count(None)} mutants do not compile", flush=True)
        # All others keep their numbers, and what is compiled of them.
        chosen = [each or (spare.pop(0) if spare else None) for each in kept]
        return [each for each in chosen if each], spare

    # ---- Trying.

    def try_all(self, plan):
        """All by the tests of their layers, then those that survive in the simulator."""
        self.try_each(plan, "tests", lambda mutant: mutant["file"].split("/")[0], self.try_tests)
        if self.simulates():
            known = self.results()
            survivors = [each for each in plan if not known[each["number"]]["found"]
                         and each["file"].split("/")[0] in SIMULATED]
            self.try_each(survivors, "sim", lambda _: "sim", self.try_sim)

    def try_each(self, mutants, stage, program, function):
        known = self.results()
        todo = [each for each in mutants if stage not in known.get(each["number"], {}).get("by", ())]
        usual = {name: self.usual_seconds(name) for name in sorted(map(program, todo))}

        def try_one(mutant):
            before = known.get(mutant["number"], {"by": [], "reached": False})
            with tempfile.TemporaryDirectory(prefix="anabranch-mutant-") as folder:
                reached = os.path.join(folder, "reached")
                seconds = max(SECONDS_LEAST, TIMES_LONGER * usual[program(mutant)])
                found = function(mutant, reached, seconds)
                return {**mutant, **found, "by": [*before["by"], stage],
                        "reached": before["reached"] or os.path.exists(reached)}

        with open(self.results_path, "a") as file, \
                ThreadPoolExecutor(self.arguments.jobs) as threads:
            for result in threads.map(try_one, todo):
                file.write(json.dumps(result) + "\n")
                file.flush()
                print(f"{result['number']:4} {result['found'] or 'SURVIVED':9} "
                      f"{result['file']}:{result['line']}: {result['kind']}", flush=True)

    def usual_seconds(self, name):
        """How long a layer's tests or the simulator take without a mutant; they must pass."""
        path = os.path.join(self.arguments.work, f"usual-{name}")
        if not os.path.exists(path):
            begin = time.monotonic()
            code, said = self.run(self.command(name), 0, None, 3600)
            if code != 0:
                sys.exit(f"{name} fails without a mutant:\n{said[-2000:]}")
            with open(path, "w") as file:
                file.write(str(time.monotonic() - begin))
        with open(path) as file:
            return float(file.read())

    def try_tests(self, mutant, reached, seconds):
        layer = mutant["file"].split("/")[0]
        stem = os.path.basename(mutant["file"])[:-3]
        near = [*self.command(layer), f"--source-file=*/{stem}*"]
        above = [[program, "--seed", "1", "--abort-after=1"] for program in ABOVE[layer]]
        for command in (near, self.command(layer), *above):
            how, _ = self.run(command, mutant["number"], reached, seconds)
            if how:
                return {"found": layer, "how": how}
        return {"found": "", "how": ""}

    def try_sim(self, mutant, reached, seconds):
        how, _ = self.run(self.command("sim"), mutant["number"], reached, seconds)
        return {"found": "sim" if how else "", "how": how or ""}

    def command(self, name):
        """The tests of a layer, or so many simulated operations."""
        if name == "sim":
            return [SIM, "--operations", str(self.arguments.operations), "--seed",
                    str(self.arguments.seed)]
        return [TESTS[name], "--seed", "1", "--abort-after=1"]

    def run(self, words, number, reached, seconds):
        """What it ended with, 0, "fails", "crashes" or "hangs", and what it said."""
        environment = {**os.environ, "ANABRANCH_MUTANT": str(number)}
        if reached:
            environment["ANABRANCH_MUTANT_REACHED"] = reached
        command = [os.path.join(self.build, words[0]), *words[1:]]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", env=environment, cwd=self.build,
                              start_new_session=True) as process:
            try:
                said, _ = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)  # The simulator has children.
                return "hangs", ""
        code = process.returncode
        return (0 if code == 0 else "fails" if code > 0 else "crashes"), said

    # ---- Telling.

    def results(self):
        """{number: what is known of a mutant}, the last word on each."""
        if not os.path.exists(self.results_path):
            return {}
        with open(self.results_path) as file:
            return {each["number"]: each for each in map(json.loads, file)}

    def list(self):
        for each in self.results().values():
            print(f"{each['file']}: {each['kind']}: {each['before']}")

    def report(self):
        results = list(self.results().values())
        survivors = [each for each in results if not each["found"]]
        for each in survivors:
            never = "" if each["reached"] else " (never come to)"
            print(f"{each['file']}:{each['line']}: {each['kind']}{never}\n    {each['before']}")
        by = {name: sum(each["found"] == name for each in results) for name in [*LAYERS, "sim"]}
        print(", ".join(f"{count} by {name}" for name, count in by.items()))
        hangs = [f"{each['file']}:{each['line']}" for each in results if each["how"] == "hangs"]
        print(f"{len(hangs)} of them since it hung: {', '.join(hangs)}")
        found = len(results) - len(survivors)
        print(f"{found} of {len(results)} wrong lines were found: "
              f"{100 * found / max(1, len(results)):.1f} %")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", required=True)
    parser.add_argument("--mutants", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--operations", type=int, default=600_000, help="simulated; 0: none")
    parser.add_argument("--layers", nargs="+", choices=LAYERS, default=LAYERS)
    parser.add_argument("--again", metavar="FILE", help="the mutants of an earlier campaign")
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--list", action="store_true", help="prints the mutants of this campaign")
    campaign = Campaign(parser.parse_args())
    if campaign.arguments.list:
        return campaign.list()
    if not campaign.arguments.report:
        campaign.try_all(campaign.make())
    return campaign.report()


main()
