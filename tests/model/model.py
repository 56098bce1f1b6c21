#!/usr/bin/env python3
"""Executable model of the replication and merge rules that docs/semantics.md explains.

It is the specification in its shortest runnable form: replicas that accept transactions, exchange
them as an op log under causal delivery, garbage-collect, forget removed elements, trim their logs, merge snapshots, fall
back to an older state of their own and go on as a new origin, and an ORACLE that knows nothing of
rows or slots: it decides what must be visible from the history of operations alone. Every random
run must end with all replicas equal to each other and to the oracle.

    ./model.py                  run 2000 random histories
    ./model.py --runs N --seed S
    ./model.py --trace FILE     write one history as JSON lines, with the visible state every replica
                                must show at the end: an oracle for the C++ implementation
"""
import argparse
import copy
import json
import random
import sys
from dataclasses import dataclass, field

PLANT = None


# ---------------------------------------------------------------- causality


def covers(vv, dot):
    """A version vector {origin: seq} covers a dot (origin, seq)."""
    return vv.get(dot[0], 0) >= dot[1]


def includes(vv, other):
    return all(vv.get(o, 0) >= s for o, s in other.items())


@dataclass
class Transaction:
    """A contiguous run of operations of one origin, atomic everywhere.

    deps: version vector of the leader just before the transaction, own origin included.
    Operation k (0-based) has the dot (origin, first + k) and, unless it brings a context of its
    own, the causal context deps + {origin: first + k - 1}: all that its leader had applied.
    """
    origin: str
    first: int
    hlc: tuple
    deps: dict
    ops: list

    @property
    def last(self):
        return self.first + len(self.ops) - 1


# ---------------------------------------------------------------- rows


def removes_win(row):
    """Elements of remove-wins sets: 1 inserted, 0 removed; of siblings 0 wins."""
    return row[1] == 'E'


@dataclass
class Slot:
    """What one origin has added to one tally. All figures are in the frame that `birth` names."""
    birth: int           # seq of the operation that opened the frame
    seq: int             # seq of the newest addition
    total: int           # sum of all additions of the frame, up to seq
    base_seq: int = 0    # newest addition that some applied reset had observed (0: none)
    base: int = 0        # total at base_seq
    reset: tuple = None  # the dot of a reset that reached base_seq

    @property
    def dead(self):
        return self.base_seq == self.seq

    @property
    def value(self):
        return self.total - self.base


