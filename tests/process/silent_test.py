#!/usr/bin/env python3
"""Each command that asks a leader, as `anabranch --help` lists them, ends within seconds with exit
code 3 and a sentence where that leader is stopped, takes connections and says nothing, or says a
byte now and then. A large answer over a slow line is waited for."""

import concurrent.futures
import os
import re
import signal
import socket
import subprocess
import threading
import time

from leaders import ANABRANCH, World, check, run, wait_until

SILENT = 3
WITHIN = 20.0       # Seconds, on a machine that does much else. The limit is 5.
WORDS = {           # The arguments that each command needs, beside the place of the leader.
    "peer pause": ["eu"], "peer resume": ["eu"], "show": ["key"], "fork resolve": ["00"],
    "region retire": ["us"], "region restore": ["us"], "policy set": ["max", "bids/"],
    "policy remove": ["bids/"], "plugin add": ["MODULE"], "plugin remove": ["0" * 64],
    "backup": ["/tmp/never-made"], "conflicts show": ["1.1"], "conflicts put-back": ["1.1"],
}


def asking():
    """The commands that ask the leader at --redis or --to, as the program itself says."""
    names = re.findall(r"^  ([a-z][a-z-]*(?: [a-z][a-z-]*)?)(?= )", run("--help").stdout, re.MULTILINE)
    check(len(names) > 30, f"the table: {names}")
    helps = {name: run(*name.split(), "--help").stdout for name in names}
    return [name for name, text in helps.items()
            if re.search(r"--redis HOST|--to HOST", text) and "--listen" not in text]


class Listener:
    """Takes connections, and answers each in its way on a thread."""

    def __init__(self, place, answer):
        family = socket.AF_UNIX if isinstance(place, str) else socket.AF_INET
        self.socket = socket.socket(family)
        self.socket.bind(place)
        self.socket.listen(64)
        self.answer = answer
        self.over = False
        self.open = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while not self.over:
            try:
                taken, _ = self.socket.accept()
            except OSError:
                return
            self.open.append(taken)
            threading.Thread(target=self.run_one, args=(taken,), daemon=True).start()

    def run_one(self, taken):
        try:
            self.answer(self, taken)
        except OSError:
            pass

    def address(self):
        return "127.0.0.1:%d" % self.socket.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over = True
        self.socket.close()
        for each in self.open:
            each.close()


def say_nothing(listener, taken):
    while not listener.over:
        time.sleep(0.1)


def drip(listener, taken):
    """A status without end, a byte each 100 ms, from the first byte on."""
    taken.sendall(b"$1000000\r\n"[:1])
    for byte in b"1000000\r\n" + b" " * 1_000_000:
        time.sleep(0.1)
        taken.sendall(bytes([byte]))


def await_question(taken):
    """Answers each PING, and returns when something else is asked."""
    while b"PING" in taken.recv(4096):
        taken.sendall(b"+PONG\r\n")


def drip_later(listener, taken):
    """Is well until it is asked something."""
    await_question(taken)
    drip(listener, taken)


def thin_line(size):
    """A large answer at 64 KiB/s."""
    def answer(listener, taken):
        await_question(taken)
        rest = b"$%d\r\n" % size + b"x" * size + b"\r\n"
        while rest:
            taken.sendall(rest[:16384])
            rest = rest[16384:]
            time.sleep(0.25)
    return answer


def ends(name, place, more=()):
    words = [*name.split(), *WORDS.get(name, []), *place, *more]
    begun = time.monotonic()
    done = run(*words, timeout=60)
    took = time.monotonic() - begun
    told = done.stderr + done.stdout
    check(done.returncode == SILENT, f"{words}: {done}")
    check("does not answer" in told, f"{words}: {done}")
    check(took < WITHIN, f"{words}: took {took:.1f} s")


def all_end(cases):
    """They wait, most of the time: side by side."""
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        for done in [pool.submit(ends, *case) for case in cases]:
            done.result()


def cases(commands, redis, folder):
    """Every command at a Redis port."""
    for name in commands:
        if name != "import":
            yield name, ["--redis", redis]
    yield "status", ["--redis", redis], ["--check"]
    yield "status", ["--redis", redis], ["--json"]
    yield "drain", ["--redis", redis], ["--undo"]
    yield "repair", ["--redis", redis], ["--stop"]
    yield "import", ["--from", redis, "--to", redis, "--progress", folder]
    yield "import", ["--from", os.path.join(folder, "empty.rdb"), "--to", redis, "--progress", folder]


