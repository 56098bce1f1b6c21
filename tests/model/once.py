#!/usr/bin/env python3
"""Executable model of requests that count once, in whichever regions and however often they are sent:
what docs/semantics.md says in "Once", over the replicas of model.py.

A request has an id and a list of intents that follow from it alone. A leader that knows the id does
nothing. Any other executes it: an ordinary transaction that also writes down, in rows named by the
id, what it did. Regions that had not heard of each other execute a request several times. Then

  sums     an addition lies in a slot for each execution, and its row of the id lists these; every
           reader takes back what is too much, from the row of the id and that of the sum
  values   a value that was replaced in one execution is removed in the others
  folding  when all have seen all executions, leaders write the correction into their own slots, and
           remove the rows of the id once no correction is left

The ORACLE knows nothing of that. A request is one op with several dots, and whoever has seen one
execution has seen the request: it counts once, and not at all when one of its dots is covered by
something that takes it back. Sums must be as it says in every replica at any moment, before and
after folding; values and rows once the leaders have had the time to tidy up.

    ./once.py                   run 2000 random histories
    ./once.py --runs N --seed S
    ./once.py --plant BUG       with a bug, which must be found
"""
import argparse
import copy
import random
import sys

from model import Oracle, Replica, covers, includes

PLANT = None
ONCE = '!once'  # The rows of ids: (ONCE, id) says that it was executed, (ONCE, id, k) what its op k did.


class OnceReplica(Replica):
    def knows(self, request):
        return (ONCE, request) in self.cells

    def execute(self, request, intents, wall):
        """A mark's seq is that of its op plus one. Its context is empty: marks lie beside each other."""
        marked = [('put', (ONCE, request), 1, {})]
        for k, intent in enumerate(intents):
            marked.append(intent)
            if intent[0] in ('add', 'put'):
                amount = intent[2] if intent[0] == 'add' else None
                marked.append(('put', (ONCE, request, str(k)), (intent[0], intent[1], amount), {}))
        return self.commit(marked, wall)

    def marks(self):
        """Yields of each marked op the row of the mark, the marked row, and the executions, then the
        corrections that leaders have written: {dot: amount}."""
        for mark, cell in list(self.cells.items()):
            if mark[0] != ONCE or len(mark) == 2:
                continue
            done, corrected = {}, {}
            for (origin, seq), (_, (kind, row, amount)) in sorted(cell.items()):
                (corrected if kind == 'correct' else done)[(origin, seq - 1)] = amount
            yield mark, row, done, corrected

    def counts(self, row, dot):
        """Whether an addition is in the sum: no reset that saw it has been applied."""
        slot = self.tallies.get(row, {}).get(dot[0])
        return slot is not None and slot.birth <= dot[1] and slot.base_seq < dot[1]

    def correction(self, row, done, corrected):
        """What is to be added to the sum, so that the request counts once or not at all."""
        live = [dot for dot in done if self.counts(row, dot)]
        whole = live if PLANT == 'any-execution' else len(live) == len(done)
        wanted = list(done.values())[0] if done and whole else 0
        return wanted - sum(done[dot] for dot in live) \
            - sum(amount for dot, amount in corrected.items() if self.counts(row, dot))

    def sums(self):
        """The sums that are not zero, with the corrections."""
        sums = self.visible()[1]
        for _, row, done, corrected in self.marks():
            if None not in done.values():
                sums[row] = sums.get(row, 0) + self.correction(row, done, corrected)
        return {row: n for row, n in sums.items() if n}

    def values(self):
        return {row: cell for row, cell in self.visible()[0].items() if row[0] != ONCE}

    def tidy(self):
        """Intents: of a value that is gone in one execution, remove the others."""
        intents = []
        for _, row, done, _ in self.marks():
            there = [dot for dot in done if dot in self.cells.get(row, {})]
            if None in done.values() and len(there) < len(done):
                intents += [('remove', row, {dot[0]: dot[1]}) for dot in there]
        return intents

    def fold(self, origins, corrects=True):
        """Intents: the corrections, and the ids that may be forgotten, of all that everybody has seen."""
        seen = dict(self.vv) if PLANT == 'fold-early' else self.seen_by_all(origins)
        intents, open_ids = [], set()
        ids = {row[1] for row in self.cells if row[0] == ONCE}
        for row, cell in self.cells.items():
            if row[0] == ONCE and not all(covers(seen, dot) for dot in cell):
                open_ids.add(row[1])
        for mark, row, done, corrected in self.marks():
            if None in done.values():
                if any(dot not in self.cells.get(row, {}) for dot in done) \
                        and any(dot in self.cells.get(row, {}) for dot in done):
                    open_ids.add(mark[1])
                continue
            amount = self.correction(row, done, corrected)
            if amount and PLANT != 'forget-uncorrected':
                if mark[1] not in open_ids and corrects:
                    intents.append(('add', row, amount))
                    intents.append(('put', mark, ('correct', row, amount), {}))
                open_ids.add(mark[1])
        return intents, ids - open_ids


