#!/usr/bin/env python3
"""What a monitoring system sees: exit codes and lines of `status --check`, the alarm about a region
that is behind, `--all`, `--watch` in a pipe and on a terminal, and the log as JSON."""

import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import time

from leaders import ANABRANCH, World, check, new_random, run, wait_until
from relay import Relays
from resp import ServerError


def log_of(leader):
    with open(leader.log_path, errors="replace") as log:
        return log.read()


def judged(leader, *flags):
    done = run("status", "--check", "--redis", leader.redis, *flags)
    check(done.stdout.count("\n") == 1 and done.stderr == "", f"one line: {done}")
    words = {0: "OK", 1: "WARNING", 2: "CRITICAL", 3: "UNKNOWN"}
    check(done.stdout.startswith(f"ANABRANCH {words[done.returncode]} - "), done)
    return done.returncode, done.stdout


def becomes(leader, code, part, *flags):
    wait_until(f"{part!r} with code {code}",
               lambda: judged(leader, *flags)[0] == code and part in judged(leader, *flags)[1])


def wrong_flags(leader):
    for words in (["--lag-ms", "5"], ["--check", "--json"], ["--all", "--check"], ["--every", "1s"],
                  ["--watch", "--every", "1ms"], ["--check", "--lag-ms", "soon"]):
        done = run("status", "--redis", leader.redis, *words)
        check(done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1, done)


def peers_come_and_go(world):
    eu = world.start("eu")
    code, line = judged(eu)
    check(code == 0 and "no peers" in line and "| behind=0ms; peers=0 away=0" in line, line)
    us = world.start("us", peers=[eu])
    becomes(eu, 0, "region eu: 1 peer connected | behind=")
    done = run("status", "--check", "--data", eu.data)
    check(done.returncode == 0, done)
    us.kill()
    becomes(eu, 1, "region us is not connected, for ")
    check("away=1" in judged(eu)[1] and "; do: " in judged(eu)[1], judged(eu))
    code, line = judged(us)
    check(code == 3 and f"no server at {us.redis}" in line and "; do: " in line, line)
    us.start()
    becomes(us, 0, "1 peer connected")
    wrong_flags(us)
    shutil.rmtree(us.data)
    becomes(us, 2, "region us: it is closed for writes")
    us.kill()
    return eu


def lag(world, relays):
    eu = world.start("west", flags=["--lag-alarm-ms", "2s"])
    link = relays.to(eu)
    us = world.start("east", peers=[link])
    wait_until("both are connected", lambda: eu.is_connected(us) and us.is_connected(eu))
    for number in range(20):
        eu.call("SET", f"key:{number}", "value")
    becomes(eu, 0, "1 peer connected")
    check(eu.status()["warnings"] == [], eu.status()["warnings"])

    def told(words):
        return log_of(eu).count(words)
    behind, over = told("east is behind"), told("no longer behind")
    link.cut()
    eu.call("SET", "key", "value")
    becomes(eu, 1, "")
    wait_until("the leader warns", lambda: told("east is behind") > behind)

    def warned():
        return [each for each in eu.status()["warnings"] if each["kind"] == "lag"]
    wait_until("it is a warning", warned)
    check(warned()[0]["peer"] == "east" and not warned()[0]["critical"], warned())
    check(warned()[0]["what_to_do"], warned())
    peer = eu.status()["peers"][0]
    check(peer["behind_ms"] > 2000 and peer["lag_ops"] >= 1, peer)
    check(re.search(r"^peer0:.*behind_ms=[1-9]", eu.call("INFO", "anabranch"), re.MULTILINE),
          eu.call("INFO", "anabranch"))
    shown = run("status", "--redis", eu.redis).stdout
    check("region east is behind" in shown and "lag ms" in shown, shown)
    check("east is behind" in run("doctor", "--redis", eu.redis).stdout, "doctor says it")
    becomes(eu, 1, "region east is ", "--lag-ms", "100ms")
    link.heal()
    wait_until("it is over", lambda: told("no longer behind") > over)
    becomes(eu, 0, "1 peer connected")
    wait_until("nothing lacks", lambda: eu.status()["peers"][0]["behind_ms"] == 0)
    check(warned() == [] and told("east is behind") == behind + 1, "once")
    check(told("no longer behind") == over + 1, "once")
    # The other side holds the exchange: this one sees a connected peer that confirms nothing.
    us.call("ANABRANCH", "PEER", "PAUSE", "west")
    eu.call("SET", "key", "again")
    becomes(eu, 1, "region east is behind")
    code, line = judged(eu, "--lag-ms", "1h")
    check(code == 0 or "not connected" in line, line)
    becomes(us, 1, "the exchange with region west ")
    us.call("ANABRANCH", "PEER", "RESUME", "west")
    becomes(eu, 0, "1 peer connected")


