"""Machines made of namespaces, each with a network and a file system of its own laid over this one.
Pages of docs are followed on them (steps.py), by their shells. Needs root.

    machines = {name: Machine(name, folder) for name in ADDRESSES}
    for step in steps_of(page, ADDRESSES, "plain"):
        follow(step, machines)

All of it happens below enter_namespaces(), and is gone afterwards.
"""

import os
import shutil
import subprocess
import sys
import tempfile

from leaders import BUILD, skip
from steps import Shell

ADDRESSES = {"eu": "192.0.2.1", "us": "192.0.2.2", "ap": "192.0.2.3", "jp": "192.0.2.4",
             "eu-2": "192.0.2.5"}
TOOLS = ["unshare", "ip", "chroot", "redis-cli", "pgrep"]
SECONDS_MAX = 280      # Of a page, on a machine that has much else to do.
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


class Machine(Shell):
    def __init__(self, name, folder):
        super().__init__(name, ["ip", "netns", "exec", name, "unshare", "-mupf", "--kill-child",
                                "sh", "-c", SHELL.format(folder=folder, name=name)])
        self.folder = folder
        self.run("cd /root")

    def copy(self, path, to):
        """Copies a file of this machine there. The folder that all of them have is on the way."""
        name = os.path.basename(path)
        shutil.copy(path, os.path.join(self.folder, "carry", name))
        self.must(f"cp /mnt/carry/{name} {to} && rm /mnt/carry/{name}")


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
