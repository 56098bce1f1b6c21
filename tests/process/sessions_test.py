#!/usr/bin/env python3
"""Clients hop between three regions and a follower with their token, while regions are cut off,
paused, slow and killed: none ever misses a write of its own, sees time go back, or sees a write
without what its writer had seen. Who is not let in stays, and waiting costs nothing."""

import collections
import time

from leaders import LONG, World, check, new_random, wait_until
from relay import Relays
from resp import Client, ServerError
from travellers import Travellers

SECONDS = 300.0 if LONG else 25.0
SECONDS_MAX = SECONDS + 60.0   # Of a machine that is slow.
OPS_MIN = 10_000
HOPS_MIN = 500
WAITS_MIN = 50
TIMEOUTS_MIN = 20
FAULTS = ["cut off", "cut", "cut one way", "pause", "slow", "reset", "kill", "kill any"]


class Mesh:
    """Three leaders and a follower of one of them; all links go through relays."""

    def __init__(self, world, relays):
        self.ends = {}   # {link: who is at its ends}
        eu = world.start("eu")
        us = world.start("us", peers=[link := relays.to(eu)])
        self.ends[link] = eu, us
        ap = world.start("ap", peers=[one := relays.to(eu), other := relays.to(us)])
        self.ends |= {one: (eu, ap), other: (us, ap)}
        self.follower = world.start("eu", peers=[one := relays.to(eu), other := relays.to(us)],
                                    flags=["--follower"], name="follower")
        self.ends |= {one: (eu, self.follower), other: (us, self.follower)}
        self.links = list(self.ends)
        self.leaders = [eu, us, ap]
        self.places = [*self.leaders, self.follower]
        for leader in self.leaders:
            leader.call("SET", f"hello:{leader.region}", "1")
        wait_until("all know all", lambda: all(
            len(each.status()["regions"]) == 3 and each.call("DBSIZE") == 3
            for each in self.places))

    def cut_off(self, place):
        for link, ends in self.ends.items():
            if place in ends:
                link.cut()

    def heal(self):
        for link in self.links:
            link.heal()
        for leader in self.leaders:
            for other in self.leaders:
                if other is not leader:
                    self.tell(leader, "RESUME", other)

    def tell(self, leader, verb, other):
        """Says so of a peer, unless the leader has not met it since it began; then none is paused."""
        try:
            leader.call("ANABRANCH", "PEER", verb, other.region)
        except ServerError as error:
            check("there is no peer" in str(error), error)


def harm(random, mesh, fault, company):
    """Does it, for a while; processes are whole again when it returns, links perhaps not."""
    link = random.choice(mesh.links)
    place = random.choice(mesh.places)
    leader, other = random.sample(mesh.leaders, 2)
    if fault == "cut off":
        mesh.cut_off(place)
    elif fault == "cut":
        link.cut()
    elif fault == "cut one way":
        link.cut(random.choice(link.ways()))
    elif fault == "pause":
        mesh.tell(leader, "PAUSE", other)
    elif fault == "slow":
        link.slow_down(random.uniform(0, 0.1), random.uniform(0, 0.1))
    elif fault == "reset":
        link.reset()
    else:
        place = leader if fault == "kill" else place
        place.kill()
        company.travel(random.uniform(0.0, 0.5))
        place.start()


def travel(random, world, mesh):
    fired = collections.Counter()
    company = Travellers(random, mesh.places)
    begin = time.monotonic()
    with company:
        todo = []
        while todo or time.monotonic() < begin + SECONDS or company.counts()["ops"] < OPS_MIN:
            check(time.monotonic() < begin + SECONDS_MAX, f"too slow: {dict(company.counts())}")
            todo = todo or random.sample(FAULTS, len(FAULTS))
            fault = todo.pop()
            harm(random, mesh, fault, company)
            fired[fault] += 1
            company.travel(random.uniform(0.1, 0.6))
            if random.random() < 0.6:
                mesh.heal()
                company.travel(random.uniform(0.0, 0.3))
        mesh.heal()
    counts = company.counts()
    print(f"{dict(counts)} in {time.monotonic() - begin:.0f} s; {dict(fired)}", flush=True)
    world.wait_equal(mesh.places)   # A token does not name what others have added.
    company.arrive()
    check(counts["ops"] >= OPS_MIN, "many ops")
    check(counts["hops"] >= HOPS_MIN, "many hops")
    check(counts["waits"] >= WAITS_MIN, "many waited until they were let in")
    check(counts["time-outs"] >= TIMEOUTS_MIN, "many were not let in")


def wait_in_vain(mesh):
    """Hours at a follower that is cut off: nobody is hurt, the leader sleeps, closing ends it."""
    follower, us = mesh.follower, mesh.leaders[1]
    mesh.cut_off(follower)
    us.call("SET", "news", "1")
    token = us.call("ANABRANCH", "TOKEN")
    patient, hasty = Client(follower.redis), Client(follower.redis)
    for client in (patient, hasty):
        client.send("ANABRANCH", "SESSION", token, 3_600_000)
        client.send("GET", "news")
    wait_until("two wait", lambda: "blocked_clients:2" in follower.call("INFO", "clients"))
    before = follower.cpu_seconds()
    time.sleep(1.0)
    spent = follower.cpu_seconds() - before
    check(spent < 0.3, f"waiting for a second took {spent} s of the processor")
    hasty.close()
    wait_until("one is gone", lambda: "blocked_clients:1" in follower.call("INFO", "clients"))
    check(us.call("WAIT", 2, 0) == 2, "both other regions have it, and followers do not count")
    mesh.heal()
    check(patient.answer() == "OK" and patient.answer() == "1", "it is let in and reads it")
    patient.close()


def main():
    random = new_random()
    with World() as world, Relays(random) as relays:
        mesh = Mesh(world, relays)
        wait_in_vain(mesh)
        travel(random, world, mesh)


if __name__ == "__main__":
    main()
