#!/usr/bin/env python3
"""Answers of writes are held until the members that a connection names have them: a follower that
is stopped or killed, a region that is cut off, a lead that is handed over meanwhile. A write that
two members have, by its answer, outlives the directory of its leader."""

import json
import shutil
import signal
import time

from leaders import World, check, new_random, run, wait_until
from relay import Relays
from resp import Client, ServerError

WRITES = 300


class Demanding(Client):
    """A connection with a concern."""

    def __init__(self, member, *words):
        super().__init__(member.redis, timeout=60.0)
        check(self.call("ANABRANCH", "CONCERN", "SET", *words) == "OK", words)

    def refused(self, *words):
        try:
            return check(False, f"answered {self.call(*words)}")
        except ServerError as error:
            return str(error)

    def last(self):
        return json.loads(self.call("ANABRANCH", "CONCERN", "LAST"))


class Mesh:
    """The region us, and eu with two members; every link to us goes through a relay."""

    def __init__(self, world, relays):
        self.us = world.start("us", flags=["--node-name", "us-1"])
        self.links = [relays.to(self.us), relays.to(self.us)]
        self.first = self.member(world, "eu-1", [self.links[0]])
        self.second = self.member(world, "eu-2", [self.links[1], self.first], ["--follower"])
        wait_until("all know all", lambda: {each["name"] for each in self.fresh()} == {
            "eu-1", "eu-2", "us-1"})

    def member(self, world, name, peers, flags=()):
        member = world.start("eu", peers=peers, flags=["--node-name", name, *flags], name=name)
        check(member.stop() == 0, "a clean end")
        member.flags += ["--announce-redis", member.redis]
        return member.start()

    def fresh(self):
        return [each for each in self.first.status()["members"] if each["fresh"]]

    def cut(self):
        for link in self.links:
            link.cut()

    def heal(self):
        for link in self.links:
            link.heal()


def holds(member, count):
    wait_until(f"{count} answers are held",
               lambda: f"held_answers:{count}\r\n" in member.call("INFO", "clients"))


def follower_away(mesh):
    client = Demanding(mesh.first, "DURABLE", "MEMBER", "eu-2", "WITHIN", 60_000)
    check(client.call("SET", "all", "1") == "OK", "all are there")
    mesh.second.signal(signal.SIGSTOP)
    client.send("SET", "stopped", "1")
    holds(mesh.first, 1)
    check(mesh.first.call("GET", "stopped") == "1", "others see it, and do not wait")
    mesh.second.signal(signal.SIGCONT)
    check(client.answer() == "OK", "it goes on")
    mesh.second.kill()
    hasty = Demanding(mesh.first, "DURABLE", "COUNT", 3, "WITHIN", 200)
    check(hasty.refused("INCR", "killed").startswith("CONCERN it is written here; lacking: eu-2"),
          "named")
    wait_until("us-1 has it", lambda: hasty.last()["have"] == ["eu-1", "us-1"])
    two = Demanding(mesh.first, "DURABLE", "COUNT", 2, "WITHIN", 60_000)
    check(two.call("INCR", "killed") == 2, "a dead follower holds nobody else")
    client.send("SET", "killed", "3")
    holds(mesh.first, 1)
    mesh.second.start()
    check(client.answer() == "OK", "it has started, and has it")
    for each in (client, hasty, two):
        each.close()


def through_another(mesh):
    """The own link to us is dead; us tells by reports that come by way of the follower."""
    client = Demanding(mesh.first, "DURABLE", "REGION", "us", "MEMBER", "us-1", "WITHIN", 60_000)
    mesh.links[0].cut()
    check(client.call("SET", "around", "1") == "OK", "by way of eu-2")
    mesh.heal()
    client.close()


def degraded(mesh):
    words = ("APPLIED", "REGION", "us", "DEGRADE", 1000)
    client = Demanding(mesh.first, *words)

    def said(what):
        with open(mesh.first.log_path, encoding="utf-8") as log:
            return log.read().count(f"The concern {' '.join(map(str, words))} {what}")

    def is_held():
        return client.call("SET", "degraded", "0") == "OK" and client.last()["outcome"] == "met"
    wait_until("writes are held", is_held)   # Links that were cut take a moment.
    before = said("is not met")
    mesh.cut()
    begun = time.monotonic()
    for number in range(WRITES):
        check(client.call("SET", "degraded", number) == "OK", "answered")
    spent = time.monotonic() - begun
    check(1.0 <= spent < 20, f"only the first one waited: {spent} s")
    check(client.last() == {"outcome": "degraded", "have": [], "lack": ["us"]}, client.last())
    check(said("is not met") == before + 1, "one warning")
    told = run("doctor", "--redis", mesh.first.redis).stdout
    check("answered before their concern is met: APPLIED REGION us DEGRADE 1000" in told, told)
    check("see: docs/operations/alarms.md#concern" in told, told)
    mesh.heal()
    wait_until("writes are held again", is_held)
    check(said("is met again") == said("is not met"), "the end of each")
    check(mesh.first.status()["clients"]["concerns"]["latched_now"] == [], "no latch")
    client.close()