def cases_of_directory(commands, data, folder):
    """Those that salvage and back up the directory itself would, were there no leader."""
    for name in commands:
        if name != "import":
            yield name, ["--data", data]
    for more in ("--apply", "--forget"):
        yield "salvage", ["--data", data], [more]
    yield "salvage", ["--data", data], ["--out", os.path.join(folder, "out")]


def prepare(world):
    folder = world.folder
    WORDS["plugin add"] = [os.path.join(folder, "module.wasm")]
    with open(WORDS["plugin add"][0], "wb") as file:
        file.write(b"\0asm\1\0\0\0")
    with open(os.path.join(folder, "empty.rdb"), "wb") as file:
        file.write(b"REDIS0009\xff" + b"\0" * 8)


def stopped(world, commands):
    eu = world.start("eu")
    us = world.start("us", peers=[eu])
    wait_until("both are connected", lambda: eu.is_connected(us))
    eu.signal(signal.SIGSTOP)
    try:
        all_end([*cases(commands, eu.redis, world.folder),
                 *cases_of_directory(commands, eu.data, world.folder)])
    finally:
        eu.signal(signal.SIGCONT)
    wait_until("eu goes on", lambda: eu.is_connected(us))


def pretended(world, commands):
    for answer in (say_nothing, drip, drip_later):
        with Listener(("127.0.0.1", 0), answer) as port:
            all_end(cases(commands, port.address(), world.folder))


def on_a_socket(world, commands):
    """The same at the control socket of a directory, also with all connections taken."""
    data = os.path.join(world.folder, "other")
    os.mkdir(data, 0o700)
    for name in ("data.mdb", "control"):
        open(os.path.join(data, name), "w").close()
    os.mkdir(os.path.join(data, "wal"))
    os.remove(os.path.join(data, "control"))
    with Listener(os.path.join(data, "control"), drip):
        all_end(cases_of_directory(commands, data, world.folder))
    os.remove(os.path.join(data, "control"))
    full = socket.socket(socket.AF_UNIX)
    full.bind(os.path.join(data, "control"))
    full.listen(0)
    waiting = []
    for _ in range(8):
        waiting.append(socket.socket(socket.AF_UNIX))
        waiting[-1].setblocking(False)
        waiting[-1].connect_ex(os.path.join(data, "control"))
    all_end(cases_of_directory(commands, data, world.folder))
    for each in [*waiting, full]:
        each.close()


def pipes(world):
    """A pipe where a file should be has no writer: nobody waits for one."""
    pipe = os.path.join(world.folder, "pipe")
    os.mkfifo(pipe, 0o600)
    leader = world.start("piped")
    backups = [os.path.join(world.folder, name) for name in ("manifested", "filled")]
    for folder in backups:
        done = run("backup", folder, "--data", leader.data)
        check(done.returncode == 0, done)
    files = [name for name in os.listdir(backups[1]) if name != "manifest"]
    for folder, name in ((backups[0], "manifest"), (backups[1], files[0])):
        os.remove(os.path.join(folder, name))
        os.mkfifo(os.path.join(folder, name), 0o600)
    new = os.path.join(world.folder, "new")
    serve = ["serve", "--region", "xx", "--data", new]
    for words in (["config", "check", pipe], ["serve", "--config", pipe], [*serve, "--acl-file", pipe],
                  [*serve, "--keys-file", pipe, "--peers-keys-file", pipe],
                  ["doctor", "--offline", "--config", pipe], ["plugin", "check", pipe],
                  ["plugin", "check", WORDS["plugin add"][0], "--cases", pipe],
                  ["status", "--redis", leader.redis, "--password-file", pipe],
                  ["import", "--from", pipe, "--to", leader.redis],
                  ["backup", "verify", backups[0]], ["backup", "verify", backups[1]],
                  ["restore", backups[0], "--data", new + "er"],
                  ["restore", backups[1], "--data", new + "est"]):
        done = run(*words, timeout=20)
        told = done.stdout + done.stderr
        check(done.returncode in (1, 2, 78) and "file" in told, f"{words}: {done}")


def slow(world):
    """600 KiB at 64 KiB/s: ten seconds, and the whole answer."""
    size = 600 << 10
    with Listener(("127.0.0.1", 0), thin_line(size)) as port:
        done = subprocess.run([ANABRANCH, "digest", "--redis", port.address()], capture_output=True,
                              timeout=60, check=False)
        check(done.returncode == 0 and len(done.stdout) == size + 1, str(done.stderr))


def main():
    commands = asking()
    with World() as world:
        prepare(world)
        stopped(world, commands)
        pretended(world, commands)
        on_a_socket(world, commands)
        pipes(world)
        slow(world)


if __name__ == "__main__":
    main()
