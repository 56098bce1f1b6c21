#!/usr/bin/env python3
"""cmake/commit.sh names the commit of a source tree: of a clone, of a changed one, of an archive, of
a tree inside another project; ANABRANCH_COMMIT goes before. The file that a build compiles is written
only when it differs. The program shows such a commit behind its version, and nowhere else."""

import os
import re
import shutil
import subprocess
import tarfile
import tempfile

from leaders import check, run

FILES = [".gitattributes", "cmake/commit.sh", "cmake/commit.txt"]


def tool(*words, folder, **environment):
    here = {name: value for name, value in os.environ.items()
            if not name.startswith("GIT_") and name != "ANABRANCH_COMMIT"}
    here.update(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_SYSTEM=os.devnull, **environment)
    return subprocess.run(words, cwd=folder, env=here, capture_output=True, text=True, timeout=20)


def git(folder, *words):
    done = tool("git", "-c", "user.name=A", "-c", "user.email=a@localhost", *words, folder=folder)
    check(done.returncode == 0, done)
    return done.stdout.strip()


def commit_of(tree, **environment):
    done = tool("cmake/commit.sh", folder=tree, **environment)
    check(done.returncode == 0 and done.stderr == "", done)
    return done.stdout.removesuffix("\n")


def make_tree(tree):
    for name in FILES:
        os.makedirs(os.path.dirname(os.path.join(tree, name)), exist_ok=True)
        shutil.copy(name, os.path.join(tree, name))


def clones(folder):
    tree = os.path.join(folder, "clone")
    make_tree(tree)
    check(commit_of(tree) == "unknown", "a copy of the files has no commit")
    git(tree, "init", "-q")
    check(commit_of(tree) == "unknown", "nor has a repository without one")
    git(tree, "add", ".")
    git(tree, "commit", "-qm", "one")
    head = git(tree, "rev-parse", "HEAD")
    check(commit_of(tree) == head, "the commit of a clone")
    with open(os.path.join(tree, "data"), "w") as file:
        file.write("an untracked file")
    check(commit_of(tree) == head, "an untracked file is no change")
    with open(os.path.join(tree, "cmake/commit.sh"), "a") as file:
        file.write("# changed\n")
    check(commit_of(tree) == head + "+dirty", "a changed tree")
    few = os.path.join(folder, "bin")
    os.mkdir(few)
    for program in ("sh", "dirname", "grep"):
        os.symlink(shutil.which(program), os.path.join(few, program))
    check(commit_of(tree, PATH=few) == "unknown", "without git")
    git(tree, "checkout", "-q", ".")
    return tree, head


def archives(folder, tree, head):
    made = os.path.join(folder, "made.tar")
    git(tree, "archive", "--prefix=made/", "-o", made, "HEAD")
    with tarfile.open(made) as archive:
        archive.extractall(folder)
    unpacked = os.path.join(folder, "made")
    check(commit_of(unpacked) == head, "the commit of an archive")
    git(folder, "init", "-q")
    git(folder, "add", "made")
    git(folder, "commit", "-qm", "another project")
    check(commit_of(unpacked) == head, "a tree in the repository of another project")


def environment_goes_before(tree):
    check(commit_of(tree, ANABRANCH_COMMIT="1.2-3~deb12+u1") == "1.2-3~deb12+u1", "as it is told")
    check(commit_of(tree, ANABRANCH_COMMIT="").isalnum(), "an empty one is none")
    done = tool("cmake/commit.sh", folder=tree, ANABRANCH_COMMIT='"; evil')
    check(done.returncode == 1 and "ANABRANCH_COMMIT has other characters" in done.stderr, done)


def file_is_left(folder, tree, head):
    source = os.path.join(folder, "commit.cc")

    def make(**environment):
        done = tool("cmake/commit.sh", "--source", source, folder=tree, **environment)
        check(done.returncode == 0, done)
        with open(source) as file:
            return file.read()
    check(f'return "{head}";' in make(), make())
    os.utime(source, (1, 1))
    make()
    check(os.stat(source).st_mtime == 1, "the same text was written again")
    check('return "other";' in make(ANABRANCH_COMMIT="other"), "another commit")
    check(tool("cmake/commit.sh", "--source", source, folder=tree,
               ANABRANCH_COMMIT='"').returncode == 1, "an error ends the build")


def program_shows_it():
    said = run("--version").stdout
    found = re.fullmatch(r"anabranch \d+\.\d+\.\d+ \(([0-9A-Za-z.+~_-]+)\)\n", said)
    check(found, said)
    check(run("version").stdout == said, "the word and the flag say the same")
    for page in ("anabranch.1", "anabranch.toml.5"):
        check(found.group(1) not in run("manual", page).stdout, f"{page} has the commit")


def main():
    program_shows_it()
    with tempfile.TemporaryDirectory(prefix="anabranch-commit-") as folder:
        tree, head = clones(folder)
        archives(folder, tree, head)
        environment_goes_before(tree)
        file_is_left(folder, tree, head)


if __name__ == "__main__":
    main()
