#!/usr/bin/env python3
"""Every command that asks a leader works with --data DIR on a program that embeds a store, and on a
server; without a leader it says so. The socket is private, outlives kill -9 and does no harm then."""

import json
import os
import signal
import socket
import stat
import subprocess
import tempfile

from leaders import BUILD, World, check, run, wait_until

EMBEDDED = os.path.join(BUILD, "tests", "process", "anabranch_embedded")


class Program:
    """The program of embedded.cc, until the end of a with block."""

    def __init__(self, folder, region, *peer, environment=None):
        self.data = os.path.join(folder, region)
        self.process = subprocess.Popen(
            [EMBEDDED, self.data, region, *peer], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, env={**os.environ, **(environment or {})})
        self.listen = self.process.stdout.readline().strip()
        check(self.listen, f"{region} has not started")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def end(self):
        self.process.stdin.close()
        check(self.process.wait(20) == 0, "a clean end")

    def asked(self, *words):
        done = run(*words, "--data", self.data)
        check(done.returncode == 0 and done.stderr == "", f"{words}: {done}")
        return done.stdout

    def status(self):
        return json.loads(self.asked("status", "--json"))


def fails(part, *words):
    done = run(*words)
    check(done.returncode == 1 and part in done.stderr, f"{words}: {done}")
    check(len(done.stderr.splitlines()) == 1, done.stderr)


def every_verb(folder):
    with Program(folder, "eu") as eu, Program(folder, "us", eu.listen) as us:
        both = lambda: eu.status()["digest"] == us.status()["digest"] and len(us.status()["applied"]) == 2
        wait_until("us and eu have the same", both)
        check("region" in us.asked("status") and us.status()["region"] == "us", "status")
        check(json.loads(us.asked("show", "written", "--json"))["type"] == "string", "show")
        check("none" in us.asked("show", "--db", "7", "written"), "show of a database")
        check(us.asked("digest") == eu.asked("digest"), "digest")
        check("paused" in us.asked("peer", "pause", "eu"), "pause")
        check(us.status()["peers"][0]["paused"], "paused")
        us.asked("peer", "resume", "eu")
        wait_until("eu is back", lambda: us.status()["peers"][0]["connected"])
        check("eu: " in us.asked("verify"), "verify")
        check("us" in eu.asked("region", "list"), "region list")
        eu.asked("region", "retire", "us")
        eu.asked("region", "restore", "us")
        eu.asked("policy", "set", "max", "bids/")
        check("bids/" in eu.asked("policy", "list"), "policy list")
        eu.asked("policy", "remove", "bids/")
        check(json.loads(eu.asked("plugin", "list", "--json")) == [], "plugin list")
        check("no forks" in eu.asked("fork", "list"), "fork list")
        eu.asked("conflicts", "stats")
        eu.asked("conflicts", "list")
        fails("no loser", "conflicts", "show", "9.9", "--data", eu.data)
        fails("keys", "keys", "reload", "--data", eu.data)
        eu.asked("promote")
        check("every region has all" in eu.asked("drain"), "drain")
        check(eu.status()["draining"], "draining")
        check("takes writes again" in eu.asked("drain", "--undo"), "undo")
        check("all is well" in eu.asked("doctor"), "doctor")
        fails("in use", "check", "--data", eu.data)
        us.end()
        check(not os.path.exists(os.path.join(us.data, "control")), "the socket is gone")
        fails("no leader takes commands", "status", "--data", us.data)
        check(run("check", "--data", us.data).returncode == 0, "nobody has it open")


def killed(folder):
    with Program(folder, "jp") as jp:
        path = os.path.join(jp.data, "control")
        check(stat.S_IMODE(os.lstat(path).st_mode) == 0o600, "private")
        jp.process.send_signal(signal.SIGKILL)
        jp.process.wait()
        fails("killed", "status", "--data", jp.data)
    with Program(folder, "jp") as jp:
        check(jp.status()["region"] == "jp", "the socket works again")
        jp.end()


def without(folder):
    with Program(folder, "ap", environment={"ANABRANCH_TEST_NO_CONTROL": "1"}) as ap:
        fails("told to have no control socket", "status", "--data", ap.data)
    fails("there is no directory", "status", "--data", os.path.join(folder, "nowhere"))
    fails("107", "status", "--data", os.path.join(folder, "x" * 107))
    fails("not both", "status", "--data", folder, "--redis", "127.0.0.1:1")


def line_of(data, request):
    """One line of request to a control socket, and the first line of the answer."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(os.path.join(data, "control"))
        client.sendall(request)
        return client.makefile("rb").readline()


def of_a_server():
    with World() as world:
        eu = world.start("eu")
        eu.call("SET", "key", "value")
        told = run("status", "--data", eu.data, "--json")
        check(json.loads(told.stdout)["redis"] == eu.redis, str(told))
        check("value" in run("show", "key", "--data", eu.data).stdout, "show")
        for words in (b"SET key other", b"MULTI", b"ANABRANCH ONCE id SET key other", b"ANABRANCH TOKEN"):
            refused = line_of(eu.data, words + b"\r\n")
            check(refused.startswith(b"-ERR the control socket takes ANABRANCH"), f"{words}: {refused}")
        check(line_of(eu.data, b"PING\r\n") == b"+PONG\r\n", "ping")
        check(eu.call("GET", "key") == "value", "nothing was written")
        check(eu.stop() == 0, "a clean end")
        check(not os.path.exists(os.path.join(eu.data, "control")), "the socket is gone")
        eu.flags = ["--no-control"]
        eu.start()
        fails("told to have no control socket", "status", "--data", eu.data)


def main():
    with tempfile.TemporaryDirectory(prefix="anabranch-control-") as folder:
        every_verb(folder)
        killed(folder)
        without(folder)
    of_a_server()


if __name__ == "__main__":
    main()
