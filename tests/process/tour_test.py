#!/usr/bin/env python3
"""The tour of the embedded API runs, twice on one directory, and its data is there the second
time. A wrong address is one line."""

import os
import subprocess
import tempfile

from leaders import BUILD, check

TOUR = os.path.join(BUILD, "examples", "tour")


def tour(*words):
    return subprocess.run([TOUR, *words], capture_output=True, text=True, timeout=20)


def main():
    with tempfile.TemporaryDirectory(prefix="anabranch-tour-") as folder:
        words = [os.path.join(folder, "data"), "tcp://127.0.0.1:0", "tcp://127.0.0.1:1"]
        for stock in (5, 10):
            done = tour(*words)
            check(done.returncode == 0, f"exit {done.returncode}: {done.stderr}")
            check(done.stdout.startswith(f"Draft\n{stock} in stock\n1 in the cart\n"), done.stdout)
        done = tour(words[0], "nowhere", words[2])
        check(done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr)
        check(done.stderr.startswith("tour: ") and "nowhere" in done.stderr, done.stderr)


if __name__ == "__main__":
    main()
