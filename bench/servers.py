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
VALUE_BYTES = 100
READY = re.compile(r"ready: .* listens on (\S+), redis on \S+:(\d+)")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A process that serves the Redis protocol on a port; stopped by stop()."""

    def __init__(self, name, folder):
        self.name = name
        self.data = os.path.join(folder, name.replace(" ", "-").replace(",", ""))
        os.mkdir(self.data)
        self.log = self.data + ".log"

    def launch(self, words):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)

    def wait_for(self, ready, seconds=20):
        deadline = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                with open(self.log, errors="replace") as log:
                    raise SystemExit(f"{self.name} did not start:\n{log.read()}")
            time.sleep(0.01)

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

    def restart(self):
        words = [os.path.join(self.build, "server", "anabranch"), "serve", "--region", self.region,
                 "--data", os.path.join(self.data, self.region), "--listen", self.listen,
                 "--redis", f"127.0.0.1:{self.port}", *self.flags]
        for peer in self.peers:
            words += ["--peer", peer.listen]
        self.launch(words)
        self.wait_for(self.is_ready)

    def is_ready(self):
        with open(self.log, errors="replace") as log:
            found = READY.search(log.read())
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

    def own_bytes(self):
        """Its memory, not counting pages of the file that it has mapped."""
        with open(f"/proc/{self.process.pid}/status") as file:
            fields = dict(line.split(":", 1) for line in file)
        return int(fields["RssAnon"].split()[0]) << 10
