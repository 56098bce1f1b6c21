#!/usr/bin/env python3
"""The checkers of histories find each planted violation, and nothing in a thousand random legal
histories; bugs planted in the store that makes those are found."""

import os
import tempfile

from checkers import check_all, history
from checkers.history import Op
from checkers.reference import BUGS, Reference
from leaders import LONG, check, new_random

RUNS = 10_000 if LONG else 1000
STEPS = 120


class Script:
    """Writes a tiny history down: each call is an op of one tick, one after another."""

    def __init__(self):
        self.history = []
        self.now = 0

    def op(self, session, type, op, args, result=None, **fields):
        self.now += 10
        region = session[:2]
        one = Op(session, region, type, op, args, result, inv=self.now, ok=self.now + 5)
        for name, value in fields.items():
            setattr(one, name, value)
        self.history.append(one)
        return self

    def write(self, session, key, value, **fields):
        keys = [key] if isinstance(key, str) else key
        return self.op(session, "register", "write", dict.fromkeys(keys, value), **fields)

    def read(self, session, key, value, **fields):
        return self.reads(session, {key: value}, **fields)

    def reads(self, session, result, **fields):
        return self.op(session, "register", "read", list(result), result, **fields)

    def add(self, session, amount, **fields):
        return self.op(session, "counter", "add", ["c", amount], **fields)

    def count(self, session, value, **fields):
        return self.op(session, "counter", "read", "c", value, **fields)

    def insert(self, session, element, **fields):
        return self.op(session, "set", "insert", ["s", element], **fields)

    def remove(self, session, element, result=True, **fields):
        return self.op(session, "set", "remove", ["s", element], result, **fields)

    def elements(self, session, *elements, **fields):
        return self.op(session, "set", "read", "s", list(elements), **fields)

    def siblings(self, session, *values, **fields):
        return self.op(session, "siblings", "read", "x", list(values), **fields)

    def digest(self, session, vector, digest, **fields):
        return self.op(session, "digest", "read", vector, digest, **fields)


# The kind of violation that must be found, and the history. The first two letters of a session are
# its region.
PLANTED = [
    ("out-of-bounds", lambda s: s.add("eu1", 5).count("eu2", 4)),
    ("out-of-bounds", lambda s: s.add("eu1", 5).count("us1", 6)),
    ("out-of-bounds", lambda s: s.add("eu1", 5).add("us1", -1).count("eu1", 3)),
    ("diverged", lambda s: s.add("eu1", 5).count("eu1", 5, final=True)
     .count("us1", 0, final=True)),
    ("wrong-sum", lambda s: s.add("eu1", 5).add("eu2", 3, outcome="info")
     .count("us1", 6, final=True)),
    ("wrong-sum", lambda s: s.add("us1", 5).add("us1", -5).add("us1", -5, outcome="info")
     .count("eu1", 5, final=True)),
    ("lost", lambda s: s.insert("eu1", "a").elements("eu2")),
    ("lost", lambda s: s.insert("eu1", "a").elements("us1", final=True)),
    ("lost", lambda s: s.insert("eu1", "a").elements("us1", "a").elements("us2")),
    ("unexpected", lambda s: s.elements("eu1", "a")),
    ("unexpected", lambda s: s.elements("eu1", "a").insert("eu1", "a")),
    ("duplicated", lambda s: s.insert("eu1", "a").elements("us1", "a", "a")),
    ("resurrected", lambda s: s.insert("eu1", "a").remove("eu1", "a").elements("eu2", "a")),
    ("resurrected", lambda s: s.insert("eu1", "a").elements("us1", "a").remove("eu1", "a")
     .elements("us1").elements("us2", "a")),
    ("resurrected", lambda s: s.insert("eu1", "a").remove("us1", "a")
     .elements("eu1", "a", final=True)),
    ("diverged", lambda s: s.insert("eu1", "a", outcome="info").elements("eu1", "a", final=True)
     .elements("us1", final=True)),
    ("thin-air", lambda s: s.write("eu1", "x", "1").read("us1", "x", "2")),
    ("lost", lambda s: s.write("eu1", "x", "1").read("eu2", "x", None)),
    ("stale", lambda s: s.write("eu1", "x", "1").write("eu2", "x", "2").read("eu3", "x", "1")),
    ("diverged", lambda s: s.write("eu1", "x", "1").write("us1", "x", "2")
     .read("eu1", "x", "1", final=True).read("us1", "x", "2", final=True)),
    ("overwritten", lambda s: s.write("eu1", "x", "1").read("us1", "x", "1")
     .write("us1", "x", "2").read("ap1", "x", "1", final=True)),
    ("too-many", lambda s: s.write("eu1", "x", "1").write("eu2", "x", "2").siblings("us1", "1", "2")),
    ("not-concurrent", lambda s: s.write("eu1", "x", "1").read("us1", "x", "1")
     .write("us1", "x", "2").siblings("ap1", "1", "2")),
    ("thin-air", lambda s: s.siblings("eu1", "1")),
    ("read-your-writes", lambda s: s.write("eu1", "x", "1").write("eu1", "x", "2")
     .read("eu1", "x", "1")),
    ("read-your-writes", lambda s: s.write("eu1", "x", "1").read("eu1", "x", None)),
    ("monotonic-reads", lambda s: s.write("eu1", "x", "1").write("eu1", "x", "2")
     .read("us1", "x", "2").read("us1", "x", "1")),
    ("monotonic-reads", lambda s: s.write("eu1", "x", "1").read("us1", "x", "1")
     .read("us1", "x", None)),
    ("monotonic-writes", lambda s: s.write("eu1", "x", "1").write("eu1", "y", "2")
     .read("us1", "y", "2").read("us1", "x", None)),
    ("writes-follow-reads", lambda s: s.write("eu1", "x", "1").read("us1", "x", "1")
     .write("us1", "y", "2").read("ap1", "y", "2").read("ap1", "x", None)),
    ("CyclicCO", lambda s: s.read("eu1", "x", "1").write("eu1", "y", "2").read("us1", "y", "2")
     .write("us1", "x", "1")),
    ("ThinAirRead", lambda s: s.read("eu1", "x", "1")),
    ("WriteCOInitRead", lambda s: s.write("eu1", "x", "1").write("eu1", "y", "2")
     .read("us1", "y", "2").write("us1", "z", "3").read("ap1", "z", "3").read("ap1", "x", None)),
    ("WriteCORead", lambda s: s.write("eu1", "x", "1").write("eu1", "x", "2")
     .read("us1", "x", "2").write("us1", "y", "3").read("ap1", "y", "3").read("ap1", "x", "1")),
    ("CyclicCF", lambda s: s.write("eu1", "x", "1").write("us1", "x", "2").read("eu1", "x", "2")
     .read("us1", "x", "1").write("eu1", "y", "3").write("us1", "z", "4").read("ap1", "y", "3")
     .read("ap1", "z", "4").read("eu1", "x", "2").read("us1", "x", "1")),
    ("InsertCOAbsent", lambda s: s.insert("eu1", "a").write("eu1", "x", "1").read("us1", "x", "1")
     .elements("us1")),
    ("RemoveCOPresent", lambda s: s.insert("eu1", "a").remove("eu1", "a").write("eu1", "x", "1")
     .read("us1", "x", "1").elements("us1", "a")),
    ("fractured", lambda s: s.write("eu1", ["g0", "g1"], "1").write("us1", ["g0", "g1"], "2")
     .reads("ap1", {"g0": "1", "g1": "2"})),
    ("fractured", lambda s: s.write("eu1", ["g0", "g1"], "1").reads("ap1", {"g0": "1", "g1": None})),
    ("sum-changed", lambda s: s.op("eu1", "bank", "transfer", {"a": -3, "b": 3})
     .op("us1", "bank", "read", ["a", "b"], {"a": -3, "b": None})),
    ("digests-differ", lambda s: s.digest("eu1", [["o1", 3], ["o2", 0]], "aa")
     .digest("us1", [["o1", 3]], "bb")),
    ("not-converged", lambda s: s.digest("eu1", [["o1", 3]], "aa", final=True)
     .digest("us1", [["o1", 4]], "bb", final=True)),
]