class Replica:
    def __init__(self, origin):
        self.origin = origin
        self.vv = {}
        self.hlc = (0, 0)
        self.cells = {}    # row -> {dot: (hlc, value)}
        self.tallies = {}  # row -> {origin: Slot}
        self.log = {}      # origin -> [Transaction]
        self.seen = {}     # origin -> the newest deps that an APPLIED transaction of it carried
        self.held = []     # received, not yet deliverable
        self.shown = {}    # origin -> the newest version vector that its leader has shown

    # -- local transactions

    def now(self, wall):
        self.hlc = max((wall, 0), (self.hlc[0], self.hlc[1] + 1))
        return self.hlc

    def commit(self, intents, wall):
        """intents: ('put', row, value[, context]) ('remove', row[, context]) ('add', row, n) ('reset', row)
        ('clear', prefix). Turned into operations against the state as it is, one after another."""
        first = self.vv.get(self.origin, 0) + 1
        txn = Transaction(self.origin, first, self.now(wall), dict(self.vv), [])
        for intent in intents:
            seq = first + len(txn.ops)
            op = self.prepare(intent, seq)
            txn.ops.append(op)
            self.apply_op(txn, op, seq)
        self.finish(txn)
        return txn

    def prepare(self, intent, seq):
        kind = intent[0]
        if kind == 'add':
            _, row, amount = intent
            slot = self.tallies.get(row, {}).get(self.origin)
            if slot is None or slot.dead:  # a new frame; at its own origin a dead frame ends at once
                return ('add', row, seq, amount)
            return ('add', row, slot.birth, slot.total + amount)
        if kind == 'reset':
            return ('reset', intent[1], self.observed(intent[1]))
        if kind == 'clear':
            prefix = intent[1]
            rows = [r for r in self.tallies if r[:len(prefix)] == prefix]
            return ('clear', prefix, [(r, self.observed(r)) for r in sorted(rows)])
        return intent

    def observed(self, row):
        return [(o, s.birth, s.seq, s.total) for o, s in sorted(self.tallies.get(row, {}).items())
                if not s.dead]

    # -- applying

    def apply_op(self, txn, op, seq):
        dot = (txn.origin, seq)
        context = dict(txn.deps)
        context[txn.origin] = seq - 1
        kind = op[0]
        if kind == 'put':
            if len(op) > 3:
                context = op[3]
            cell = self.cells.setdefault(op[1], {})
            self.forget(op[1], context)
            self.cells.setdefault(op[1], {})[dot] = (txn.hlc, op[2])
        elif kind == 'remove':
            if len(op) > 2:
                context = op[2]
            self.forget(op[1], context)
        elif kind == 'add':
            _, row, birth, total = op
            slots = self.tallies.setdefault(row, {})
            slot = slots.get(txn.origin)
            if slot is not None and slot.birth == birth:
                slot.seq, slot.total = seq, total
            else:
                slots[txn.origin] = Slot(birth, seq, total)
        elif kind == 'reset':
            self.rebase(op[1], op[2], dot)
        elif kind == 'clear':
            for row in [r for r in self.cells if r[:len(op[1])] == op[1]]:
                self.forget(row, context)
            for row, observed in op[2]:
                self.rebase(row, observed, dot)
        self.vv[txn.origin] = seq

    def forget(self, row, context):
        cell = self.cells.get(row, {})
        for dot in [d for d in cell if covers(context, d)]:
            del cell[dot]
        if not cell:
            self.cells.pop(row, None)

    def rebase(self, row, observed, dot):
        slots = self.tallies.get(row, {})
        for origin, birth, seq, total in observed:
            slot = slots.get(origin)
            if slot is not None and slot.birth == birth and seq > slot.base_seq:
                slot.base_seq, slot.base, slot.reset = seq, total, dot

    def finish(self, txn):
        self.log.setdefault(txn.origin, []).append(txn)
        seen = dict(txn.deps)
        seen[txn.origin] = txn.last
        self.seen[txn.origin] = seen
        self.hlc = max(self.hlc, txn.hlc)

    # -- replication

    def deliverable(self, txn):
        return self.vv.get(txn.origin, 0) == txn.first - 1 and includes(self.vv, txn.deps)

    def receive(self, txn):
        self.held.append(txn)
        self.receive_held()

    def receive_held(self):
        progress = True
        while progress:
            progress = False
            for t in list(self.held):
                if t.last <= self.vv.get(t.origin, 0):
                    self.held.remove(t)
                elif self.deliverable(t):
                    self.held.remove(t)
                    for k, op in enumerate(t.ops):
                        self.apply_op(t, op, t.first + k)
                    self.finish(t)
                    progress = True

    def collect(self):
        """Drop dead slots once their origin is known, from its own applied transactions, to have
        applied the reset: from then on it can only open a new frame."""
        for row in list(self.tallies):
            slots = self.tallies[row]
            for origin in list(slots):
                slot = slots[origin]
                if slot.dead and (origin == self.origin or covers(self.seen.get(origin, {}), slot.reset)):
                    del slots[origin]
            if not slots:
                del self.tallies[row]

    def seen_by_all(self, origins):
        """What each of the other origins had seen before it wrote what has not been applied here. What a
        leader has applied it has shown; that proves something about what it writes only once all that it
        had applied then, its own writes included, has been applied here, too."""
        least = dict(self.vv)
        for origin in origins:
            if origin == self.origin:
                continue
            seen = dict(self.seen.get(origin, {}))
            shown = self.shown.get(origin, {})
            if includes(self.vv, shown) or PLANT == 'forget-early':
                seen = {o: max(seen.get(o, 0), shown.get(o, 0)) for o in set(seen) | set(shown)}
            least = {o: min(s, seen.get(o, 0)) for o, s in least.items()}
        return least

    def forgettable(self, origins):
        """Rows that say nothing but that an element was removed, which everybody has seen."""
        seen = self.seen_by_all(origins)
        return [row for row, cell in self.cells.items() if removes_win(row)
                and all(value == 0 and covers(seen, dot) for dot, (hlc, value) in cell.items())]

    def trim(self, keep):
        """Forget all but the newest transactions of every origin, replicated or not."""
        for origin in self.log:
            self.log[origin] = self.log[origin][-keep:] if keep else []

    def merge(self, peer):
        """Join a peer's snapshot (its rows and its version vector) into this replica.

        Needed where the peer's log no longer holds what this replica lacks. Works in every direction:
        neither side has to have all that the other has. A dot that one side lacks although that side's
        version vector covers it was removed there; a dot that it does not cover is news to it. A slot
        counts as its newest dot."""
        mine, theirs = self.vv, peer.vv
        cells = {}
        for row in set(self.cells) | set(peer.cells):
            a, b = self.cells.get(row, {}), peer.cells.get(row, {})
            cell = {d: v for d, v in a.items() if d in b or not covers(theirs, d)}
            cell.update({d: v for d, v in b.items() if d in a or not covers(mine, d)})
            if cell:
                cells[row] = cell
        tallies = {}
        for row in set(self.tallies) | set(peer.tallies):
            a, b = self.tallies.get(row, {}), peer.tallies.get(row, {})
            slots = {}
            for o in set(a) | set(b):
                x, y = a.get(o), b.get(o)
                if x is None or y is None:
                    slot, other = (x, theirs) if y is None else (y, mine)
                    if not covers(other, (o, slot.seq)):
                        slots[o] = copy.copy(slot)
                elif x.birth != y.birth:
                    slots[o] = copy.copy(max(x, y, key=lambda s: s.birth))
                else:
                    newest, base = max(x, y, key=lambda s: s.seq), max(x, y, key=lambda s: s.base_seq)
                    slots[o] = Slot(newest.birth, newest.seq, newest.total, base.base_seq, base.base, base.reset)
            if slots:
                tallies[row] = slots
        self.cells, self.tallies = cells, tallies
        for o, s in theirs.items():
            if s > mine.get(o, 0):
                self.log[o] = []  # the gap is not in any log: nobody can be served from before it
                mine[o] = s
        for o, seen in peer.seen.items():
            joined = self.seen.setdefault(o, {})
            for x, s in seen.items():
                joined[x] = max(joined.get(x, 0), s)
        self.hlc = max(self.hlc, peer.hlc)
        self.receive_held()

    # -- what is visible

    def visible(self):
        cells = {row: sorted((h, d, v) for d, (h, v) in cell.items()) for row, cell in self.cells.items()}
        tallies = {}
        for row, slots in self.tallies.items():
            live = {o: s for o, s in slots.items() if not s.dead}
            if live:
                tallies[row] = sum(s.value for s in live.values())
        return cells, tallies

    def canonical(self):
        """What a digest covers: identical on all replicas that have the same version vector."""
        return (self.visible()[0],
                {row: {o: (s.birth, s.seq, s.total, s.base) for o, s in slots.items() if not s.dead}
                 for row, slots in self.tallies.items() if any(not s.dead for s in slots.values())})


