#!/usr/bin/env python3
"""Executable model of the rule by which origins are settled: nothing of them will ever arrive
anywhere any more, and everybody who counts has them up to the same position.

Machines lead regions, follow leaders, are promoted, follow again, and fall back to older states of
their disks. Each writes under an origin, and its first op says which region it is of and which
origin it has left: the list of regions follows from what was applied. What a machine has, by which
list, it says in a report, which others pass on. Every random history must keep two promises:

  safe  what a machine calls settled no leader has more or less of, and none ever gets more of it
  live  when everything has reached everybody, all that has a successor is settled everywhere

Followers that never led do not count, since nobody would know when one is gone for good; nor does
what a backup holds, or a leader that has not been heard of. What is settled beside one of these
that has more is no breach: it comes back to life, with an alarm.

    ./settling.py                   run 2000 random histories
    ./settling.py --runs N --seed S
    ./settling.py --rule regions    the rule of before: one leader speaks for its region
"""
import argparse
import copy
import random
import sys


class Machine:
    def __init__(self, number, region, follows):
        self.number, self.region, self.follows = number, region, follows
        self.origin, self.previous = 'o%d' % number, None
        self.vv = {}
        self.reports = {}  # {origin: (number, region, previous, list, vv)}
        self.said = 0
        self.saved = None


class World:
    def __init__(self, rule):
        self.rule = rule
        self.machines = []
        self.facts = {}    # {origin: (region, previous)}: what its first op says
        self.deps = {}     # {(origin, seq): vv}
        self.names = 0
        self.ends = {}     # {origin: seq}: settled somewhere
        self.excused = set()

    def add(self, region, follows=False):
        self.machines.append(Machine(len(self.machines), region, follows))

    # -- what a machine knows

    def list_of(self, m):
        return frozenset(o for o in m.vv if m.vv[o] > 0)

    def known(self, listed, origin):
        return origin in listed

    def line(self, listed, origin):
        while origin in listed and self.facts[origin][1] is not None:
            origin = self.facts[origin][1]
        return origin

    def ended(self, listed):
        return {self.facts[o][1] for o in listed} - {None}

    def speaks_for(self, listed, origin, previous):
        """The line of the leader that says a report; None when nobody knows it."""
        if origin in listed:
            return self.line(listed, origin)
        known = previous in listed or previous in self.ended(listed)
        return self.line(listed, previous) if previous is not None and known else None

    def has_led(self, m):
        return self.speaks_for(self.list_of(m), m.origin, m.previous) is not None

    def settled(self, m):
        listed = self.list_of(m)
        ended = self.ended(listed)
        lines = {self.line(listed, o): self.facts[o][0] for o in listed}
        closings = {}  # Of each line, or, by the rule of before, of each region.
        for origin, (_, region, previous, by, vv) in m.reports.items():
            line = self.speaks_for(listed, origin, previous)
            if line is None or by != listed or origin in ended:
                continue
            closings.setdefault(line if self.rule == 'lines' else region, []).append((origin, vv))
        result = {}
        if len(set(lines.values())) < 2:  # Who has just joined does not know of the others yet.
            return result
        for o in ended:
            n = m.vv.get(o, 0)
            closed = True
            for group in lines if self.rule == 'lines' else lines.values():
                said = [vv.get(o, 0) for origin, vv in closings.get(group, []) if origin != o]
                closed = closed and said and max(said) == n
            if n > 0 and closed:
                result[o] = n
        return result

    # -- what happens

    def write(self, m):
        if m.vv.get(m.origin, 0) == 0:
            self.facts[m.origin] = (m.region, m.previous)
        seq = m.vv.get(m.origin, 0) + 1
        self.deps[m.origin, seq] = dict(m.vv)
        m.vv[m.origin] = seq

    def deliver(self, source, target, origin):
        """The next op of an origin. What ended somebody may have closed, who then takes it anew."""
        seq = target.vv.get(origin, 0) + 1
        if source.vv.get(origin, 0) < seq or origin == target.origin:
            return False
        if any(target.vv.get(o, 0) < s for o, s in self.deps[origin, seq].items()):
            return False
        target.vv[origin] = seq
        return True

    def renew(self, m):
        """Goes on under a new origin; the first one that was left stays named until another wrote."""
        if m.vv.get(m.origin, 0) > 0 or m.previous is None:
            m.previous = m.origin
        self.names += 1
        m.origin = '%s.%d' % (m.origin.split('.')[0], self.names)
        if not m.follows:
            self.write(m)

    def restore(self, m):
        if m.saved is None:
            return
        saved = copy.deepcopy(m.saved)
        m.origin, m.previous, m.vv, m.reports = saved.origin, saved.previous, saved.vv, saved.reports
        self.renew(m)
        for o in [o for o, n in self.ends.items() if all(x.vv.get(o, 0) < n for x in self.machines)]:
            del self.ends[o]  # Every copy is gone.

    def leaders(self, region):
        return [m for m in self.machines if m.region == region and not m.follows]

    def stand(self, m):
        listed = self.list_of(m)
        if m.follows and not self.has_led(m):
            return
        previous = m.previous if m.follows and m.origin not in listed else None
        m.said += 1
        m.reports[m.origin] = (m.said, m.region, previous, listed, dict(m.vv))

    def tell(self, source, target):
        listed = self.list_of(target)
        for origin, report in source.reports.items():
            known = self.speaks_for(listed, origin, report[2])
            if known and report[0] > target.reports.get(origin, (0,))[0] and origin != target.origin:
                target.reports[origin] = report

    # -- what must hold

    def counts(self, at, whom):
        return whom.origin in self.list_of(at)

    def breach(self):
        for m in self.machines:
            for o, n in self.settled(m).items():
                if o in self.ends:
                    if self.ends[o] != n and o not in self.excused:
                        return '%s is settled at %d and at %d' % (o, n, self.ends[o])
                    continue
                self.ends[o] = n
                for each in self.machines:
                    more = each.vv.get(o, 0) > n and not self.counts(m, each)
                    if more or (each.saved and each.saved.vv.get(o, 0) > n):
                        self.excused.add(o)
                for each in self.machines:
                    has = each.vv.get(o, 0)
                    wrong = has > n or (self.counts(m, each) and has < n)
                    if wrong and o not in self.excused:
                        return '%s calls %s settled at %d, but %s has %d' % (m.origin, o, n, each.origin, has)
        for m in self.machines:
            for o, n in self.ends.items():
                if m.vv.get(o, 0) > n and o not in self.excused:
                    return '%s goes on beyond %d at %s' % (o, n, m.origin)
        return None


