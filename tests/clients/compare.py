#!/usr/bin/env python3
"""Runs a client program against redis-server, then against a leader: compare.py NAME.

All its calls must succeed there; here all but those that name a command that docs/commands.md does
not list, with Redis' error for unknown commands. With users, redis_py runs once more, over TLS."""

import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "process"))

from access_test import PASSWORD, USERS, Root, tls_address, write  # noqa: E402
from leaders import BUILD, World, check, skip  # noqa: E402
from redis_server import RedisServer  # noqa: E402

DEBIANS = "/usr/bin/python3"  # The one that has python3-redis.
UNKNOWN = re.compile(r"unknown command '?`?([\w ]+)|ommand '?`?(\w+)'?`? not found", re.IGNORECASE)


def python(name):
    return [sys.executable, os.path.join(HERE, name + ".py")]


def redis_py():
    if subprocess.run([DEBIANS, "-c", "import redis"], capture_output=True).returncode != 0:
        skip("no python3-redis here (cmake/packages.sh test)")
    return [DEBIANS, os.path.join(HERE, "redis_py.py")]


def hiredis():
    program = os.path.join(BUILD, "tests", "clients", "hiredis_client")
    if not os.path.exists(program):
        skip("libhiredis-dev was not here when the tree was configured (cmake/packages.sh test)")
    return [program]


def node(name):
    """The packages are installed beside a copy of the program: modules are found there alone."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            skip(f"no {program} here (cmake/packages.sh browser)")
    folder = os.path.join(BUILD, "client_packages")
    os.makedirs(folder, exist_ok=True)
    done = subprocess.run([os.path.join(HERE, "install.sh"), folder], capture_output=True, text=True)
    if done.returncode == 77:
        skip("npm cannot reach its registry")
    check(done.returncode == 0, done.stdout + done.stderr)
    return ["node", os.path.join(folder, name + ".mjs")]


PROGRAMS = {
    "redis_py": redis_py,
    "hiredis": hiredis,
    "redis_cli": lambda: python("redis_cli"),
    "redis_benchmark": lambda: python("redis_benchmark"),
    "node_redis": lambda: node("node_redis"),
    "ioredis": lambda: node("ioredis"),
}


def listed_commands():
    with open(os.path.join(ROOT, "docs", "commands.md"), encoding="utf-8") as page:
        return {line[4:].split()[0] for line in page if line.startswith("### ")}


def calls_of(words, address, *login):
    """{call: "" or why it failed}."""
    done = subprocess.run([*words, *address.rsplit(":", 1), *login], capture_output=True, text=True,
                          timeout=240)
    check(done.returncode == 0, f"exit {done.returncode}: {done.stdout[-500:]}{done.stderr[-2000:]}")
    calls = {}
    for line in done.stdout.splitlines():
        state, _, rest = line.partition(" ")
        name, _, why = rest.partition(": ") if state == "failed" else (rest, "", "")
        check(state in ("ok", "failed") and name not in calls, f"not a call, or twice: {line}")
        calls[name] = "" if state == "ok" else why or "it failed"
    check(len(calls) >= 10, f"only {len(calls)} calls")
    return calls


def refused_command(why):
    found = UNKNOWN.search(why)
    return found and (found.group(1) or found.group(2)).upper().split()[0]


def compare(with_redis, calls, listed):
    check(with_redis.keys() == calls.keys(), sorted(with_redis.keys() ^ calls.keys()))
    wrong = [f"{name}: {why}" for name, why in with_redis.items() if why]
    check(not wrong, "with Redis:\n" + "\n".join(wrong))
    refused = {}
    for name, why in calls.items():
        if why:
            refused[name] = refused_command(why)
            if refused[name] is None or refused[name] in listed:
                wrong.append(f"{name}: {why}")
    check(not wrong, "here only:\n" + "\n".join(wrong))
    said = ", ".join(sorted(set(refused.values())))
    print(f"{len(calls) - len(refused)} calls succeed, {len(refused)} are refused: {said}")


def main():
    name = sys.argv[1]
    words = PROGRAMS[name]()
    listed = listed_commands()
    with World() as world:
        with RedisServer(os.path.join(world.folder, "redis")) as redis:
            with_redis = calls_of(words, redis.address)
        compare(with_redis, calls_of(words, world.start("eu").redis), listed)
        if name == "redis_py":
            compare(with_redis, as_a_user(words, world), listed)


def as_a_user(words, world):
    """The same over TLS, as a user with a password."""
    root = Root(world.folder, "root")
    certificate, key = root.sign("server", ["127.0.0.1"])
    users = write(os.path.join(world.folder, "users"), USERS)
    leader = world.start("us", flags=["--acl-file", users, "--redis-tls", "127.0.0.1:0",
                                      "--tls-cert-file", certificate, "--tls-key-file", key])
    return calls_of(words, tls_address(leader), "app", PASSWORD, root.certificate)


if __name__ == "__main__":
    main()
