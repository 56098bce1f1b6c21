#!/usr/bin/env python3
"""Every recipe of docs/cookbook.md prints what the page says, and every program is on the page."""

import difflib
import os
import re
import subprocess

from leaders import BUILD, check

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
RECIPE = re.compile(r"\[(\w+)\.cc\]\(\.\./examples/cookbook/\w+\.cc\):\n\n((?:    .*\n)+)")


def main():
    with open(os.path.join(ROOT, "docs", "cookbook.md"), encoding="utf-8") as page:
        recipes = dict(RECIPE.findall(page.read()))
    programs = {name[:-3] for name in os.listdir(os.path.join(ROOT, "examples", "cookbook"))
                if name.endswith(".cc")}
    check(set(recipes) == programs, f"on the page: {sorted(recipes)}, there: {sorted(programs)}")
    for name, block in recipes.items():
        done = subprocess.run([os.path.join(BUILD, "examples", name)], capture_output=True,
                              text=True, timeout=60)
        check(done.returncode == 0, f"{name} exits with {done.returncode}: {done.stderr}")
        expected = [line[4:] for line in block.splitlines(keepends=True)]
        difference = "".join(difflib.unified_diff(expected, done.stdout.splitlines(keepends=True),
                                                  "the page", name))
        check(not difference, f"{name} prints something else:\n{difference}")
        print(f"{name}: as the page says", flush=True)


if __name__ == "__main__":
    main()
