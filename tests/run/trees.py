"""One build tree: the commands that configure, build and test it, and its entries of ctest."""
import collections
import json
import os
import pathlib
import re
import subprocess

OUTPUT = re.compile(r" -o (\S+)")
MEASURES = "measures"  # The label of the entries that run alone.
HEADERS = "all_verify_interface_header_sets"  # Each public header compiles alone.


def cores():
    return len(os.sched_getaffinity(0))


def memory():
    """GiB of memory that are free to take."""
    text = pathlib.Path("/proc/meminfo").read_text()
    return int(re.search(r"MemAvailable:\s+(\d+)", text).group(1)) / 2**20


def build_jobs():
    return max(1, min(cores(), int(memory() / 1.5)))


def test_jobs():
    """Slots of ctest: cmake/tests.cmake says how many of them an entry takes."""
    return max(1, min(3 * cores() + 2, int(memory())))


def target_of(output):
    """The target of an object, by its folder; a program is one by its name."""
    found = re.search(r"CMakeFiles/([^/]+)\.dir/", output)
    return found.group(1) if found else pathlib.Path(output).name


class Tree:
    """`also` names targets that are built with all others, though `all` does not have them."""

    def __init__(self, preset, *also):
        self.preset = preset
        self.also = also
        self.folder = pathlib.Path("build", preset)

    def configure(self, *options):
        return ["cmake", "--preset", self.preset, *options]

    def build(self, labels=None):
        """The command that builds all, or the programs of tests with these labels."""
        if labels is None:
            targets = ["--target", "all", *self.also] if self.also else []
            return ["cmake", "--build", "--preset", self.preset, "-j", build_jobs(), *targets]
        targets = [f"label_{label}" for label in labels]
        return ["cmake", "--build", self.folder, "-j", build_jobs(), "--target", *targets]

    def test(self, *filters):
        return ["ctest", "--preset", self.preset, "-j", test_jobs(), *filters]

    def last_log(self):
        return self.folder / "Testing/Temporary/LastTest.log"

    def steps(self, labels=None):
        """Counts, by target, the compilations and links whose files are not there yet. (A tree that
        lists files by patterns has no dry run: ninja would first have to configure it again.)"""
        targets = ["all"] if labels is None else [f"label_{label}" for label in labels]
        return collections.Counter(
            target_of(each) for each in self.outputs(targets) if not (self.folder / each).exists())

    def outputs(self, targets):
        """The objects and programs that the targets need, in the tree."""
        command = ["ninja", "-C", str(self.folder), "-t", "commands", *targets]
        done = subprocess.run(command, capture_output=True, text=True)
        return set(OUTPUT.findall(done.stdout))

    def labels(self):
        """Counts the entries of ctest by label. Cases that are entries of their own are known when
        their program is built."""
        command = ["ctest", "--preset", self.preset, "--show-only=json-v1"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        counts = collections.Counter()
        for entry in json.loads(done.stdout)["tests"]:
            for named in entry.get("properties", []):
                if named["name"] == "LABELS":
                    counts.update(set(named["value"]) - {MEASURES})
        return counts
