#!/usr/bin/env python3
"""The command line asks a running leader: status, show, digest, peer. Binary data is escaped, and
JSON is for programs. Configuration comes from file, environment and flags, the later wins."""

import json
import os
import re

from leaders import ANABRANCH, World, check, run, wait_until


def told(leader, *words):
    done = run(*words, "--redis", leader.redis)
    check(done.returncode == 0 and done.stderr == "", f"{words}: {done}")
    return done.stdout


def shows(leader, key, *patterns):
    text = told(leader, "show", key)
    for pattern in patterns:
        check(re.search(pattern, text, re.MULTILINE), f"show {key}: no {pattern!r} in\n{text}")


def show(eu, us):
    eu.call("SET", "text", 'Zürich\n"quoted" \\')
    eu.call("SET", "binary", b"\x00\xff\x1b[2J")
    eu.call("INCRBY", "count", 41)
    eu.call("SADD", "set", "lake", b"\xfe")
    eu.call("HSET", "map", "name", "ada", "age", "36")
    shows(eu, "text", r'^value +"Zürich\\n\\"quoted\\" \\\\"$', r"^1 value, no conflict:$",
          r"^eu +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} ")
    shows(eu, "binary", r'^value +"\\x00\\xff\\x1b\[2J"$')
    shows(eu, "count", r"^type +string$", r'^value +"41"$', r"^counter +41$")
    shows(eu, "set", r"^type +set$", r"^count +2$", r'^"lake" +eu +\d', r'^"\\xfe" +eu +\d')
    shows(eu, "map", r"^type +hash$", r'^"name" +string +"ada" +0 +eu +\S+ \S+ +"ada"$')
    shows(eu, "nothing", r"^type +none$")
    check(json.loads(told(eu, "show", "count", "--json"))["tally"] == 41, "JSON of show")
    wait_until("us has all of it", lambda: us.applied() == eu.applied())
    check(told(eu, "show", "map") == told(us, "show", "map"), "both show the same")
    check(told(eu, "digest") == told(us, "digest"), "equal digests")
    check(re.fullmatch(r"[0-9a-f]{32}\n", told(eu, "digest")), "a digest is 32 digits")


def status_and_peers(eu, us):
    text = told(us, "status")
    check(re.search(r"^region +us$", text, re.MULTILINE), text)
    check(f"{eu.listen}  {eu.origin}" in text and " connected" in text, text)
    status = json.loads(told(us, "status", "--json"))
    check(status["region"] == "us" and status["peers"][0]["region"] == "eu", status)
    for name in ("eu", eu.listen):  # By region and by address.
        check(told(us, "peer", "pause", name) == f"{name} paused\n", "pause")
        check(json.loads(told(us, "status", "--json"))["peers"][0]["paused"], "it is paused")
        value = "while paused by " + name
        eu.call("SET", "during", value)
        check(us.call("GET", "during") != value, "a paused link carries nothing")
        check(told(us, "peer", "resume", name) == f"{name} resumed\n", "resume")
        wait_until("the write arrives", lambda value=value: us.call("GET", "during") == value)


def sources(world):
    path = os.path.join(world.folder, "leader.toml")
    with open(path, "w") as file:
        file.write('region = "file"\nmesh = "file"\nredis = "127.0.0.1:0"\n')
    os.environ.update(ANABRANCH_MESH="environment", ANABRANCH_REGION="environment")
    try:
        leader = world.start("flag", flags=["--config", path])
    finally:
        del os.environ["ANABRANCH_MESH"], os.environ["ANABRANCH_REGION"]
    check(leader.status()["region"] == "flag", "a flag wins")
    check(leader.status()["mesh"] == "environment", "the environment wins over the file")
    done = run("config", "check", path)
    check(done.returncode == 0 and "is fine" in done.stdout and "--data" in done.stdout, done)


def help_and_version():
    check(re.fullmatch(r"anabranch \d+\.\d+\.\d+\n", run("--version").stdout), "a version")
    text = run("--help").stdout
    for name in re.findall(r"^  ([a-z]+(?: [a-z]+)?) ", text, re.MULTILINE):
        done = run(*name.split(), "--help")
        check(done.returncode == 0 and "Usage:" in done.stdout, f"{name} --help: {done}")
    check("--clear-rows-max" in run("serve", "--help").stdout, "the help comes from the settings")


def main():
    check(os.access(ANABRANCH, os.X_OK), f"no program at {ANABRANCH}")
    help_and_version()
    with World() as world:
        eu = world.start("eu")
        us = world.start("us", peers=[eu])
        wait_until("they are connected", lambda: us.is_connected(eu))
        show(eu, us)
        status_and_peers(eu, us)
        sources(world)


if __name__ == "__main__":
    main()