# ---------------------------------------------------------------- oracle


class Oracle:
    """Visible state from the history alone: an effect is undone by what observed it, nothing else."""

    def __init__(self):
        self.puts, self.undos, self.adds = [], [], []
        self.forgotten = set()  # The ops that forget removed elements.

    def record(self, txn, intents, forgets=False):
        for k, intent in enumerate(intents):
            dot = (txn.origin, txn.first + k)
            context = dict(txn.deps)
            context[txn.origin] = txn.first + k - 1
            kind, target = intent[0], intent[1]
            if kind == 'put':
                if len(intent) > 3:
                    context = intent[3]
                self.puts.append((dot, target, txn.hlc, intent[2]))
                self.undos.append((target, 'cell', context, dot))
            elif kind == 'remove':
                self.undos.append((target, 'cell', context, dot))
                if forgets:
                    self.forgotten.add(dot)
            elif kind == 'add':
                self.adds.append((dot, target, intent[2]))
            elif kind == 'reset':
                self.undos.append((target, 'tally', context, dot))
            elif kind == 'clear':
                self.undos.append((target, 'both', context, dot))

    def undone(self, dot, row, kind):
        for target, what, context, by in self.undos:
            if by != dot and what in (kind, 'both') and row[:len(target)] == target \
                    and (what == 'both' or row == target) and covers(context, dot):
                return True
        return False

    def visible(self, known):
        """known: the version vector of what has survived; the rest was lost with its leader."""
        cells, tallies = {}, {}
        self.undos = [u for u in self.undos if covers(known, u[3])]
        for dot, row, hlc, value in self.puts:
            if covers(known, dot) and not self.undone(dot, row, 'cell'):
                cells.setdefault(row, []).append((hlc, dot, value))
        for dot, row, amount in self.adds:
            if covers(known, dot) and not self.undone(dot, row, 'tally'):
                tallies[row] = tallies.get(row, 0) + amount
        return {r: sorted(c) for r, c in cells.items()}, tallies

    def elements(self, known, forgetting=True):
        """The elements that remove-wins sets show; also as if nothing had ever been forgotten."""
        undos = self.undos
        if not forgetting:
            self.undos = [u for u in undos if u[3] not in self.forgotten]
        cells = self.visible(known)[0]
        self.undos = undos
        return {row for row, cell in cells.items() if removes_win(row) and all(v for _, _, v in cell)}


