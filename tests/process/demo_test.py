#!/usr/bin/env python3
"""`anabranch demo`, with no other program of this tree, tells the story of three regions with
redis-cli and without, and leaves neither process nor file: not after its end, Ctrl-C, SIGTERM, a
closed terminal, kill -9 at any moment, or where it cannot begin."""

import fcntl
import os
import pty
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import termios
import time
import urllib.request

from disk_full_test import in_namespace, small_disk
from leaders import ANABRANCH, check, new_random, wait_until
from resp import Client

MARK = "ANABRANCH_TEST_DEMO"
CHAPTER = "1. Write anywhere"
STAYS = "Ctrl-C stops them."
PATIENCE = 240.0  # Seconds, on a machine that does much else.


def usual_signals():
    """Those of a shell's command, whoever has started this test."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)


class Demo:
    """A demo in a folder for temporary files of its own, which has a blank in its name."""
    all = []

    def __init__(self, folder, *words, name=None, program=ANABRANCH, environment=None,
                 prepare=usual_signals, output=None):
        Demo.all.append(self)
        self.mark = f"{os.getpid()}-{len(Demo.all)}"
        self.temporary = os.path.join(folder, name or f"demo {self.mark}")
        self.told_path = os.path.join(folder, f"told-{self.mark}")
        os.makedirs(self.temporary, exist_ok=True)
        self.told_file = open(self.told_path, "wb")
        self.process = subprocess.Popen(
            [os.path.abspath(program), "demo", *words], stdin=subprocess.DEVNULL,
            stdout=self.told_file if output is None else output, stderr=self.told_file,
            start_new_session=True, preexec_fn=prepare,
            env={**os.environ, "TMPDIR": self.temporary, MARK: self.mark, **(environment or {})})

    def told(self):
        with open(self.told_path, errors="replace") as file:
            return file.read()

    def wait_told(self, words):
        def is_told():
            return words in self.told() or self.process.poll() is not None
        wait_until(f"{words!r} is told:\n{self.told()}", is_told, PATIENCE)
        check(words in self.told(), f"it has ended before {words!r}:\n{self.told()}")

    def processes(self):
        """{number: command} of all that the demo has begun and that live."""
        found = {}
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    marked = f"{MARK}={self.mark}".encode() in file.read().split(b"\0")
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    command = file.read().decode(errors="replace").replace("\0", " ")
            except OSError:
                continue
            if marked and command:  # A zombie has none.
                found[int(name)] = command
        return found

    def keeper(self):
        words = [number for number, command in self.processes().items()
                 if command.split()[1:2] == ["demo"] and number != self.process.pid]
        check(len(words) == 1, f"one keeper: {self.processes()}")
        return words[0]

    def ends(self, code):
        """It ends with this code, or by this signal where that is negative; nothing is left."""
        self.told_file.close()
        try:
            ended = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            ended = None
        check(ended == code, f"it has ended with {ended}, not {code}:\n{self.told()}")
        if code >= 0:  # When it has ended, all has.
            check(self.processes() == {}, f"left over: {self.processes()}")
        wait_until(f"no process is left: {self.processes()}", lambda: self.processes() == {})
        wait_until(f"no file is left: {os.listdir(self.temporary)}",
                   lambda: os.listdir(self.temporary) == [])
        return self.told()


def without_redis_cli(folder):
    """A PATH with all programs that the story needs, but for that one."""
    path = os.path.join(folder, "few")
    os.mkdir(path)
    for name in ("bash", "awk", "sed", "grep", "sort", "wc", "tr", "cat", "tail", "rm", "sleep"):
        os.symlink(shutil.which(name), os.path.join(path, name))
    return path


def install(folder, story):
    """A tree with the program, as a package makes it; gives the program."""
    program = os.path.join(folder, "bin", "anabranch")
    os.makedirs(os.path.dirname(program))
    shutil.copy(ANABRANCH, program)
    if story:
        shutil.copytree(story, os.path.join(folder, "share/anabranch/story"))
    return program


# In the place of the story, for ends at any moment of which many are tried: three processes and a
# file, and no end of its own.
SMALL = """#!/bin/bash
for region in eu us ap; do
  sleep 600 &
  echo data >$region
