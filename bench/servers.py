"""The measured servers, and redis-benchmark, which measures them."""

import csv
import io
import json
import os
import re
import socket
import subprocess
import time

CLIENTS = 50
PIPELINE = 16
VALUE_BYTES = 100
READY = re.compile(r"ready: .* listens on (\S+), redis on \S+:(\d+)")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A process that serves on a port, the Redis protocol mostly; stopped by stop()."""

    def __init__(self, name, folder):
        self.name = name
        self.data = os.path.join(folder, name.replace(" ", "-").replace(",", ""))
        os.mkdir(self.data)
        self.log = self.data + ".log"

    def launch(self, words, **environment):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env={**os.environ, **environment})

    def log_text(self):
        with open(self.log, errors="replace") as log:
            return log.read()

    def wait_for(self, ready, seconds=20):
        deadline = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise SystemExit(f"{self.name} did not start:\n{self.log_text()}")
            time.sleep(0.002)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def measure(self, command, pipeline, requests, keys):
        """Returns the requests per second of one run of redis-benchmark."""
        words = ["redis-benchmark", "-h", "127.0.0.1", "-p", str(self.port), "--csv",
                 "-t", command, "-c", str(CLIENTS), "-d", str(VALUE_BYTES), "-r", str(keys),
                 "-n", str(requests), "-P", str(pipeline)]
        done = subprocess.run(words, capture_output=True, text=True)
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        if done.returncode != 0 or len(rows) != 1:
            raise SystemExit(f"{self.name}: redis-benchmark failed: {done.stdout}{done.stderr}")
        return float(rows[0]["rps"])

    def write(self, requests, keys):
        """Pipelined SETs at keys chosen at random; returns requests per second."""
        return self.measure("set", PIPELINE, requests, keys)

    def fill(self, keys):
        """Puts the keys that `measure` uses, in their order."""
        group = 1000
        value = b"x" * VALUE_BYTES
        with (socket.create_connection(("127.0.0.1", self.port), 60) as link,
              link.makefile("rb") as answer):
            for begin in range(0, keys, group):
                numbers = range(begin, min(begin + group, keys))
                link.sendall(b"".join(b"*3\r\n$3\r\nSET\r\n$16\r\nkey:%012d\r\n$%d\r\n%s\r\n"
                                      % (number, VALUE_BYTES, value) for number in numbers))
                answers = b"+OK\r\n" * len(numbers)
                if answer.read(len(answers)) != answers:
                    raise SystemExit(f"{self.name}: a SET failed")

    def own_bytes(self):
        """Its memory, not counting pages of the file that it has mapped."""
        with open(f"/proc/{self.process.pid}/status") as file:
            fields = dict(line.split(":", 1) for line in file)
        return int(fields["RssAnon"].split()[0]) << 10

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def written_bytes(self):
        """What it has written since its start: to files, and to connections the little of answers."""
        with open(f"/proc/{self.process.pid}/io") as file:
            return int(dict(line.split(": ") for line in file)["wchar"])


class Redis(Server):
    """redis-server with an append-only file, synced "always" or "everysec"."""

    def __init__(self, sync, folder):
        super().__init__("Redis, " + sync, folder)
        self.port = free_port()
        self.launch(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1",
                     "--dir", self.data, "--appendonly", "yes", "--appendfsync", sync,
                     "--save", "", "--auto-aof-rewrite-percentage", "0"])
        self.wait_for(self.answers)

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as link:
                link.sendall(b"PING\r\n")
                return link.recv(7) == b"+PONG\r\n"
        except OSError:
            return False


class Anabranch(Server):
    """A leader; every answer waits for the disk unless the flags say otherwise. A second launch uses the same addresses."""

    def __init__(self, build, folder, region="eu", peers=(), flags=(), name=None):
        super().__init__(name or ("anabranch serve" if region == "eu" else region), folder)
        self.build, self.region, self.flags = build, region, list(flags)
        self.peers = list(peers)
        self.port = 0
        self.listen = "tcp://127.0.0.1:0"
        self.restart()

    def directory(self):
        return os.path.join(self.data, self.region)

    def restart(self):
        words = [os.path.join(self.build, "server", "anabranch"), "serve", "--region", self.region,
                 "--data", self.directory(), "--listen", self.listen,
                 "--redis", f"127.0.0.1:{self.port}", *self.flags]
        for peer in self.peers:
            words += ["--peer", peer.listen]
        self.launch(words)
        self.wait_for(self.is_ready)

    def is_ready(self):
        found = READY.search(self.log_text())
        if found:
            self.listen, self.port = found.group(1), int(found.group(2))
        return found is not None

    def ask(self, *words):
        """One command, on a connection of its own; the text of the bulk string that answers it."""
        with socket.create_connection(("127.0.0.1", self.port), 60) as link:
            link.sendall(b"*%d\r\n" % len(words) + b"".join(
                b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in words))
            with link.makefile("rb") as answer:
                head = answer.readline()
                if not head.startswith(b"$"):
                    raise SystemExit(f"{self.name}: {words}: {head}")
                return answer.read(int(head[1:])).decode()

    def ask_ok(self, *words):
        done = subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True,
                              text=True, timeout=60)
        if done.stdout.strip() != "OK":
            raise SystemExit(f"{self.name}: {words}: {done.stdout}{done.stderr}")

    def status(self):
        return json.loads(self.ask("ANABRANCH", "STATUS"))

    def applied(self):
        """The version vector: {origin: seq}."""
        return {one["origin"]: one["seq"] for one in self.status()["applied"] if one["seq"]}