def history(rng, steps, rule):
    world = World(rule)
    regions = ['eu', 'us', 'ap'][:rng.randint(2, 3)]
    for region in regions:
        world.add(region)
    for _ in range(rng.randint(0, 2)):
        world.add(rng.choice(regions), follows=True)
    for m in world.machines:
        if not m.follows:
            world.write(m)
    weights = [rng.random() + 0.1 for _ in range(8)]

    def catch_up(source, target):
        more = True
        while more:
            more = any([world.deliver(source, target, o) for o in sorted(source.vv)])

    for _ in range(steps):
        what = rng.choices(range(8), [6 * weights[0], 12 * weights[1], 8 * weights[2], 8 * weights[3]] + weights[4:])[0]
        m, other = rng.sample(world.machines, 2)
        if what == 0 and not m.follows:
            world.write(m)
        elif what == 1 and m.vv:
            if rng.random() < 0.5:
                catch_up(m, other)
            else:
                world.deliver(m, other, rng.choice(sorted(m.vv)))
        elif what == 2:
            world.stand(m)
        elif what == 3:
            world.tell(m, other)
        elif what == 4 and rng.random() < 0.5:
            m.saved = None
            m.saved = copy.deepcopy(m)
        elif what == 4:
            world.restore(m)
        elif what == 5 and not m.follows:
            world.renew(m)
        elif what == 6 and m.follows:
            m.follows = False
            world.renew(m)
        elif what == 7 and not m.follows and len(world.leaders(m.region)) > 1:
            m.follows = True
        if wrong := world.breach():
            return wrong
    for _ in range(4 * len(world.machines)):
        for m in world.machines:
            for other in world.machines:
                if m is not other:
                    catch_up(m, other)
                    world.tell(m, other)
            world.stand(m)
    if wrong := world.breach():
        return wrong
    for m in world.machines:
        for o in world.ended(world.list_of(m)):
            if m.vv.get(o, 0) > 0 and o not in world.settled(m):
                return '%s has ended and is not settled at %s' % (o, m.origin)
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=int, default=2000)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--steps', type=int, default=150)
    parser.add_argument('--rule', choices=['lines', 'regions'], default='lines')
    args = parser.parse_args()
    for run in range(args.runs):
        if wrong := history(random.Random(args.seed * 1000003 + run), args.steps, args.rule):
            print('run %d of seed %d: %s' % (run, args.seed, wrong))
            return 1
    print('%d histories: what was settled stayed so, and all that had ended was settled' % args.runs)
    return 0


if __name__ == '__main__':
    sys.exit(main())
