#!/usr/bin/env python3
"""The story is told by an installed `anabranch` only if that is of the commit that is checked out:
then nothing is built, ap is a server, too, and redis-cli is all that is installed. One of another
commit, an unknown one or a changed one is never started, and the story builds."""

import os
import shutil
import subprocess
import tempfile
import time

from leaders import ANABRANCH, check

STUB = """#!/bin/sh
echo "$(basename "$0")" "$@" >>{calls}
"""
# It claims a commit; everything else is done by the program of this tree.
CLAIMS = STUB + """case $1 in --version) echo "anabranch 0.1.0{claim}" && exit ;; esac
exec {program} "$@"
"""


class Checkout:
    """A repository with the story, where packages and builds are only written down."""

    def __init__(self, folder):
        self.root = os.path.join(folder, "checkout")
        self.bin = os.path.join(folder, "bin")
        self.calls_path = os.path.join(folder, "calls")
        for name in ("cmake", "examples/story"):
            shutil.copytree(name, os.path.join(self.root, name))
        shutil.copy("examples/three_regions.sh", os.path.join(self.root, "examples"))
        os.mkdir(self.bin)
        self.temporary = os.path.join(folder, "temporary")
        os.mkdir(self.temporary)
        stub = STUB.format(calls=self.calls_path)
        self.write(os.path.join(self.root, "cmake", "packages.sh"), stub)
        self.write(os.path.join(self.bin, "cmake"), stub + "exit 1\n")
        self.git("init", "-q")
        self.git("add", ".")
        self.git("commit", "-qm", "one")
        self.head = self.git("rev-parse", "HEAD")

    def write(self, path, text):
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, 0o755)

    def environment(self):
        left_out = ("ANABRANCH_TEST_BUILD", "ANABRANCH_COMMIT")
        here = {name: value for name, value in os.environ.items()
                if name not in left_out and not name.startswith("GIT_")}
        return {**here, "PATH": f"{self.bin}:{here['PATH']}", "GIT_CONFIG_GLOBAL": os.devnull,
                "TMPDIR": self.temporary}

    def git(self, *words):
        identity = ("-c", "user.name=A", "-c", "user.email=a@localhost")
        done = subprocess.run(["git", *identity, *words], cwd=self.root, env=self.environment(),
                              capture_output=True, text=True, timeout=20, check=True)
        return done.stdout.strip()

    def install(self, claim):
        self.write(os.path.join(self.bin, "anabranch"), CLAIMS.format(
            calls=self.calls_path, claim=claim, program=os.path.abspath(ANABRANCH)))

    def story(self):
        """Starts the story; nothing was called before."""
        open(self.calls_path, "w").close()
        return subprocess.Popen([os.path.join(self.root, "examples", "three_regions.sh"), "--once"],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                env=self.environment())

    def calls(self):
        with open(self.calls_path) as file:
            return file.read().splitlines()


def same_commit_is_used(checkout):
    checkout.install(f" ({checkout.head})")
    begin = time.monotonic()
    with checkout.story() as story:
        text = story.stdout.readline()
        check(time.monotonic() - begin < 20, f"the first line came late: {text}")
        text += story.stdout.read()
    seconds = time.monotonic() - begin
    check(story.returncode == 0 and "\nThe story held.\n" in text, text)
    check(text.startswith("Nothing is built: "), text)
    check("A rule of an application's own: left out" in text and "ap>" not in text, text)
    calls = checkout.calls()
    check([call for call in calls if not call.startswith("anabranch ")] == ["packages.sh client"],
          calls)
    check(sum(call.startswith("anabranch serve --region ap ") for call in calls) == 1, calls)
    check(seconds < 90, f"the story took {seconds:.0f} s")
    print(f"told by the installed program in {seconds:.1f} s", flush=True)


def is_not_used(checkout, what):
    with checkout.story() as story:
        text = story.stdout.read()
    calls = checkout.calls()
    started = [call for call in calls if call.startswith("anabranch ") and "--version" not in call]
    check(started == [], f"{what} was started: {started}")
    check("packages.sh build" in calls and "cmake --preset story" in calls, f"{what}: {calls}")
    check(story.returncode == 1 and "Building: the first" in text, f"{what}: {text}")


def others_are_not(checkout):
    head = checkout.head
    for claim in (f" ({'0' * 40})", f" ({head}+dirty)", f" ({head[:12]})", " (unknown)", " ()", ""):
        checkout.install(claim)
        is_not_used(checkout, f"a program with{claim or 'out a commit'}")


def changed_and_unknown_trees_use_none(checkout):
    script = os.path.join(checkout.root, "examples", "story", "chapters.sh")
    with open(script, "a") as file:
        file.write("# changed\n")
    for claim in (checkout.head, checkout.head + "+dirty"):
        checkout.install(f" ({claim})")
        is_not_used(checkout, f"beside a changed tree, {claim}")
    shutil.rmtree(os.path.join(checkout.root, ".git"))
    for claim in (checkout.head, "unknown"):
        checkout.install(f" ({claim})")
        is_not_used(checkout, f"beside an unknown tree, {claim}")


def only_the_client_is_installed(folder):
    """Without redis-cli in the PATH `packages.sh client` asks apt-get for its package alone."""
    few = os.path.join(folder, "few")
    calls = os.path.join(folder, "apt")
    os.mkdir(few)
    for program in ("sh", "env", "sort", "tr", "id", "mktemp", "cat", "tail", "sleep", "basename"):
        os.symlink(shutil.which(program), os.path.join(few, program))
    for program in ("apt-get", "tee", "chmod", "rm", "sudo"):  # Nothing outside is changed.
        path = os.path.join(few, program)
        with open(path, "w") as file:
            file.write(STUB.format(calls=calls) + ('exec "$@"\n' if program == "sudo" else ""))
        os.chmod(path, 0o755)
    done = subprocess.run(["cmake/packages.sh", "client"], capture_output=True, text=True, timeout=20,
                          env={"PATH": few, "TMPDIR": folder})
    check(done.returncode == 0 and "redis-tools" in done.stdout, done)
    with open(calls) as file:
        installs = [line.split(" install ")[1].split() for line in file if " install " in line
                    and line.startswith("apt-get ")]
    check(installs == [["-y", "--no-install-recommends", "redis-tools"]], installs)


def main():
    with tempfile.TemporaryDirectory(prefix="anabranch-installed-") as folder:
        only_the_client_is_installed(folder)
        checkout = Checkout(folder)
        same_commit_is_used(checkout)
        others_are_not(checkout)
        changed_and_unknown_trees_use_none(checkout)
        check(os.listdir(checkout.temporary) == [], "a story has left its folder")


if __name__ == "__main__":
    main()