def every_region(world, eu):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # Bound, and not listening.
        address = "tcp://127.0.0.1:%d" % nobody.getsockname()[1]
        leader = world.start("jp", peers=[eu], flags=["--peer", address])
        wait_until("jp has met eu", lambda: leader.is_connected(eu))
        wait_until("the reason is there", lambda: "connection refused" in
                   run("status", "--all", "--redis", leader.redis).stdout)
        lines = run("status", "--all", "--redis", leader.redis).stdout.splitlines()
        check(re.match(r"region +lag ops +lag ms +log kept +is$", lines[0]), lines)
        for pattern in (r"eu .* connected$", r"jp .* this leader$", r"us .* no peer of this leader",
                        re.escape(address) + r" .*not connected.*connection refused"):
            check(any(re.match(pattern, line) for line in lines), f"{pattern}: {lines}")
        check(leader.stop() == 0, "a clean end")


class Watch:
    """`anabranch status --watch`, whose output goes to a pipe or a terminal."""

    def __init__(self, leader, *flags, terminal=False):
        self.near, far = pty.openpty() if terminal else os.pipe()
        self.process = subprocess.Popen(
            [ANABRANCH, "status", "--watch", "--every", "100ms", "--redis", leader.redis, *flags],
            stdin=subprocess.DEVNULL, stdout=far, stderr=subprocess.PIPE)
        os.close(far)
        self.text = ""

    def shows(self, pattern, times=1):
        deadline = time.monotonic() + 30
        while len(re.findall(pattern, self.text, re.MULTILINE)) < times:
            left = deadline - time.monotonic()
            check(left > 0, f"{pattern!r} {times} times, not: {self.text[-2000:]}")
            if select.select([self.near], [], [], left)[0]:
                self.text += os.read(self.near, 65536).decode()

    def end(self, number=signal.SIGINT):
        self.process.send_signal(number)
        code = self.process.wait(20)
        errors = self.process.stderr.read().decode()
        self.process.stderr.close()
        os.close(self.near)
        check(errors == "", errors)
        return code


def watched(world):
    eu = world.start("watched")
    piped = Watch(eu)
    piped.shows(r"^region +watched$", times=3)
    check("\x1b" not in piped.text, "no escapes in a pipe")
    check(piped.end() == 0, "Ctrl-C is a clean end")
    objects = Watch(eu, "--json")
    objects.shows(r"^\{.*\}\n", times=3)
    check(objects.end(signal.SIGTERM) == 0, "a clean end")
    for line in objects.text.splitlines():
        if line.endswith("}"):
            check(json.loads(line)["region"] == "watched", line)
    drawn = Watch(eu, "--all", terminal=True)
    drawn.shows(r"this leader\x1b\[K", times=3)
    check(drawn.text.count("\x1b[2J") == 1 and drawn.text.count("\x1b[H") >= 3, repr(drawn.text))
    check(drawn.end() == 0, "a clean end")
    lines = Watch(eu, "--check")
    lines.shows(r"^ANABRANCH OK - ", times=2)
    eu.kill()
    lines.shows(r"^ANABRANCH UNKNOWN - ", times=2)
    eu.start()
    before = lines.text.count("ANABRANCH OK")
    lines.shows(r"^ANABRANCH OK - ", times=before + 2)
    eu.kill()
    before = lines.text.count("ANABRANCH UNKNOWN")
    lines.shows(r"^ANABRANCH UNKNOWN - ", times=before + 1)
    check(lines.end() == 3, "the code of the last look")


