#!/usr/bin/env python3
"""The program in README.md is examples/hello.cc, which is compiled, and it does what it says."""

import os
import re
import subprocess
import tempfile

from leaders import BUILD, check


def main():
    with open("README.md") as file:
        programs = re.findall(r"```cpp\n(.*?)```", file.read(), re.DOTALL)
    with open("examples/hello.cc") as file:
        check(programs == [file.read()], "README.md and examples/hello.cc differ")
    hello = os.path.abspath(os.path.join(BUILD, "examples", "hello"))
    with tempfile.TemporaryDirectory(prefix="anabranch-hello-") as folder:
        for start in (1, 2):
            done = subprocess.run([hello], cwd=folder, capture_output=True, text=True, timeout=20)
            check(done.stdout == f"hello, world, for the {start}. time\n",
                  done.stdout + done.stderr)


if __name__ == "__main__":
    main()