class OnceOracle(Oracle):
    def __init__(self):
        super().__init__()
        self.requests = {}  # dot -> (id, number of the intent)

    def record_request(self, txn, request, intents):
        """The ops of an execution among those that were written: `record` without the marks."""
        seq = txn.first + 1
        for k, intent in enumerate(intents):
            dot = (txn.origin, seq)
            context = dict(txn.deps)
            context[txn.origin] = seq - 1
            self.requests[dot] = (request, k)
            if intent[0] == 'put':
                self.puts.append((dot, intent[1], txn.hlc, intent[2]))
                self.undos.append((intent[1], 'cell', context, dot))
            elif intent[0] == 'remove':
                self.undos.append((intent[1], 'cell', context, dot))
            elif intent[0] == 'add':
                self.adds.append((dot, intent[1], intent[2]))
            seq += 2 if intent[0] in ('add', 'put') else 1

    def undone(self, dot, row, kind):
        return any(super(OnceOracle, self).undone(each, row, kind) for each in self.dots(dot))

    def dots(self, dot):
        if dot not in self.requests:
            return [dot]
        return [d for d, of in self.requests.items() if of == self.requests[dot] and covers(self.known, d)]

    def visible(self, known):
        self.known = known
        undos, adds = self.undos, self.adds
        self.adds, first = [], set()
        for dot, row, amount in adds:  # Of several executions one counts.
            if covers(known, dot) and self.requests.get(dot, dot) not in first:
                first.add(self.requests.get(dot, dot))
                self.adds.append((dot, row, amount))
        shown = super().visible(known)
        self.undos, self.adds = undos, adds
        return shown

    def sums(self, known):
        return {row: n for row, n in self.visible(known)[1].items() if n}


