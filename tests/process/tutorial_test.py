#!/usr/bin/env python3
"""docs/tutorial.md is true: its commands run as written in one shell, each answers what the page
shows, and the C++ of the page is that of examples/shop/shop.cc. The page waits only where it says
so. Its ports are those of an address of this test alone, so it can run beside others."""

import os
import re
import shutil
import signal
import sys
import tempfile
import textwrap

from leaders import BUILD, check, own_host, skip
from steps import Shell, follow, steps_of

PAGE = "docs/tutorial.md"
PROGRAM = "examples/shop/shop.cc"
HOST = "127.0.0.1"

# As on a terminal, and at the address of this test.
REDIS_CLI = """#!/bin/sh
exec {real} -h {host} --no-raw "$@"
"""


def code_is_of_the_program(page):
    with open(PROGRAM) as file:
        program = file.read()
    blocks = re.findall(r"```cpp\n(.*?)```\n", page, re.DOTALL)
    check(len(blocks) > 8, f"{len(blocks)} blocks of C++")
    for block in blocks:
        check(any("\n" + textwrap.indent(block, " " * depth) in program for depth in (0, 2, 4)),
              f"{PROGRAM} has no\n{block}")


def install(folder):
    """What the reader has: programs in the PATH, and the library as pkg-config finds it."""
    programs = os.path.join(folder, "bin")
    os.mkdir(programs)
    os.symlink(os.path.abspath(os.path.join(BUILD, "server", "anabranch")),
               os.path.join(programs, "anabranch"))
    with open(os.path.join(programs, "redis-cli"), "w") as file:
        file.write(REDIS_CLI.format(real=shutil.which("redis-cli"), host=own_host()))
    os.chmod(file.name, 0o755)
    return {**os.environ, "PATH": programs + os.pathsep + os.environ["PATH"],
            "PKG_CONFIG_PATH": library(folder)}


def library(folder):
    """Headers and the library, laid out as an installation does. Returns the folder of the .pc."""
    built = os.path.abspath(os.path.join(BUILD, "include"))
    with open(os.path.join(built, "anabranch.pc")) as file:
        text = file.read()
    libraries = os.path.join(folder, re.search(r"^libdir=\$\{prefix\}/(.*)$", text, re.MULTILINE)[1])
    os.makedirs(os.path.join(libraries, "pkgconfig"))
    shutil.copy(file.name, os.path.join(libraries, "pkgconfig"))
    os.symlink(os.path.join(built, "libanabranch.a"), os.path.join(libraries, "libanabranch.a"))
    os.symlink(os.path.abspath("include"), os.path.join(folder, "include"))
    return os.path.join(libraries, "pkgconfig")


def follow_page(page, folder):
    shell = Shell("here", ["bash", "--norc"], cwd=folder, env=install(folder),
                  start_new_session=True)
    steps = steps_of(page.replace(HOST, own_host()), ["here"])
    check(len(steps) > 30, f"{len(steps)} steps were found")
    try:
        for step in steps:
            if step.commands.startswith("c++ "):
                shutil.copy(PROGRAM, os.path.join(folder, "shop"))  # As the page says in words.
            follow(step, {"here": shell}, exact=True)
        shell.must("wait")
        check(not os.path.exists(os.path.join(folder, "shop")), "the folder is removed")
    except AssertionError:
        print(shell.run("tail -n 20 *.log")[1], file=sys.stderr)
        raise
    finally:
        os.killpg(shell.shell.pid, signal.SIGKILL)
        shell.end()
    print(f"{len(steps)} steps were followed", flush=True)


def main():
    for tool in ("redis-cli", "bash", "c++", "pkg-config"):
        if shutil.which(tool) is None:
            skip(f"there is no {tool}")
    with open(PAGE) as file:
        page = file.read()
    code_is_of_the_program(page)
    with tempfile.TemporaryDirectory(prefix="anabranch-tutorial-") as folder:
        follow_page(page, folder)


if __name__ == "__main__":
    main()
