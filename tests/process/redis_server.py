"""A redis-server as a process, on a free port and in a folder of its own."""

import os
import shutil
import socket
import subprocess

from leaders import skip, wait_until
from resp import Client


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class RedisServer:
    def __init__(self, folder, *settings):
        """Skips the test where redis-server is not installed."""
        if shutil.which("redis-server") is None:
            skip("no redis-server here (cmake/packages.sh test)")
        self.folder = folder
        self.settings = settings
        self.process = None
        os.makedirs(folder, exist_ok=True)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        """Until it answers. A port that another program has taken meanwhile is tried anew."""
        for _ in range(5):
            self.port = free_port()
            self.address = f"127.0.0.1:{self.port}"
            self.process = subprocess.Popen(
                ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                 "--dir", self.folder, *self.settings],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            wait_until("redis-server answers or has ended", self.is_settled)
            if self.process.poll() is None:
                return
        raise AssertionError("redis-server does not start")

    def is_settled(self):
        if self.process.poll() is not None:
            return True
        with Client(self.address) as client:
            client.send("PING")
            return bool(client.file.readline())

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def client(self):
        return Client(self.address)
