#!/usr/bin/env python3
"""Five leaders in a ring, in a line and as a star, behind relays, under load all the time: any link
is cut, both ways or one, or is slow, or loses its connections, for any time. Who is still connected
goes on converging; after healing all are equal, and the whole history is causal."""

import sys
import time

from leaders import LONG, World, check, new_random, wait_until
from relay import Relays
from workload import Workload

REGIONS = ["eu", "us", "ap", "sa", "af"]
TOPOLOGIES = {
    "ring": [(1, 0), (2, 1), (3, 2), (4, 3), (0, 4)],
    "line": [(1, 0), (2, 1), (3, 2), (4, 3)],
    "star": [(1, 0), (2, 0), (3, 0), (4, 0)],
}
ROUNDS = 8 if LONG else 3
FAULT_SECONDS = 20.0 if LONG else 3.0


class Mesh:
    """Five leaders, each link of the topology behind a relay."""

    def __init__(self, world, relays, edges):
        self.leaders = []
        self.links = {}   # {(who dials, who listens): link}
        for number, region in enumerate(REGIONS):
            self.leaders.append(world.start(region, peers=self.dial(relays, edges, number)))
        # Only the ring has a link to a leader that starts later.
        late = [edge for edge in edges if edge[1] > edge[0]]
        for one, other in late:
            self.links[one, other] = relays.to(self.leaders[other])
            leader = self.leaders[one]
            leader.stop()
            leader.peers.append(self.links[one, other].listen)
            leader.start()
        wait_until("all links are up", lambda: all(
            self.leaders[one].is_connected(self.leaders[other]) for one, other in edges))

    def dial(self, relays, edges, number):
        mine = [edge for edge in edges if edge[0] == number and edge[1] < number]
        for edge in mine:
            self.links[edge] = relays.to(self.leaders[edge[1]])
        return [self.links[edge] for edge in mine]

    def reachable(self, broken):
        """The groups of leaders that are connected when these links are not."""
        groups = [{number} for number in range(len(self.leaders))]
        for one, other in self.links:
            if (one, other) in broken:
                continue
            joined = [group for group in groups if one in group or other in group]
            groups = [group for group in groups if group not in joined]
            groups.append(set().union(*joined))
        return [[self.leaders[number] for number in sorted(group)] for group in groups]


def choose_fault(random, link):
    """Harms a link; gives what was done, and whether nothing can be relied on to pass."""
    fault = random.choice(["cut", "cut", "cut out", "cut back", "slow", "resets", "repeats"])
    if fault == "cut":
        link.cut()
    elif fault == "cut out":
        link.cut(link.out)
    elif fault == "cut back":
        link.cut(link.back)
    elif fault == "slow":
        link.slow_down(delay=0.05, jitter=0.05, bandwidth=200_000)
    elif fault == "resets":
        link.reset()
        link.close_after(random.randrange(1, 3000), random.choice(link.ways()))
    else:
        link.repeat(0.2)
    return fault, fault.startswith("cut")


def check_group(group, number):
    """A write of each arrives at all others that it is connected with."""
    for leader in group:
        leader.call("SET", f"mark:{leader.region}", number)
    wait_until(f"the marks arrive among {[one.region for one in group]}", lambda: all(
        one.call("GET", f"mark:{other.region}") == str(number)
        for one in group for other in group), 40)


def run(random, name):
    begin = time.monotonic()
    number = 0
    with World() as world, Relays(random) as relays:
        mesh = Mesh(world, relays, TOPOLOGIES[name])
        load = Workload(random, mesh.leaders, clients=1, pause=0.004)
        with load:
            for _ in range(ROUNDS):
                edges = random.sample(sorted(mesh.links), random.randint(1, 2))
                faults = {edge: choose_fault(random, mesh.links[edge]) for edge in edges}
                until = time.monotonic() + random.uniform(0.3, FAULT_SECONDS)
                shown = time.monotonic()
                print(name, {f"{REGIONS[one]}-{REGIONS[other]}": fault for (one, other), (fault, _)
                             in faults.items()}, end=" ", flush=True)
                for group in mesh.reachable({edge for edge, (_, dead) in faults.items() if dead}):
                    number += 1
                    check_group(group, number)
                print(f"shown after {time.monotonic() - shown:.1f} s", flush=True)
                load.ends.wait(max(0.0, until - time.monotonic()))
                for edge in edges:
                    mesh.links[edge].heal()
        healed = time.monotonic()
        world.wait_equal(mesh.leaders)
        print(f"{name} equal {time.monotonic() - healed:.1f} s after healing", flush=True)
        print(name, load.check(world), flush=True)
        for leader in mesh.leaders:
            check(leader.stop() == 0, f"{leader.region} did not end cleanly")
    print(f"{name}: {time.monotonic() - begin:.1f} s", flush=True)


def main():
    random = new_random()
    for name in sys.argv[1:] or TOPOLOGIES:
        run(random, name)


if __name__ == "__main__":
    main()
