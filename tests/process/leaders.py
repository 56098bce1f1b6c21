"""Real leaders as processes, for tests from outside.

    with World() as world:
        eu = world.start("eu")
        us = world.start("us", peers=[eu])
        eu.call("SET", "key", "value")
        wait_until("us has it", lambda: us.call("GET", "key") == "value")

Every leader listens on free ports and tells them in its ready line. A world has a folder of its own
and ends with all its processes killed and its folder removed. Nothing waits by a fixed sleep:
wait_until() polls, and gives up loudly after a deadline.
"""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from keyring import Keyring
from resp import Client, ServerError

BUILD = os.environ.get("ANABRANCH_TEST_BUILD", "build/release")
ANABRANCH = os.path.join(BUILD, "server", "anabranch")
# A line of the log as text or as JSON.
READY = re.compile(r'(?:(\S+): |"text":")ready: origin (\S+), listens on (\S+), redis on ([^\s,"]+)')
PORT_TAKEN = re.compile(r"port \S+ is in use|Address already in use")
LONG = os.environ.get("ANABRANCH_TEST_LONG", "") not in ("", "0")


def skip(why):
    """Ends the test, which cannot run here; ctest counts it as skipped."""
    print("skipped:", why, flush=True)
    sys.exit(77)


def new_random():
    """A generator whose seed is printed; ANABRANCH_TEST_SEED repeats a run."""
    seed = int(os.environ.get("ANABRANCH_TEST_SEED") or random.SystemRandom().randrange(2**32))
    print("seed", seed, flush=True)
    return random.Random(seed)


def wait_until(what, holds, seconds=30.0):
    """Polls until holds() is true; a server that is not there counts as not yet."""
    deadline = time.monotonic() + seconds
    last = None
    while time.monotonic() < deadline:
        try:
            if holds():
                return
            last = None
        except (OSError, ServerError) as error:
            last = error
        time.sleep(0.005)
    raise AssertionError(f"not within {seconds} s: {what}" + (f" ({last})" if last else ""))


def check(holds, what):
    if not holds:
        raise AssertionError(what)


def own_host():
    """A loopback address of this process alone. A leader that is started again listens where it did;
    meanwhile the system may give its port to a leader of another test, which would join this mesh."""
    number = os.getpid()
    return f"127.{1 + (number >> 16) % 250}.{number >> 8 & 255}.{number & 255}"


def put_back(backup, data):
    """Overwrites the files of a data directory in place, as a careless restore does: the same
    directory and the same inodes where a file is still there."""
    def files(folder):
        return {os.path.relpath(os.path.join(at, name), folder)
                for at, _, names in os.walk(folder) for name in names if name != "control"}
    for name in files(data) - files(backup):
        os.remove(os.path.join(data, name))
    for name in files(backup):
        path = os.path.join(data, name)
        with open(os.path.join(backup, name), "rb") as old, \
                open(path, "r+b" if os.path.exists(path) else "wb") as new:
            new.truncate()
            shutil.copyfileobj(old, new)


def run(*words, timeout=20, environment=None, folder=None):
    """Runs `anabranch words...` to its end, in a folder."""
    return subprocess.run([ANABRANCH, *words], capture_output=True, text=True, timeout=timeout,
                          env={**os.environ, **(environment or {})}, cwd=folder)


class PortTaken(Exception):
    """The port where a leader had listened belongs to somebody else now."""


