#!/usr/bin/env python3
"""Three leaders in a triangle of relays, under load: leaders are killed, stand still, and their
links are cut, slow, broken and repeating, several at once, chosen by the seed. The history of all
clients is judged, with every fault having fired."""

import collections
import signal
import time

from leaders import LONG, World, check, new_random, wait_until
from relay import Relays
from workload import Workload

SECONDS = 300.0 if LONG else 20.0
FAULTS = ["kill", "stand still", "cut", "cut one way", "slow", "break", "reset", "repeat"]


class Triangle:
    def __init__(self, world, relays):
        eu = world.start("eu")
        to_eu = relays.to(eu)
        us = world.start("us", peers=[to_eu])
        to_eu_too, to_us = relays.to(eu), relays.to(us)
        ap = world.start("ap", peers=[to_eu_too, to_us])
        self.leaders = [eu, us, ap]
        self.links = [to_eu, to_eu_too, to_us]
        wait_until("all are connected", lambda: all(
            one.is_connected(other) for one in self.leaders for other in self.leaders
            if one is not other))

    def ways(self):
        return [way for link in self.links for way in link.ways()]


def harm(random, triangle, fault, load):
    """Does it, for a while; leaders are whole again when it returns, links perhaps not."""
    link = random.choice(triangle.links)
    leader = random.choice(triangle.leaders)
    if fault == "kill":
        leader.kill()
        load.ends.wait(random.uniform(0.0, 0.5))
        leader.start()
    elif fault == "stand still":
        leader.signal(signal.SIGSTOP)
        load.ends.wait(random.uniform(0.5, 3.0))
        leader.signal(signal.SIGCONT)
    elif fault == "cut":
        link.cut()
    elif fault == "cut one way":
        link.cut(random.choice(link.ways()))
    elif fault == "slow":
        link.slow_down(random.uniform(0, 0.1), random.uniform(0, 0.1), random.choice([None, 50_000]))
    elif fault == "break":
        link.close_after(random.randrange(1, 5000), random.choice(link.ways()))
    elif fault == "reset":
        link.reset()
    else:
        link.repeat(0.3)


def run(random, world, relays):
    triangle = Triangle(world, relays)
    fired = collections.Counter()
    load = Workload(random, triangle.leaders, clients=2, pause=0.003)
    with load:
        until = time.monotonic() + SECONDS
        todo = []
        while time.monotonic() < until or todo:
            if not todo:
                todo = random.sample(FAULTS, len(FAULTS))
            fault = todo.pop()
            harm(random, triangle, fault, load)
            fired[fault] += 1
            load.ends.wait(random.uniform(0.0, 0.8))
            if random.random() < 0.5:
                random.choice(triangle.links).heal()
        for link in triangle.links:
            link.heal()
    print(dict(fired), flush=True)
    print(load.check(world), flush=True)
    check(sum(way.repeated for way in triangle.ways()) > 0, "messages were repeated")
    check(all(load.done(leader.region) > 100 for leader in triangle.leaders), "all had load")
    for leader in triangle.leaders:
        check(leader.stop() == 0, f"{leader.region} did not end cleanly")


def main():
    random = new_random()
    with World() as world, Relays(random) as relays:
        run(random, world, relays)


if __name__ == "__main__":
    main()