LEGAL = {
    "a long fork": lambda s: s.write("eu1", "x", "1").write("us1", "y", "2")
    .read("eu2", "x", "1").read("eu2", "y", None).read("us2", "y", "2").read("us2", "x", None),
    "an uncertain write that happened": lambda s: s.write("eu1", "x", "1", outcome="info")
    .read("eu2", "x", "1").read("us1", "x", None),
    "an uncertain write that never did": lambda s: s.write("eu1", "x", "1", outcome="info")
    .add("eu2", 5, outcome="info").read("eu3", "x", None).count("eu4", 0, final=True),
    "a remove beside a read": lambda s: s.insert("eu1", "a").remove("us1", "a")
    .elements("eu1", "a").elements("eu1"),
    "siblings of two regions": lambda s: s.write("eu1", "x", "1").write("us1", "x", "2")
    .siblings("ap1", "1", "2"),
}


def kinds_in(script):
    made = Script()
    script(made)
    return {violation.kind for violation in check_all(made.history)}


def check_planted():
    for number, (kind, script) in enumerate(PLANTED):
        check(kind in kinds_in(script), f"planted {number}, {kind}, found {kinds_in(script)}")
    for name, script in LEGAL.items():
        check(not kinds_in(script), f"{name} is legal, found {kinds_in(script)}")
    print(len(PLANTED), "planted violations found", flush=True)


def check_random(random):
    ops = 0
    for run in range(RUNS):
        made = Reference(random).run(STEPS)
        ops += len(made)
        violations = check_all(made)
        check(not violations, f"run {run}: legal, but {violations[:3]}")
    print(RUNS, "legal histories of", ops, "ops pass", flush=True)


def check_bugs(random):
    """A bug shows only where its moment comes, so each has many histories to be found in."""
    for bug in BUGS:
        for run in range(200):
            if check_all(Reference(random, bug).run(STEPS)):
                print(f"bug {bug}: found in history {run + 1}", flush=True)
                break
        else:
            check(False, f"the bug {bug} was not found")


def check_files(random):
    made = Reference(random).run(STEPS)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "history.jsonl")
        history.dump(made, path)
        check(not check_all(history.load(path)), "a history read back is as it was")


def main():
    random = new_random()
    check_planted()
    check_random(random)
    check_bugs(random)
    check_files(random)


if __name__ == "__main__":
    main()