class World:
    def __init__(self, rng):
        self.rng = rng
        self.names = ['a', 'b', 'c', 'd'][:rng.randint(2, 4)]
        self.replicas = {o: OnceReplica(o) for o in self.names}
        self.oracle = OnceOracle()
        self.keys = ['k%d' % i for i in range(rng.randint(1, 2))]
        self.requests = []
        self.closed = set()   # Ids that some replica has forgotten: nobody sends them again.
        self.saved = {}
        self.fell_back = False
        self.step = 100
        self.twice = self.corrections = 0

    def intent(self, kinds):
        row = (self.rng.choice(self.keys), self.rng.choice(['x', 'y']))
        kind = self.rng.choice(kinds)
        if kind == 'put':
            return ('put', row, self.rng.randint(0, 99))
        if kind == 'add':
            return ('add', row, self.rng.choice([-7, -1, 1, 2, 5]))
        return ('clear', row[:1]) if kind == 'clear' else (kind, row)

    def write(self, r):
        intents = [self.intent(['put', 'remove', 'add', 'reset', 'clear']) for _ in range(self.rng.randint(1, 2))]
        self.oracle.record(r.commit(intents, self.step), intents)

    def send(self, r):
        if not self.requests or self.rng.random() < 0.3:
            intents = [self.intent(['put', 'add', 'add', 'remove']) for _ in range(self.rng.randint(1, 3))]
            self.requests.append(('r%d' % len(self.requests), intents))
        request, intents = self.rng.choice(self.requests[-4:])
        if request in self.closed or r.knows(request):
            return
        self.twice += any(of[0] == request for of in self.oracle.requests.values())
        self.oracle.record_request(r.execute(request, intents, self.step), request, intents)

    def deliver(self, r, target):
        source = self.rng.choice(list(r.log) or [r.origin])
        for t in [t for t in r.log.get(source, []) if t.last > target.vv.get(source, 0)][:self.rng.randint(1, 4)]:
            target.receive(copy.deepcopy(t))

    def fold(self, r):
        intents, ids = r.fold([each.origin for each in self.replicas.values()])
        self.corrections += len(intents) // 2
        self.closed |= ids
        intents += [('clear', (ONCE, each)) for each in sorted(ids)]
        if intents:
            r.commit(intents, self.step)
        return bool(intents)

    def tidy(self, r):
        intents = r.tidy()
        if intents:
            r.commit(intents, self.step)
        return bool(intents)

    def turn(self):
        rng = self.rng
        self.step += 1
        o = rng.choice(self.names)
        r = self.replicas[o]
        what = rng.random()
        if what < 0.15:
            self.write(r)
        elif what < 0.40:
            self.send(r)
        elif what < 0.75:
            self.deliver(r, self.replicas[rng.choice([x for x in self.names if x != o])])
        elif what < 0.80:
            r.collect()
        elif what < 0.84:
            self.tidy(r)
        elif what < 0.90:
            self.fold(r)
        elif what < 0.97:
            self.replicas[rng.choice([x for x in self.names if x != o])].shown[r.origin] = dict(r.vv)
        elif what < 0.975:
            self.saved[o] = copy.deepcopy(r)
        elif what < 0.98:
            if o in self.saved and PLANT is None:
                self.fell_back = True
                self.replicas[o] = copy.deepcopy(self.saved[o])
                self.replicas[o].origin = '%s%d' % (o, self.step)
                self.replicas[o].held = []
        else:
            r.merge(rng.choice([p for p in self.replicas.values() if p is not r]))

    def exchange(self):
        for s in self.replicas.values():
            for d in self.replicas.values():
                for log in list(s.log.values()):
                    for t in list(log):
                        if t.last > d.vv.get(t.origin, 0):
                            d.receive(copy.deepcopy(t))
                if not includes(d.vv, s.vv):
                    d.merge(s)
        for s in self.replicas.values():
            for d in self.replicas.values():
                d.shown[s.origin] = dict(s.vv)

    def promised(self):
        """An older state has not seen what was forgotten, and cannot be known to exist."""
        return not (self.fell_back and self.closed)

    def wrong_now(self):
        for x in self.replicas.values():
            for y in self.replicas.values():
                if x.vv == y.vv and (x.canonical() != y.canonical() or x.sums() != y.sums()):
                    return 'diverged at equal version vectors'
        r = self.replicas[self.rng.choice(self.names)]
        if self.promised() and r.sums() != self.oracle.sums(r.vv):
            return '%s shows the sums %s and not %s' % (r.origin, r.sums(), self.oracle.sums(r.vv))
        return None

    def wrong_at_end(self):
        for _ in range(len(self.names) * 2):
            self.exchange()
        for _ in range(20):
            work = [self.tidy(r) for r in self.replicas.values()]
            for _ in range(2):
                self.exchange()
            if not any(work):
                break
        if self.promised():
            bad = self.wrong_values()
            if bad:
                return bad
        for _ in range(20):
            r = self.rng.choice(list(self.replicas.values()))
            self.tidy(r)
            self.fold(r)
            for _ in range(2):
                self.exchange()
            bad = self.wrong_now() or (self.wrong_values() if self.promised() else None)
            if bad:
                return 'while folding: ' + bad
        left = [row for r in self.replicas.values() for row in r.cells if row[0] == ONCE]
        return 'rows of ids are left: %s' % left if left else None

    def wrong_values(self):
        for r in self.replicas.values():
            values, sums = self.oracle.visible(r.vv)[0], self.oracle.sums(r.vv)
            if r.values() != values:
                return '%s has the values %s and not %s' % (r.origin, r.values(), values)
            if r.sums() != sums:
                return '%s shows the sums %s and not %s' % (r.origin, r.sums(), sums)
        return None


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
    parser.add_argument('--plant', choices=['fold-early', 'any-execution', 'forget-uncorrected'],
                        help='with a bug, which must be found')
    args = parser.parse_args()
    global PLANT
    PLANT = args.plant
    twice = corrections = forgotten = 0
    for run in range(args.runs):
        bad, world = history(random.Random(args.seed * 1000003 + run), args.steps)
        twice, corrections = twice + world.twice, corrections + world.corrections
        forgotten += len(world.closed)
        if bad and PLANT:
            print('found in run %d of seed %d: %s' % (run, args.seed, bad))
            return 0
        if bad:
            print('run %d of seed %d: %s' % (run, args.seed, bad))
            return 1
    if PLANT:
        print('%d histories, and the planted bug was not found' % args.runs)
        return 1
    print('%d histories: every request counted once; %d executions were not the first, %d corrections, '
          '%d ids folded' % (args.runs, twice, corrections, forgotten))
    return 0


if __name__ == '__main__':
    sys.exit(main())
