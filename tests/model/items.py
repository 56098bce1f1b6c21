#!/usr/bin/env python3
"""Executable model of lists of containers: what docs/semantics.md says in "Lists of containers", over the replicas
of model.py.

An element is a member of its list by one row, which its insert puts once and nobody puts again. All that is in
the element lies in rows below that row. Then

  shown    a row below an element is shown as long as all elements on the way to it have their member rows
  erase    clears the member row and all rows below it that its author has seen
  edit     writes below the member row, and not the row itself; refused where the element is not shown
  sweep    clears what is stored below an element without a member row: a leader of the region that wrote
           the newest of it, or any other one later; the model lets any replica do it at any moment

The ORACLE knows nothing of hiding and sweeping, and it never sees the sweeps. An element is in the list if its insert
is known and nothing known that erases it has seen the insert; inside such an element each row holds what the writes
to that row alone say. So a sweep that changed anything that is shown, or that came too early, would be
found. Every replica must show what the oracle says at any moment; replicas with equal vectors must hold
equal rows; and when all have met and swept, nothing is stored below elements that are gone.

    ./items.py                  run 2000 random histories
    ./items.py --runs N --seed S
    ./items.py --plant BUG      with a bug, which must be found
"""
import argparse
import copy
import random
import sys

from model import Oracle, Replica, includes

PLANT = None
TAG = 'i'


def elements_on(row):
    """The member rows on the way to a row, outermost first: the row itself may be one. A path is
    (key, tag, name, tag, name, ...) as stored, without its space."""
    at, found = 1, []
    while at + 1 < len(row) and row[at] in (TAG, 'h'):
        if row[at] == TAG and row[at + 1] == 'm':
            return found  # The new position of a moved element.
        if row[at] == TAG:
            found.append(row[:at + 2])
        at += 2
    return found


class ItemReplica(Replica):
    def gone(self, row):
        """Whether an element at the row or above it is not in its list. An earlier op of one origin may
        have put the row before: by causal order only an erase explains that."""
        above = elements_on(row)
        if PLANT == 'innermost-only':
            above = above[-1:]
        return any(each not in self.cells for each in above)

    def visible_in_elements(self):
        cells, tallies = self.visible()
        if PLANT == 'show-orphans':
            return cells, tallies
        return ({r: c for r, c in cells.items() if not self.gone(r)},
                {r: n for r, n in tallies.items() if not self.gone(r)})

    def stored(self):
        """All rows that hold anything, dead slots left out."""
        cells, tallies = self.visible()
        return set(cells) | set(tallies)

    def orphans(self):
        """The outermost elements that are gone and have rows, and moved positions without an element."""
        found = set()
        for row in self.stored():
            lost = [each for each in elements_on(row) if each not in self.cells]
            if lost:
                found.add(lost[0])
            at = next((k for k in range(1, len(row) - 2, 2) if row[k] == TAG and row[k + 1] == 'm'), None)
            if at is not None and row[:at + 1] + (row[at + 2],) not in self.cells:
                found.add(row)
        return sorted(found)