done
while sleep 0.1; do echo "1. Write anywhere"; done
"""


def install_small(folder):
    story = os.path.join(folder, "small-story")
    os.mkdir(story)
    with open(os.path.join(story, "demo.sh"), "w") as file:
        file.write(SMALL)
    return install(os.path.join(folder, "small"), story)


# ---- The story.

def is_told(folder):
    """Side by side: to its end without redis-cli, and with it up to Ctrl-C, in a shell whose
    settings are those of another leader."""
    foreign = {"ANABRANCH_REGION": "xx", "ANABRANCH_CONFIG": "/nowhere", "REDISCLI_AUTH": "secret",
               "BASH_ENV": "/nowhere"}
    ended = Demo(folder, "--once", environment={"PATH": without_redis_cli(folder)})
    stays = Demo(folder, environment=foreign)
    told = ended.ends(0)
    check("\nThe story held.\n" in told and STAYS not in told, told)
    check("redis-cli is not installed: this script asks in its place." in told, told)
    stays.wait_told(STAYS)
    told = stays.told()
    check("redis-cli is not installed" not in told, told)
    ports = re.findall(r"^  redis-cli -p (\d+) ", told, re.MULTILINE)
    check(len(ports) == 3, f"three servers to connect to: {ports}")
    for port in ports:
        with Client(f"127.0.0.1:{port}") as client:
            check(client.call("GET", "trip/name") == "Danube", "they are up")
    pages = re.findall(r"^  (http://127\.0\.0\.1:\d+)/?   the dashboard of", told, re.MULTILINE)
    check(len(pages) == 3, f"three dashboards: {pages}")
    for page in pages:
        with urllib.request.urlopen(page, timeout=10) as answer:
            check("Anabranch" in answer.read().decode(), page)
    os.killpg(stays.process.pid, signal.SIGINT)  # As a terminal does.
    check("All is stopped, and the data are removed." in stays.ends(0), stays.told())
    for port in ports:
        try:
            Client(f"127.0.0.1:{port}").close()
            check(False, "a server is left over")
        except ConnectionRefusedError:
            pass


# ---- Ends amid the story.

def amid_the_story(folder):
    """Of the real one: by a signal, by kill -9, and with its keeper, when the script clears up."""
    demos = [Demo(folder) for _ in range(3)]
    for demo in demos:
        demo.wait_told(CHAPTER)
    stopped, killed, orphaned = demos
    stopped.process.terminate()
    check("the story was not told to its end" in stopped.ends(1), stopped.told())
    killed.process.kill()
    killed.ends(-signal.SIGKILL)
    keeper = orphaned.keeper()
    orphaned.process.send_signal(signal.SIGSTOP)
    os.kill(keeper, signal.SIGKILL)
    wait_until("the script clears up", lambda: os.listdir(orphaned.temporary) == [], PATIENCE)
    orphaned.process.send_signal(signal.SIGCONT)
    check("the process that clears up was killed" in orphaned.ends(1), orphaned.told())


def by_signals(folder, small):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        demo = Demo(folder, program=small)
        demo.wait_told(CHAPTER)
        demo.process.send_signal(number)
        check("the story was not told to its end" in demo.ends(1), demo.told())


def by_kill(folder, small, random):
    """At each stage of the start, and then anywhere in its first 300 ms."""
    stages = [lambda demo: True,
              lambda demo: len(demo.processes()) > 1,
              lambda demo: os.listdir(demo.temporary) != [],
              lambda demo: len(demo.processes()) > 3,
              lambda demo: CHAPTER in demo.told()]
    for stage in stages:
        demo = Demo(folder, program=small)
        wait_until("the stage", lambda demo=demo, stage=stage: stage(demo), PATIENCE)
        os.killpg(demo.process.pid, signal.SIGKILL)
        demo.ends(-signal.SIGKILL)
    for _ in range(20):
        demo = Demo(folder, program=small)
        time.sleep(0.3 * random.random())
        demo.process.kill()
        demo.ends(-signal.SIGKILL)


def on_a_terminal(folder, small, close):
    """It has a terminal, where somebody types Ctrl-C, or closes the window."""
    leader, follower = pty.openpty()

    def take_terminal():
        usual_signals()
        fcntl.ioctl(follower, termios.TIOCSCTTY, 0)

    demo = Demo(folder, program=small, prepare=take_terminal, output=follower)
    os.close(follower)
    told = b""
    while CHAPTER.encode() not in told:
        told += os.read(leader, 4096)
    if close:
        os.close(leader)
    else:
        os.write(leader, b"\x03")
    check("the story was not told to its end" in demo.ends(1), demo.told())
    if not close:
        os.close(leader)


def without_reader(folder, small):
    """The reader of the output has gone; and there was no output from the beginning on."""
    read_end, write_end = os.pipe()
    demo = Demo(folder, program=small, output=write_end)
    os.close(write_end)
    os.read(read_end, 1)
    os.close(read_end)
    check("the story was ended: Broken pipe" in demo.ends(1), demo.told())

    def close_both():
        usual_signals()
        os.close(0)
        os.close(1)

    demo = Demo(folder, program=small, prepare=close_both)
    wait_until("all run", lambda: len(demo.processes()) >= 6, PATIENCE)
    demo.process.terminate()
    demo.ends(1)


def under_nohup(folder, small):
    """It goes on where the terminal is closed."""
    def ignore():
        usual_signals()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    demo = Demo(folder, program=small, prepare=ignore)
    demo.wait_told(CHAPTER)
    demo.process.send_signal(signal.SIGHUP)
    told = len(demo.told())
    wait_until("it goes on", lambda: len(demo.told()) > told + 5 * len(CHAPTER), PATIENCE)
    check(demo.process.poll() is None, demo.told())
    demo.process.terminate()
    demo.ends(1)


# ---- It cannot begin.

def cannot_begin(folder):
    nowhere = Demo(folder, environment={"TMPDIR": os.path.join(folder, "nowhere")})
    check("no folder can be made in " in nowhere.ends(1), nowhere.told())
    alone = install(os.path.join(folder, "alone"), None)
    demo = Demo(folder, program=alone)
    told = demo.ends(1)
    check("the story is not there" in told and f"{folder}/alone/share/anabranch/story" in told, told)
    demo = Demo(folder, environment={"PATH": os.path.dirname(alone)})
    check("bash cannot be run: No such file or directory" in demo.ends(1), demo.told())

    def few_descriptors():
        usual_signals()
        resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4))

    demo = Demo(folder, prepare=few_descriptors)
    check("Too many open files" in demo.ends(1), demo.told())


def on_a_full_disk(folder):
    disk = os.path.join(folder, "disk")
    with small_disk(disk, "8m"):
        demo = Demo(folder, name="disk")
        check("there is no room for the data" in demo.ends(1), demo.told())


# ---- Where it lies.

def as_a_user_with_relative_names(folder):
    """In a folder that is named from here; as somebody who is not root, where that is possible."""
    def elsewhere():
        usual_signals()
        os.chdir(folder)
        if os.geteuid() == 0 and not os.environ.get("ANABRANCH_TEST_UNSHARED"):
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)

    # The build tree may be root's alone.
    program = install(os.path.join(folder, "tree"), "examples/story")
    os.makedirs(os.path.join(folder, "of a user"))
    os.chmod(os.path.join(folder, "of a user"), 0o777)
    os.chmod(folder, 0o755)
    demo = Demo(folder, name="of a user", environment={"TMPDIR": "of a user"}, prepare=elsewhere,
                program=program)
    demo.wait_told(CHAPTER)
    check(f"`anabranch` is {program}." in demo.told(), demo.told())
    demo.process.kill()
    demo.ends(-signal.SIGKILL)


def main():
    in_namespace()
    random = new_random()
    with tempfile.TemporaryDirectory(prefix="anabranch-demo-", ignore_cleanup_errors=True) as folder:
        folder = os.path.realpath(folder)
        try:
            if os.environ.get("ANABRANCH_TEST_LONG"):  # `packages` tells it once, too.
                is_told(folder)
            amid_the_story(folder)
            small = install_small(folder)
            by_signals(folder, small)
            by_kill(folder, small, random)
            on_a_terminal(folder, small, close=False)
            on_a_terminal(folder, small, close=True)
            without_reader(folder, small)
            under_nohup(folder, small)
            cannot_begin(folder)
            as_a_user_with_relative_names(folder)
            on_a_full_disk(folder)
        finally:
            for demo in Demo.all:
                if demo.process.poll() is None:  # The test has failed.
                    demo.process.kill()


if __name__ == "__main__":
    main()