def of_keys(mesh):
    """A concern of a prefix is that of every region, also behind a restart."""
    words = ("DURABLE", "COUNT", 2, "WITHIN", 60_000)
    mesh.us.call("ANABRANCH", "CONCERN", "PREFIX", "two:", *words)

    def source(member):
        return json.loads(member.call("ANABRANCH", "CONCERN", "KEY", "two:1"))["from"]
    for member in (mesh.first, mesh.second):
        wait_until(f"{member.data} has it", lambda at=member: source(at) == "prefix")
    client = Client(mesh.first.redis, timeout=60.0)
    check(client.call("SET", "two:1", "v") == "OK", "two have it")
    told = json.loads(client.call("ANABRANCH", "CONCERN", "LAST"))
    check(told["outcome"] == "met" and len(told["have"]) >= 2, told)
    check(mesh.us.stop() == 0, "a clean end")
    mesh.us.start()
    check(source(mesh.us) == "prefix", "a start reads it before the first client comes")
    mesh.us.call("ANABRANCH", "CONCERN", "PREFIX", "two:", "OFF")
    wait_until("it is over", lambda: source(mesh.first) == "nobody")
    client.close()


def handed_over(mesh):
    """The writes are held while the lead goes over: each is answered, then its connection closed."""
    patient = Demanding(mesh.first, "DURABLE", "MEMBER", "us-1", "WITHIN", 60_000)
    hasty = Demanding(mesh.first, "DURABLE", "MEMBER", "us-1", "WITHIN", 4_000)
    mesh.cut()
    patient.send("INCR", "handed")
    hasty.send("INCR", "handed")
    holds(mesh.first, 2)
    done = run("handover", "--redis", mesh.first.redis, timeout=60)
    check(done.returncode == 0, done)
    check(mesh.second.call("GET", "handed") == "2", "the new leader has them")
    for client in (hasty, patient):
        if client is patient:
            mesh.heal()
        try:
            told = client.answer()
        except ServerError as error:
            told = str(error)
        wanted = 1 if client is patient else "CONCERN it is written here; lacking: us-1"
        check(told == wanted, told)
        try:
            client.call("PING")
            check(False, "the connection is open")
        except (OSError, EOFError, ConnectionError):
            client.close()
    check(mesh.second.call("INCR", "handed") == 3, "it counts on")


def outlives(mesh):
    """The second one leads. What two have is there without its directory."""
    leader, other = mesh.second, mesh.first
    wait_until("all are fresh", lambda: len(mesh.fresh()) == 3)
    client = Demanding(leader, "DURABLE", "COUNT", 2, "WITHIN", 60_000)
    for number in range(WRITES):
        check(client.call("SET", f"kept:{number}", number) == "OK", "answered")
    leader.kill()
    client.close()
    shutil.rmtree(leader.data)
    check(run("promote", "--redis", other.redis).returncode == 0, "the other one leads")

    def lacks(member):
        return [number for number in range(WRITES)
                if member.call("GET", f"kept:{number}") != str(number)]
    wait_until("all are there", lambda: not lacks(other) and not lacks(mesh.us))


def stopped(world):
    """A server that ends tells how far the writes have come, whose answers it holds."""
    client = Demanding(world.leaders["us"], "DURABLE", "COUNT", 2, "WITHIN", 3_600_000)
    world.leaders["eu-1"].kill()
    client.send("SET", "stopped", "last")
    holds(world.leaders["us"], 1)
    check(world.leaders["us"].stop() == 0, "a clean end")
    try:
        check(False, client.answer())
    except ServerError as error:
        check(str(error).startswith("CONCERN it is written here; lacking: "), error)


def main():
    random = new_random()
    with World() as world, Relays(random) as relays:
        mesh = Mesh(world, relays)
        follower_away(mesh)
        through_another(mesh)
        degraded(mesh)
        of_keys(mesh)
        handed_over(mesh)
        outlives(mesh)
        stopped(world)


if __name__ == "__main__":
    main()
