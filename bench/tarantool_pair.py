"""Tarantool beside the leaders: two instances, each a leader, which replicate to each other."""

import json
import os
import subprocess

import servers

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tarantool")


class Tarantool(servers.Server):
    """An instance with its data in memory and a log that is synced before each answer."""

    def __init__(self, folder, name, peer=None):
        super().__init__(name, folder)
        self.port = servers.free_port()
        self.peer = peer
        self.restart()

    def restart(self):
        self.launch(["tarantool", os.path.join(SCRIPTS, "serve.lua")],
                    BENCH_PORT=str(self.port), BENCH_DIR=self.data,
                    BENCH_PEER=str(self.peer.port) if self.peer else "")
        self.wait_for(lambda: "ready" in self.log_text(), seconds=60)

    def follow(self, peer):
        self.peer = peer
        self.ask(f"box.cfg{{replication = {{'127.0.0.1:{peer.port}'}}}} return true")

    def ask(self, expression):
        return json.loads(run_script("ask.lua", self.port, expression))

    def applied(self):
        """The vector clock: {instance: sequence number}; without that of local writes."""
        clock = self.ask("return setmetatable(box.info.vclock, {__serialize = 'map'})")
        return {instance: seq for instance, seq in clock.items() if instance != "0"}

    def write(self, requests, keys):
        """Puts as redis-benchmark does; returns requests per second."""
        return float(run_script("load.lua", self.port, servers.CLIENTS, servers.PIPELINE, requests,
                                keys, servers.VALUE_BYTES))


def run_script(name, *words):
    done = subprocess.run(["tarantool", os.path.join(SCRIPTS, name), *map(str, words)],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"tarantool {name}: {done.stdout}{done.stderr}")
    return done.stdout


class Pair:
    """Two instances in a folder of their own; with `with`, as mesh.Mesh."""

    def __init__(self, folder):
        self.folder = os.path.join(folder, "tarantool")
        os.mkdir(self.folder)

    def __enter__(self):
        self.one = Tarantool(self.folder, "one")
        self.two = Tarantool(self.folder, "two", self.one)
        self.one.follow(self.two)
        return self.one, self.two

    def __exit__(self, *_):
        self.one.stop()
        self.two.stop()
