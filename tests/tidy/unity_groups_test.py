#!/usr/bin/env python3
"""Files that cmake/unity_groups.py must keep apart, each with a pair that may stand together."""

import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "cmake"))
import unity_groups  # noqa: E402

LOCAL = "namespace a {{ namespace {{ {} }} }}\n"

# A sentence, two files that are apart, and a second one that may stand with the first.
PAIRS = [
    ("a local function of the same name", LOCAL.format("int f() { return 1; }"),
     LOCAL.format("int f() { return 2; }"), LOCAL.format("int g() { return 2; }")),
    ("a local constant of the same name", LOCAL.format("constexpr int kMost{1};"),
     LOCAL.format("constexpr int kMost = 2;"), LOCAL.format("constexpr int kLeast = 2;")),
    ("an alias of another meaning", "using A = int;\n", "using A = long;\n", "using A = int;\n"),
    ("other using-directives", "using namespace a;\n", "using namespace b;\n",
     "using namespace a;\n"),
    ("a macro", "#define LIMIT 1\n", "#define LIMIT 2\n", "#define OTHER 2\n"),
    # `show` is a function of control/verbs/show_verb.h: a local one would be called in its place.
    ("a local function called as one of a header", LOCAL.format("void show(int) {}"),
     "namespace a { void g() { show(1); } }\n", "namespace a { void g() { x.show(1); } }\n"),
    ("the address of a function of a header", LOCAL.format("void show(int) {}"),
     "namespace a { Verb v = {.run = show}; }\n", "namespace a { Verb v = {.show = run}; }\n"),
    ("more lines than a group has", "\n" * 3000, "\n" * 3000, "\n" * 2000),
]


def groups(folder, names, most=30):
    return len(unity_groups.groups_of([folder / each for each in names], most)[0])


def main():
    failed = []
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        for sentence, first, apart, together in PAIRS:
            (folder / "a.cc").write_text(first)
            (folder / "b.cc").write_text(apart)
            (folder / "c.cc").write_text(together)
            if groups(folder, ["a.cc", "b.cc"]) != 2:
                failed.append(f"not kept apart: {sentence}")
            if groups(folder, ["a.cc", "c.cc"]) != 1:
                failed.append(f"kept apart without need: {sentence}")
        for name in ("x_test", "y_test"):
            (folder / f"{name}.cc").write_text(
                f"namespace a::{name} {{ using namespace b; namespace {{ int f() {{}} }} }}\n")
        if groups(folder, ["x_test.cc", "y_test.cc"]) != 1:
            failed.append("tests with namespaces of their own are kept apart")
        if groups(folder, ["x_test.cc", "y_test.cc"], most=1) != 2:
            failed.append("a group has more files than it may")
    print("\n".join(failed) or "ok")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