class Leader:
    def __init__(self, world, region, name=None):
        """With a name, it is another process of its region."""
        self.world = world
        self.region = region
        self.data = os.path.join(world.folder, name or region)
        self.log_path = self.data + ".log"
        self.listen = f"tcp://{own_host()}:0"
        self.redis = "127.0.0.1:0"
        self.peers = []
        self.flags = []
        self.environment = {}   # Besides the one of the test.
        self.prefix = []        # Words before the command, such as a shell that sets limits.
        self.program = ANABRANCH
        self.process = None
        self.client = None

    def command(self):
        words = [*self.prefix, self.program, "serve", "--region", self.region, "--data", self.data,
                 "--listen", self.listen, "--redis", self.redis, *self.flags]
        for address in self.peers:
            words += ["--peer", address]
        return words

    def start(self, seconds=20.0):
        """Starts and waits for the ready line. A second start listens where the first one did; as
        long as another test's connection happens to have that port, it is tried again."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.start_once()
            except PortTaken:
                check(time.monotonic() < deadline, f"the port of {self.region} stays taken")
                time.sleep(0.05)

    def start_once(self):
        with open(self.log_path, "ab") as log:
            begin = log.tell()
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log,
                                            env={**os.environ, **self.environment})
        wait_until(f"{self.region} is ready", lambda: self.is_ready(begin))
        return self

    def is_ready(self, begin):
        with open(self.log_path, "rb") as log:
            log.seek(begin)
            text = log.read().decode(errors="replace")
        if self.process.poll() is not None and PORT_TAKEN.search(text):
            raise PortTaken(text)
        check(self.process.poll() is None, f"{self.region} has ended:\n{text}")
        found = READY.search(text)
        if found:
            self.origin, self.listen, self.redis = found.group(2), found.group(3), found.group(4)
        return found is not None

    def call(self, *words):
        """One command on a connection that is kept, and opened again when it broke."""
        if self.client is None:
            self.client = Client(self.redis)
        try:
            return self.client.call(*words)
        except OSError:
            self.drop_client()
            raise

    def drop_client(self):
        if self.client is not None:
            self.client.close()
            self.client = None

    def status(self):
        return json.loads(self.call("ANABRANCH", "STATUS"))

    def digest(self):
        return self.call("ANABRANCH", "DIGEST")

    def applied(self):
        """The version vector: {origin: seq}."""
        return {entry["origin"]: entry["seq"] for entry in self.status()["applied"]}

    def is_connected(self, other):
        return any(peer["region"] == other.region and peer["connected"]
                   for peer in self.status()["peers"])

    def kill(self):
        self.drop_client()
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=10):
        """Asks it to end, and returns its exit code."""
        self.drop_client()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def signal(self, number):
        self.process.send_signal(number)

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wakeups(self):
        """How often its threads that run now have waited for something, and gone on."""
        count = 0
        for thread in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{thread}/status") as file:
                found = re.search(r"^voluntary_ctxt_switches:\s*(\d+)", file.read(), re.MULTILINE)
            count += int(found.group(1))
        return count


class World:
    def __init__(self, keyed=()):
        """With names in `keyed`, leaders of these regions have keys and know each other's."""
        self.folder = tempfile.mkdtemp(prefix="anabranch-process-")
        self.leaders = {}
        self.keys = Keyring(ANABRANCH, self.folder) if keyed else None
        if keyed:
            self.keys.add(*keyed)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for leader in self.leaders.values():
            if leader.process is not None and leader.process.poll() is None:
                leader.signal(signal.SIGCONT)
                leader.kill()
            if kind is not None:
                self.print_log(leader)
        shutil.rmtree(self.folder, ignore_errors=True)

    def print_log(self, leader):
        if os.path.exists(leader.log_path):
            print(f"---- log of {leader.region}", file=sys.stderr)
            with open(leader.log_path, errors="replace") as log:
                sys.stderr.writelines(log.readlines()[-30:])

    def start(self, region, peers=(), flags=(), data=None, name=None, program=None):
        leader = Leader(self, region, name)
        leader.program = program or ANABRANCH
        leader.data = data or leader.data
        leader.peers = [peer.listen for peer in peers]
        leader.flags = list(flags)
        if self.keys:
            leader.peers = [f"{peer.region}@{peer.listen}" for peer in peers]
            leader.flags += self.keys.flags(region)
        self.leaders[name or region] = leader
        return leader.start()

    def start_three(self, flags=None):
        """eu, us and ap, each connected to each; with the flags of each region, if any."""
        flags = flags or {}
        eu = self.start("eu", flags=flags.get("eu", ()))
        us = self.start("us", peers=[eu], flags=flags.get("us", ()))
        ap = self.start("ap", peers=[eu, us], flags=flags.get("ap", ()))
        wait_until("all are connected", lambda: all(
            one.is_connected(other) for one in (eu, us, ap) for other in (eu, us, ap)
            if one is not other))
        return eu, us, ap

    def wait_equal(self, leaders, seconds=60.0):
        """Waits until all have applied the same, and checks that they prove it."""
        def applied():
            return [one.applied() for one in leaders]
        while True:
            wait_until("all have applied the same",
                       lambda: all(each == applied()[0] for each in applied()), seconds)
            before = applied()
            digests = {leader.region: leader.digest() for leader in leaders}
            if before == applied() and all(each == before[0] for each in before):
                break  # Leaders write of their own accord, too: then it was not one moment.
        check(len(set(digests.values())) == 1, f"digests differ: {digests}")