class World:
    """Replicas under random acts. Every write of a user is told to the oracle, no sweep is."""

    def __init__(self, rng):
        self.rng = rng
        self.origins = ['a', 'b', 'c', 'd'][:rng.randint(2, 4)]
        self.replicas = {o: ItemReplica(o) for o in self.origins}
        self.oracle = Oracle()
        self.wall = 100
        self.swept = self.beaten = 0

    # -- acts

    def places(self, replica):
        """The lists that a replica may insert into: the key's, and one in each element that it shows."""
        rows = sorted(r for r in replica.visible_in_elements()[0] if elements_on(r)[-1:] == [r])
        return [('k',)] + [row for row in rows if len(row) < 7], rows

    def intents(self, replica):
        rng = self.rng
        lists, members = self.places(replica)
        what = rng.random()
        if what < 0.3 or not members:
            name = '%s%d' % (replica.origin, replica.vv.get(replica.origin, 0) + 1)  # The dot of the op.
            return [('put', rng.choice(lists) + (TAG, name), '')]
        row = rng.choice(members)
        if what < 0.5:
            return [('clear', row), ('remove', row[:-1] + ('m', row[-1]))]
        if what < 0.53:
            return [('clear', ('k',))]
        if what < 0.6:
            return [('put', row[:-1] + ('m', row[-1]), rng.randint(0, 9))]
        inner = row + rng.choice([('h', 'text', 's'), ('h', 'votes', 's'), ('h', 'tags', 'e', 'x')])
        if inner[-2] == 'votes':
            return [('add', inner, rng.choice([1, 2, -1]))]
        if rng.random() < 0.15:
            return [('remove', inner)]
        written = [('put', inner, rng.randint(0, 99))]
        if PLANT == 'revive':  # An edit that makes its element a member again.
            written.insert(0, ('put', row, ''))
        return written

    def write(self, replica):
        self.wall += 1
        intents = self.intents(replica)
        txn = replica.commit(intents, self.wall + self.rng.randint(-20, 20))
        self.oracle.record(txn, intents)
        if PLANT == 'revive' and len(intents) == 2 and intents[0][0] == 'put':
            revived = (txn.origin, txn.first)
            self.oracle.puts = [put for put in self.oracle.puts if put[0] != revived]
            self.oracle.undos = [undo for undo in self.oracle.undos if undo[3] != revived]

    def sweep(self, replica):
        for prefix in replica.orphans():
            if PLANT == 'sweep-key':  # Clears more than the element.
                prefix = prefix[:1]
            self.swept += 1
            replica.commit([('clear', prefix)], self.wall)

    def hand_on(self, source, target):
        origin = self.rng.choice(list(source.log) or [source.origin])
        have = target.vv.get(origin, 0)
        for txn in [t for t in source.log.get(origin, []) if t.last > have][:self.rng.randint(1, 4)]:
            target.receive(copy.deepcopy(txn))

    def turn(self):
        rng = self.rng
        replica = self.replicas[rng.choice(self.origins)]
        other = rng.choice([r for r in self.replicas.values() if r is not replica])
        what = rng.random()
        if what < 0.5:
            self.write(replica)
        elif what < 0.85:
            self.hand_on(replica, other)
        elif what < 0.9:
            replica.collect()
        elif what < 0.93:
            other.merge(replica)
        else:
            self.sweep(replica)

    # -- laws

    def meant(self, known):
        """What is shown, from the users' writes alone."""
        undos = self.oracle.undos
        cells, tallies = self.oracle.visible(known)
        self.oracle.undos = undos
        there = set(cells)

        def shown(row):
            return all(each in there for each in elements_on(row))
        self.beaten += sum(not shown(row) for row in list(cells) + list(tallies))
        # A position without its element names no place in a list.
        return {r: c for r, c in cells.items() if shown(r)}, {r: n for r, n in tallies.items() if shown(r)}

    def wrong_now(self):
        for r in self.replicas.values():
            if self.without_strays(r.visible_in_elements()) != self.without_strays(self.meant(r.vv)):
                return '%s shows %s and not %s' % (r.origin, r.visible_in_elements(), self.meant(r.vv))
            for s in self.replicas.values():
                if r.vv == s.vv and r.canonical() != s.canonical():
                    return '%s and %s hold different rows' % (r.origin, s.origin)
        return None

    @staticmethod
    def without_strays(shown):
        """Positions count only where their element is: the walk through a list reads no others."""
        cells, tallies = shown

        def is_stray(row):
            return row[-2] == 'm' and row[:-2] + row[-1:] not in cells
        return {r: c for r, c in cells.items() if not is_stray(r)}, tallies

    def exchange(self):
        for _ in range(2):
            for source in self.replicas.values():
                for target in self.replicas.values():
                    for log in list(source.log.values()):
                        for txn in log:
                            if txn.last > target.vv.get(txn.origin, 0):
                                target.receive(copy.deepcopy(txn))
                    if not includes(target.vv, source.vv):
                        target.merge(source)

    def wrong_at_end(self):
        self.exchange()
        bad = self.wrong_now()
        if bad:
            return bad
        self.sweep(self.rng.choice(list(self.replicas.values())))
        self.exchange()
        bad = self.wrong_now()
        left = [row for r in self.replicas.values() for row in r.orphans()]
        return bad or ('orphans are left: %s' % left if left else None)


def history(rng, steps):
    world = World(rng)
    for _ in range(steps):
        world.turn()
        bad = world.wrong_now()
        if bad:
            return bad, world
    return world.wrong_at_end(), world


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=int, default=2000)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--steps', type=int, default=60)
    parser.add_argument('--plant', choices=['show-orphans', 'innermost-only', 'revive', 'sweep-key'],
                        help='with a bug, which must be found')
    args = parser.parse_args()
    global PLANT
    PLANT = args.plant
    swept = beaten = 0
    for run in range(args.runs):
        bad, world = history(random.Random(args.seed * 1000003 + run), args.steps)
        swept, beaten = swept + world.swept, beaten + world.beaten
        if bad and PLANT:
            print('found in run %d of seed %d: %s' % (run, args.seed, bad))
            return 0
        if bad:
            print('run %d of seed %d: %s' % (run, args.seed, bad))
            return 1
    if PLANT:
        print('%d histories, and the planted bug was not found' % args.runs)
        return 1
    print('%d histories: every replica showed what the oracle says; %d elements swept, %d looks at rows of '
          'elements that were gone' % (args.runs, swept, beaten))
    return 0


if __name__ == '__main__':
    sys.exit(main())
