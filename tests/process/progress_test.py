#!/usr/bin/env python3
"""cmake/build.sh, by which the story and the board build: it says how long the build takes, shows how
far it is and what is being made, in a pipe and on a terminal, names the log, shows its end after an
error, ends the build when it is stopped, and lets another one wait. Tried on a small project that
compiles nothing."""

import os
import pty
import re
import shutil
import signal
import subprocess
import tempfile
import time

from leaders import check, wait_until

PRESETS = """{"version": 6, "configurePresets": [
  {"name": "small", "generator": "Ninja", "binaryDir": "${sourceDir}/build/${presetName}"}]}
"""
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(small LANGUAGES NONE)
function(made name)
  add_custom_command(OUTPUT ${name}.o COMMAND ${CMAKE_SOURCE_DIR}/make.sh -o made/${name}.o ${ARGN})
  add_custom_target(${name} DEPENDS ${name}.o)
endfunction()
made(quick 0.1 0)
made(slow 1.5 0)
made(wrong 0.1 1)
made(long 60 0)
"""
MAKE = """#!/bin/sh
sh -c 'echo $$ >>pids; exec sleep "$1"' sh "$3"
echo "words of $2"
[ $4 = 0 ] && touch "$(basename $2)"
"""
SCRIPT = """#!/bin/bash
set -u
root={root}
. {root}/cmake/build.sh
build_targets small {root}/build/log/small.log 7 "$@"
echo "after the build"
"""


class Project:
    def __init__(self, folder):
        self.root = folder
        os.mkdir(os.path.join(folder, "cmake"))
        shutil.copy("cmake/build.sh", os.path.join(folder, "cmake"))
        for name, text in (("CMakePresets.json", PRESETS), ("CMakeLists.txt", PROJECT),
                           ("make.sh", MAKE), ("script.sh", SCRIPT.format(root=folder))):
            with open(os.path.join(folder, name), "w") as file:
                file.write(text)
            os.chmod(os.path.join(folder, name), 0o755)

    def start(self, *targets, output=subprocess.PIPE):
        # A shell that is started in the background ignores Ctrl-C, and so would the script.
        return subprocess.Popen([os.path.join(self.root, "script.sh"), *targets], stdout=output,
                                stderr=subprocess.STDOUT, text=True, start_new_session=True,
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))

    def build(self, *targets):
        with self.start(*targets) as script:
            text = script.stdout.read()
        return script.returncode, text

    def running(self):
        """The processes of the build that are there."""
        path = os.path.join(self.root, "build", "small", "pids")
        if not os.path.exists(path):
            return []
        with open(path) as file:
            return [pid for pid in file.read().split() if os.path.exists(f"/proc/{pid}")]


def in_a_pipe(project):
    code, text = project.build("quick", "slow")
    check(code == 0 and text.endswith("after the build\n"), text)
    check(text.startswith("Building: the first time about 7 minutes on two cores; the full log is "
                          "build/log/small.log\n"), text)
    check(re.search(r"^  \[(begun|\d+/\d+)\] \d+ s: .*made/(quick|slow)", text, re.MULTILINE), text)
    check(re.search(r"^Built in \d+ s\.$", text, re.MULTILINE), text)
    check("\r" not in text and "words of" not in text, text)
    code, text = project.build("quick", "slow")
    check(code == 0 and len(text.splitlines()) == 3, text)  # There is nothing to make.


def on_a_terminal(project):
    os.remove(os.path.join(project.root, "build", "small", "slow.o"))
    os.remove(os.path.join(project.root, "build", "small", "quick.o"))
    ours, theirs = pty.openpty()
    with project.start("quick", "slow", output=theirs) as script:
        os.close(theirs)
        text = ""
        while True:
            try:
                text += os.read(ours, 4096).decode()
            except OSError:  # All who write have ended.
                break
    os.close(ours)
    check(script.returncode == 0, text)
    check(re.search(r"\r\x1b\[K  \[1/2\] \d+ s: made/slow\r\x1b\[K", text), repr(text))


def an_error_shows_the_log(project):
    code, text = project.build("wrong")
    check(code == 1 and "after the build" not in text, text)
    check("words of made/wrong.o" in text and "FAILED: " in text, text)
    check(f"The build failed; the full log: {project.root}/build/log/small.log" in text, text)


def two_take_turns(project):
    for name in ("quick", "slow"):
        os.remove(os.path.join(project.root, "build", "small", name + ".o"))
    with project.start("slow") as one:
        wait_until("it builds", project.running)
        code, text = project.build("slow", "quick")
        first = one.stdout.read()
    check(one.returncode == 0 and first.endswith("after the build\n"), first)
    check(code == 0 and text.startswith("Waiting for another build in build/small ...\n"), text)


def stops(project, stop):
    script = project.start("long")
    wait_until("it builds", project.running)
    begin = time.monotonic()
    stop(script)
    text, _ = script.communicate(timeout=20)
    check(time.monotonic() - begin < 10, "it was not stopped soon")
    check(script.returncode == 130 and "The build was stopped" in text, text)
    check("after the build" not in text, text)
    wait_until("nothing of the build goes on", lambda: not project.running(), 5)


def ninja_of(script):
    with open(f"/proc/{script.pid}/task/{script.pid}/children") as file:
        for pid in file.read().split():
            with open(f"/proc/{pid}/comm") as comm:
                if comm.read() == "ninja\n":
                    return int(pid)
    raise AssertionError("the script runs no ninja")


def main():
    if shutil.which("ninja") is None:
        raise SystemExit("there is no ninja")
    with tempfile.TemporaryDirectory(prefix="anabranch-progress-") as folder:
        project = Project(os.path.realpath(folder))
        in_a_pipe(project)
        on_a_terminal(project)
        two_take_turns(project)
        an_error_shows_the_log(project)
        stops(project, lambda script: os.killpg(script.pid, signal.SIGINT))   # A terminal's Ctrl-C.
        stops(project, lambda script: script.send_signal(signal.SIGTERM))     # To the script alone.
        stops(project, lambda script: os.kill(ninja_of(script), signal.SIGINT))  # To ninja first.


if __name__ == "__main__":
    main()
