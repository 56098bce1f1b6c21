"""Machines made of namespaces, each with a network and a file system of its own laid over this one, and
pages of docs that are followed on them: the commands of a block of `sh` run on the machines that the
line above it names, and the block of `text` behind it is their answer. Needs root.

    steps = steps_of(page)
    machines = {name: Machine(name, folder) for name in ADDRESSES}
    for step in steps:
        follow(step, machines)

All of it happens below enter_namespaces(), and is gone afterwards.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

from leaders import BUILD, check, skip

ADDRESSES = {"eu": "192.0.2.1", "us": "192.0.2.2", "ap": "192.0.2.3", "jp": "192.0.2.4",
             "eu-2": "192.0.2.5"}
TOOLS = ["unshare", "ip", "chroot", "redis-cli", "pgrep"]
SECONDS_MAX = 280      # Of a page, on a machine that has much else to do.
ANSWER_SECONDS = 60    # Until an answer is the one of the page.
NAMESPACES = ["unshare", "-mnpf", "--kill-child", "--mount-proc"]

# A shell on a machine, in its own network: a file system over this one, thrown away at the end.
SHELL = """set -e
over={folder}/{name}
mkdir -p $over {folder}/carry
mount -t tmpfs none $over
mkdir $over/upper $over/work $over/root
mount -t overlay overlay -o lowerdir=/,upperdir=$over/upper,workdir=$over/work $over/root
mount -t proc proc $over/root/proc
mount --bind /dev $over/root/dev
mkdir -p $over/root/mnt/carry
mount --bind {folder}/carry $over/root/mnt/carry
mount -t tmpfs none $over/root/run
ip link set lo up
hostname {name}
exec chroot $over/root bash --norc
"""


class Step:
    """A block of commands, the machines that it is for, and its answer, None where any will do. `way`
    is "package" or "plain" where another block has the same for those who go the other way."""

    def __init__(self, machines, way, commands):
        self.machines, self.way, self.commands, self.answer = machines, way, commands, None


def way_of(line):
    if re.search("with the package", line, re.IGNORECASE):
        return "package"
    return "plain" if re.search("without systemd", line, re.IGNORECASE) else None


def steps_of(page, way):
    """The steps of a page, or a part of one, for those who go this way."""
    steps = []
    pattern = re.compile(r"(?P<text>.*?)```(?P<kind>sh|text)\n(?P<block>.*?)```\n", re.DOTALL)
    for found in pattern.finditer(page):
        if found["kind"] == "text":
            check(steps and steps[-1].answer is None and not found["text"].strip(),
                  f"an answer without commands: {found['block']}")
            steps[-1].answer = found["block"]
            continue
        lines = found["text"].rstrip().splitlines()
        names = [name for name in re.findall(r"`([a-z0-9-]+)`", lines[-1]) if name in ADDRESSES]
        check(names and lines[-1].endswith(":"), f"on which machine? {found['block']}")
        steps.append(Step(names, way_of(lines[-1]), found["block"]))
    return [step for step in steps if step.way in (None, way)]


def section_of(page, title):
    """The part of a page below a heading, up to the next one of the same rank."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^\1 |\Z)", page,
                      re.MULTILINE | re.DOTALL)
    check(found, f"there is no section {title}")
    return found[2]


class Machine:
    def __init__(self, name, folder):
        self.name, self.folder = name, folder
        self.shell = subprocess.Popen(
            ["ip", "netns", "exec", name, "unshare", "-mupf", "--kill-child", "sh", "-c",
             SHELL.format(folder=folder, name=name)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.run("cd /root")

    def run(self, commands, strict=False):
        """Runs commands in the shell, and returns whether the last one succeeded, or all of them, and
        what they print."""
        if strict:
            commands = f"(set -e\n{commands}\n)"
        self.shell.stdin.write(f"{commands.rstrip()}\necho == end $?\n")
        self.shell.stdin.flush()
        text = ""
        while True:
            line = self.shell.stdout.readline()
            check(line, f"{self.name} has ended: {text}")
            if line.startswith("== end "):
                return line == "== end 0\n", text
            text += line

    def must(self, commands):
        """As run(); returns what they print, all of which succeed."""
        succeeded, said = self.run(commands, strict=True)
        check(succeeded, f"on {self.name}: {commands}\nsaid {said}")
        return said.rstrip("\n")

    def copy(self, path, to):
        """Copies a file of this machine there. The folder that all of them have is on the way."""
        name = os.path.basename(path)
        shutil.copy(path, os.path.join(self.folder, "carry", name))
        self.must(f"cp /mnt/carry/{name} {to} && rm /mnt/carry/{name}")

    def end(self):
        self.shell.kill()
        self.shell.wait()


def make_networks(names):
    """A switch, and a machine at each address. All in the network namespace of this process."""
    def ip(*words):
        subprocess.run(["ip", *words], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
    ip("link", "add", "switch", "type", "bridge")
    ip("link", "set", "switch", "up")
    for name in names:
        ip("netns", "add", name)
        ip("link", "add", f"to-{name}", "type", "veth", "peer", "name", "net", "netns", name)
        ip("link", "set", f"to-{name}", "master", "switch", "up")
        ip("-n", name, "address", "add", f"{ADDRESSES[name]}/24", "dev", "net")
        ip("-n", name, "link", "set", "net", "up")


def is_answer(said, shown):
    """The page may write `...` where a line goes on, or where anything stands. Columns may be wider."""
    def squeezed(text):
        return [re.sub(" {2,}", "  ", line) for line in text.rstrip().splitlines()]
    shown = squeezed(shown)
    pattern = re.escape("\n".join(shown)).replace(r"\.\.\.", ".*")
    return re.fullmatch(pattern, "\n".join(squeezed(said)[-len(shown):])) is not None


def follow(step, machines, strict=False):
    """Commands with an answer are repeated until it comes: what they ask about takes a moment."""
    for name in step.machines:
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            succeeded, said = machines[name].run(step.commands, strict)
            if step.answer is None:
                check(succeeded, f"on {name}: {step.commands}said {said}")
                break
            if succeeded and is_answer(said, step.answer):
                break
            check(time.monotonic() < deadline,
                  f"on {name}: {step.commands}said:\n{said}and the page shows:\n{step.answer}")
            time.sleep(0.05)


def enter_namespaces(script, tools=()):
    """Runs `script inside FOLDER` below namespaces of its own, and ends with its exit code."""
    if os.geteuid() != 0:
        skip("only root can make networks and file systems")
    for tool in [*TOOLS, *tools]:
        if shutil.which(tool) is None:
            skip(f"there is no {tool}")
    with tempfile.TemporaryDirectory(prefix="anabranch-machines-") as folder:
        trial = "mount -t tmpfs none /run && ip link add switch type bridge && ip netns add trial"
        tried = subprocess.run([*NAMESPACES, "sh", "-c", trial], capture_output=True, text=True)
        if tried.returncode != 0:
            skip(f"no networks can be made here: {tried.stderr.strip()}")
        done = subprocess.run([*NAMESPACES, sys.executable, script, "inside", folder],
                              timeout=SECONDS_MAX)
    sys.exit(done.returncode)


def server_folder():
    return os.path.abspath(os.path.join(BUILD, "server"))
