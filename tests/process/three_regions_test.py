#!/usr/bin/env python3
"""docs/three-regions.md is true: its commands run as written on three machines, each with a network
and a file system of its own, and answer what the page shows. Needs root."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from leaders import BUILD, check, skip

PAGE = "docs/three-regions.md"
ADDRESSES = {"eu": "192.0.2.1", "us": "192.0.2.2", "ap": "192.0.2.3"}
TOOLS = ["unshare", "ip", "chroot", "redis-cli", "pgrep"]

# A shell on a machine, in its own network: a file system over this one, thrown away at the end.
MACHINE = """set -e
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
exec chroot $over/root bash --norc
"""


class Step:
    def __init__(self, machines, commands, answer):
        self.machines, self.commands, self.answer = machines, commands, answer


def steps_of(page):
    """The blocks of commands, each with the machines of the last line that names some, and the answer
    behind it."""
    steps = []
    pattern = re.compile(r"(?P<text>.*?)```(?P<kind>sh|text)\n(?P<block>.*?)```\n", re.DOTALL)
    for found in pattern.finditer(page):
        if found["kind"] == "text":
            check(steps and steps[-1].answer is None and not found["text"].strip(),
                  f"an answer without commands: {found['block']}")
            steps[-1].answer = found["block"]
            continue
        lines = found["text"].rstrip().splitlines()
        machines = re.findall(r"`(eu|us|ap)`", lines[-1])
        check(machines and lines[-1].endswith(":"), f"on which machine? {found['block']}")
        steps.append(Step(machines, found["block"], None))
    return steps


class Machine:
    def __init__(self, name, folder):
        self.name = name
        self.shell = subprocess.Popen(
            ["ip", "netns", "exec", name, "unshare", "-mpf", "--kill-child", "sh", "-c",
             MACHINE.format(folder=folder, name=name)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        server = os.path.abspath(os.path.join(BUILD, "server"))
        self.run(f"export PATH={server}:$PATH")

    def run(self, commands):
        """Runs commands in the shell, and returns whether the last one succeeded, and what all print."""
        self.shell.stdin.write(f"{commands.rstrip()}\necho == end $?\n")
        self.shell.stdin.flush()
        text = ""
        while True:
            line = self.shell.stdout.readline()
            check(line, f"{self.name} has ended: {text}")
            if line.startswith("== end "):
                return line == "== end 0\n", text
            text += line


def make_networks():
    """A switch, and a machine at each address. All in the network namespace of this process."""
    def ip(*words):
        subprocess.run(["ip", *words], check=True)
    ip("link", "add", "switch", "type", "bridge")
    ip("link", "set", "switch", "up")
    for name, address in ADDRESSES.items():
        ip("netns", "add", name)
        ip("link", "add", f"to-{name}", "type", "veth", "peer", "name", "net", "netns", name)
        ip("link", "set", f"to-{name}", "master", "switch", "up")
        ip("-n", name, "address", "add", f"{address}/24", "dev", "net")
        ip("-n", name, "link", "set", "net", "up")


def is_answer(said, shown):
    """The page may end a line with `...` where it goes on."""
    pattern = re.escape(shown.rstrip()).replace(r"\.\.\.", ".*")
    lines = said.rstrip().splitlines()[-len(shown.rstrip().splitlines()):]
    return re.fullmatch(pattern, "\n".join(lines)) is not None


def follow(step, machines):
    for name in step.machines:
        deadline = time.monotonic() + 30
        while True:
            succeeded, said = machines[name].run(step.commands)
            if step.answer is None:
                check(succeeded, f"on {name}: {step.commands}said {said}")
                break
            if succeeded and is_answer(said, step.answer):
                break
            check(time.monotonic() < deadline,
                  f"on {name}: {step.commands}said:\n{said}and the page shows:\n{step.answer}")
            time.sleep(0.05)


def inside(folder):
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
    make_networks()
    with open(PAGE) as file:
        steps = steps_of(file.read())
    check(len(steps) >= 15, f"{len(steps)} steps were found")
    machines = {name: Machine(name, folder) for name in ADDRESSES}
    try:
        for step in steps:
            follow(step, machines)
    except AssertionError:
        for machine in machines.values():
            print(machine.name, machine.run("tail -n 20 /var/log/anabranch.log")[1], file=sys.stderr)
        raise
    finally:
        for machine in machines.values():
            machine.shell.kill()
            machine.shell.wait()
    print(f"{len(steps)} steps were followed", flush=True)


def main():
    if os.geteuid() != 0:
        skip("only root can make networks and file systems")
    for tool in TOOLS:
        if shutil.which(tool) is None:
            skip(f"there is no {tool}")
    namespaces = ["unshare", "-mnpf", "--kill-child", "--mount-proc"]
    with tempfile.TemporaryDirectory(prefix="anabranch-three-") as folder:
        trial = "mount -t tmpfs none /run && ip link add switch type bridge && ip netns add trial"
        tried = subprocess.run([*namespaces, "sh", "-c", trial], capture_output=True, text=True)
        if tried.returncode != 0:
            skip(f"no networks can be made here: {tried.stderr.strip()}")
        done = subprocess.run([*namespaces, sys.executable, __file__, "inside", folder], timeout=170)
        sys.exit(done.returncode)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    inside(sys.argv[2]) if sys.argv[1:2] == ["inside"] else main()