# ---------------------------------------------------------------- random histories


def history(rng, steps, trace=None):
    origins = ['a', 'b', 'c', 'd'][:rng.randint(2, 4)]  # the first origin of each region names it
    replicas = {o: Replica(o) for o in origins}
    saved = {}
    oracle = Oracle()
    keys = ['k%d' % i for i in range(rng.randint(1, 3))]
    names = ['x', 'y'][:rng.randint(1, 2)]
    sets = trace is None and rng.random() < 0.5  # Some rows are elements of remove-wins sets.
    fell_back = False
    skew = {o: rng.randint(-50, 50) for o in origins}
    weights = [rng.random() + 0.05 for _ in range(5)]

    def intent(replica):
        if sets and rng.random() < 0.5:
            if rng.random() < 0.1:
                return ('clear', (rng.choice(keys),))
            return ('put', (rng.choice(keys), 'E'), rng.randint(0, 1))
        row = (rng.choice(keys), rng.choice(names))
        kind = rng.choices(['put', 'remove', 'add', 'reset', 'clear'], weights)[0]
        if kind == 'put':
            if rng.random() < 0.15:  # a client that brings the context of an older read
                old = {o: rng.randint(0, s) for o, s in replica.vv.items()}
                return ('put', row, rng.randint(0, 99), old)
            return ('put', row, rng.randint(0, 99))
        if kind == 'add':
            return ('add', row, rng.choice([-7, -1, 1, 2, 5]))
        if kind == 'clear':
            return ('clear', row[:1])
        return (kind, row)

    for step in range(steps):
        what = rng.random()
        o = rng.choice(origins)
        r = replicas[o]
        if what < 0.45:
            intents = [intent(r) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
            txn = r.commit(intents, step + skew[o] + 100)
            oracle.record(txn, intents)
            if trace is not None:
                trace.append({'at': o, 'wall': step + skew[o] + 100, 'txn': intents})
        elif what < 0.85:
            d = rng.choice([x for x in origins if x != o])
            # any replica hands on any origin's log, in any order between origins, duplicates included
            source = rng.choice(list(r.log) or [o])
            have = replicas[d].vv.get(source, 0)
            todo = [t for t in r.log.get(source, []) if t.last > have][:rng.randint(1, 4)]
            if rng.random() < 0.1:
                todo = r.log.get(source, [])[-2:]
            for t in todo:
                replicas[d].receive(copy.deepcopy(t))
            if trace is not None and todo:
                trace.append({'from': o, 'to': d, 'origin': source, 'first': todo[0].first, 'last': todo[-1].last})
        elif what < 0.95:
            r.collect()
        elif what < 0.965:
            r.trim(rng.randint(0, 3))
        elif what < 0.975:
            saved[o] = copy.deepcopy(r)
            if trace is not None:
                trace.append({'save': o})
        elif what < 0.985:
            if o in saved:  # power loss or a restored backup: an older state, a new origin
                fell_back = True
                replicas[o] = copy.deepcopy(saved[o])
                replicas[o].origin = '%s%d' % (o, step)
                replicas[o].held = []  # what was received but not applied is memory, and gone
                if trace is not None:
                    trace.append({'restore': o, 'origin': replicas[o].origin})
        else:
            p = rng.choice([p for p in replicas.values() if p is not r])
            r.merge(p)
            if trace is not None:
                trace.append({'merge': next(x for x in origins if replicas[x] is p), 'into': o})
        if sets:  # Heartbeats, for which nobody waits; and some forget what they may.
            r = replicas[o]
            replicas[rng.choice([x for x in origins if x != o])].shown[r.origin] = dict(r.vv)
            rows = r.forgettable([each.origin for each in replicas.values()])
            if rows and rng.random() < 0.5:
                intents = [('remove', row) for row in sorted(rows)]
                oracle.record(r.commit(intents, step + skew[o] + 100), intents, forgets=True)
        for x in replicas.values():  # equal knowledge, equal state, at every moment
            for y in replicas.values():
                if x.vv == y.vv and x.canonical() != y.canonical():
                    return 'diverged at equal version vectors', replicas, oracle
    for _ in range(len(origins) * 2):
        for s in origins:
            for d in origins:
                source, target = replicas[s], replicas[d]
                for log in list(source.log.values()):
                    for t in list(log):
                        if t.last > target.vv.get(t.origin, 0):
                            target.receive(copy.deepcopy(t))
                if not includes(target.vv, source.vv):
                    target.merge(source)
    if rng.random() < 0.5:
        for r in replicas.values():
            r.collect()
    known = replicas[origins[0]].vv
    # An older state has not seen what was forgotten, and cannot be known to exist.
    if not fell_back and oracle.elements(known) != oracle.elements(known, forgetting=False):
        return 'forgetting a removed element has changed what is shown', replicas, oracle
    want = oracle.visible(known)
    for r in replicas.values():
        if r.visible() != want:
            return 'replica %s differs from the oracle' % r.origin, replicas, oracle
    return None, replicas, oracle


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=int, default=2000)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--steps', type=int, default=60)
    parser.add_argument('--trace')
    parser.add_argument('--plant', choices=['forget-early'], help='with a bug, which must be found')
    args = parser.parse_args()
    global PLANT
    PLANT = args.plant
    if args.trace:
        trace = []
        bad, replicas, oracle = history(random.Random(args.seed), args.steps, trace)
        assert not bad, bad
        cells, tallies = oracle.visible(next(iter(replicas.values())).vv)
        with open(args.trace, 'w') as out:
            for line in trace:
                out.write(json.dumps(line) + '\n')
            out.write(json.dumps({'visible': {
                'cells': [[row, [[list(h), list(d), v] for h, d, v in c]] for row, c in sorted(cells.items())],
                'tallies': [[row, n] for row, n in sorted(tallies.items())]}}) + '\n')
        return 0
    for run in range(args.runs):
        bad, replicas, oracle = history(random.Random(args.seed * 1000003 + run), args.steps)
        if bad and PLANT:
            print('found in run %d of seed %d: %s' % (run, args.seed, bad))
            return 0
        if bad:
            print('run %d of seed %d: %s' % (run, args.seed, bad))
            for r in replicas.values():
                print(r.origin, r.vv, r.visible(), r.tallies)
            return 1
    if PLANT:
        print('%d histories, and the planted bug was not found' % args.runs)
        return 1
    print('%d histories: every replica equal to every other and to the oracle' % args.runs)
    return 0


if __name__ == '__main__':
    sys.exit(main())