def objects_in(leader, begin=0):
    """The log, each line an object; a line that is being written is left out."""
    lines = log_of(leader)[begin:].split("\n")[:-1]
    objects = [json.loads(line) for line in lines]
    for each in objects:
        check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", each["time"]), each)
        check(each["level"] in ("debug", "info", "warning", "error"), each)
        check(each["region"] == leader.region and each["text"], each)
        check(set(each) <= {"time", "level", "region", "peer", "text"}, each)
    return objects


def tells(leader, peer, pattern):
    def found():
        return any(each.get("peer") == peer and re.search(pattern, each["text"])
                   for each in objects_in(leader))
    wait_until(f"{leader.region} tells {pattern!r} of {peer}", found)


def as_json(world):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        nowhere = "tcp://127.0.0.1:%d" % nobody.getsockname()[1]
        eu = world.start("json-eu", flags=["--log-format", "json", "--peer", nowhere])
        us = world.start("json-us", peers=[eu], flags=["--log-format", "json"])
        tells(eu, "json-us", r"is connected \(it dialled this leader\)")
        tells(us, "json-eu", r"and this leader have caught up")
        tells(eu, nowhere, re.escape(nowhere) + " is not reachable yet: connection refused")
    for words, pattern in ((("PEER", "PAUSE", "json-us"), "paused the exchange with json-us"),
                           (("PEER", "RESUME", "json-us"), "resumed the exchange with json-us"),
                           (("REGION", "RETIRE", "json-us"), "region json-us is retired here"),
                           (("REGION", "RESTORE", "json-us"), "json-us is waited for again")):
        eu.call("ANABRANCH", *words)
        tells(eu, "json-us", pattern)
        tells(eu, None, "ANABRANCH " + " ".join(words) + ", by the user default from 127.0.0.1:")
    for name in ('a"b\\c', "evil\n{\"time\":1}\x1b[31m", "\u202egnp.exe", b"\xff\xfe\x00", "\x7f" * 3):
        try:
            eu.call("ANABRANCH", "PEER", "PAUSE", name)
            check(False, f"there is no peer {name!r}")
        except (ServerError, UnicodeDecodeError):
            pass
    check(sum("refused: ERR there is no peer" in each["text"] for each in objects_in(eu)) == 5,
          objects_in(eu))
    check(all(0x20 <= ord(c) < 0x7f or c == "\n" for c in log_of(eu)), "it is ASCII")
    follower = world.start("json-eu", name="follower", peers=[eu],
                           flags=["--log-format", "json", "--follower"])
    wait_until("the follower has met its leader", lambda: follower.is_connected(eu))
    eu.kill()
    tells(us, "json-eu", "is gone")
    follower.call("ANABRANCH", "PROMOTE")
    tells(follower, None, "promoted: this leader leads its region")
    done = run("serve", "--region", "json-us", "--data", us.data, "--redis", "127.0.0.1:0",
               "--log-format", "json")
    check(done.returncode == 1, done)
    last = json.loads(done.stderr.splitlines()[-1])
    check(last["level"] == "error" and us.data in last["text"], done.stderr)
    check(us.stop() == 0, "a clean end")
    check(objects_in(us)[-1]["text"] == "stopped", objects_in(us)[-1])
    in_the_journal(us)


def in_the_journal(leader):
    about = os.stat(leader.log_path)
    leader.environment = {"JOURNAL_STREAM": f"{about.st_dev}:{about.st_ino}"}
    leader.start()
    check(leader.stop() == 0, "a clean end")
    lines = log_of(leader)[about.st_size:].splitlines()
    check(lines, "it says something")
    for line in lines:
        check(re.match(r"<[3-7]>\{", line), line)
        check(json.loads(line[3:])["region"] == leader.region, line)


def main():
    random = new_random()
    with World() as world, Relays(random) as relays:
        eu = peers_come_and_go(world)
        every_region(world, eu)
        lag(world, relays)
        watched(world)
        as_json(world)


if __name__ == "__main__":
    main()
