"""Causal consistency of registers and sets: "On Verifying Causal Consistency" (arXiv 1611.00580).

Values are written once, so a read tells which write it read from, and the causal order co is the
closure of session order and reads-from. The bad patterns:

    CyclicCO         co has a cycle
    ThinAirRead      a value that nobody wrote
    WriteCOInitRead  nothing is read although a write to the key is causally before
    WriteCORead      an older value is read although a causally newer one is causally before
    CyclicCF         the order in which writes must have won contradicts itself (convergence)
    InsertCOAbsent   an element whose insert is causally before is not shown, and nobody removed it
    RemoveCOPresent  an element whose remove is causally before is shown

Without any of them a history is causal, and causally convergent. Long forks are allowed: two
readers may see two concurrent writes in different orders.

Each event has a vector {session: how many of its events are causally before or the event itself},
so that "before" is one comparison. Linear in events times sessions.
"""

import bisect

from checkers.history import Violation, select


class Event:
    __slots__ = ("op", "session", "number", "vector", "writes", "reads", "sources", "lacks")

    def __init__(self, op, session, number):
        self.op = op
        self.session = session   # A small number.
        self.number = number     # In its session, from 1.
        self.vector = None
        self.writes = {}         # {row: value}; an element of a set is a row of its own.
        self.reads = {}          # {row: value or None}
        self.sources = []        # The events that it read from.

    def __str__(self):
        return f"{self.op.session} {self.op.op} {self.op.args} -> {self.op.result}"


class CausalOrder:
    """The events of a history and their order. `violations` holds what was wrong already."""

    def __init__(self, history):
        self.violations = []
        self.sessions = {}
        self.events = []
        self.writer = {}    # {(row, value): event}
        self.inserts = {}   # {set: [event of an insert, ...]}
        self.removed = set()   # Elements, (set, element), that somebody tried to remove.
        self.by_row = {}    # {row: {session: [event, ...]}}, the writes in session order.
        self.chains = []    # The events of each session.
        for op in sorted(select(history, "register") + select(history, "set"),
                         key=lambda one: one.inv):
            self.add(op)
        self.find_sources()
        self.find_vectors()

    def add(self, op):
        session = self.sessions.setdefault(op.session, len(self.sessions))
        if session == len(self.chains):
            self.chains.append([])
        event = Event(op, session, len(self.chains[session]) + 1)
        self.chains[session].append(event)
        self.events.append(event)
        if op.type == "register":
            event.writes = op.args if op.op == "write" else {}
            event.reads = op.result if op.op == "read" else {}
        elif op.op == "insert":
            event.writes = {tuple(op.args): op.args[1]}
            self.inserts.setdefault(op.args[0], []).append(event)
        elif op.op == "remove" and (op.result or not op.acknowledged):
            # A remove that found the element has read it.
            self.removed.add(tuple(op.args))
            event.reads = {tuple(op.args): op.args[1]} if op.acknowledged else {}
        elif op.op == "read":
            event.reads = {(op.args, element): element for element in op.result}
        for row, value in event.writes.items():
            self.writer[row, value] = event
            self.by_row.setdefault(row, {}).setdefault(session, []).append(event)

    def find_sources(self):
        for event in self.events:
            newest = {}   # One event of each session is enough: the last one.
            for row, value in event.reads.items():
                if value is None:
                    continue
                source = self.writer.get((row, value))
                if source is None:
                    self.violations.append(Violation("ThinAirRead", f"{event}: {row}={value}"))
                elif source is not event:
                    known = newest.get(source.session)
                    if known is None or known.number < source.number:
                        newest[source.session] = source
            event.sources = list(newest.values())

    def find_vectors(self):
        done = 0
        for event in in_order(self.events, self.predecessors):
            vector = [0] * len(self.sessions)
            for one in self.predecessors(event):
                vector = list(map(max, vector, one.vector))
            vector[event.session] = event.number
            event.vector = vector
            done += 1
        self.acyclic = done == len(self.events)
        if not self.acyclic:
            self.violations.append(Violation(
                "CyclicCO", f"{len(self.events) - done} events are before themselves"))

    def predecessors(self, event):
        before = self.chains[event.session][event.number - 2:event.number - 1]
        return before + event.sources if event.number > 1 else event.sources

    def before(self, one, other):
        """Whether `one` is causally before `other`."""
        return one is not other and other.vector[one.session] >= one.number

    def newest_before(self, row, event):
        """Of each session the last write to a row that is causally before an event."""
        for session, writes in self.by_row.get(row, {}).items():
            seen = event.vector[session] - (session == event.session)
            at = bisect.bisect_right(writes, seen, key=lambda one: one.number)
            if at > 0:
                yield writes[at - 1]


def in_order(events, predecessors):
    """Yields the events, each after its predecessors; those on or behind a cycle not at all."""
    followers = {}
    missing = {}
    for event in events:
        before = predecessors(event)
        missing[id(event)] = len(before)
        for one in before:
            followers.setdefault(id(one), []).append(event)
    ready = [event for event in events if missing[id(event)] == 0]
    while ready:
        event = ready.pop()
        yield event
        for follower in followers.get(id(event), ()):
            missing[id(follower)] -= 1
            if missing[id(follower)] == 0:
                ready.append(follower)


def check(order, convergent=True):
    if not order.acyclic:
        return order.violations
    return (order.violations + check_registers(order) + check_sets(order)
            + (check_convergent(order) if convergent else []))


def check_registers(order):
    violations = []
    for event in order.events:
        if event.op.type != "register":
            continue
        for row, value in event.reads.items():
            source = order.writer.get((row, value))
            for newer in order.newest_before(row, event):
                if value is None:
                    violations.append(Violation(
                        "WriteCOInitRead", f"{event}: nothing in {row} after {newer}"))
                elif source is not None and order.before(source, newer):
                    violations.append(Violation(
                        "WriteCORead", f"{event}: {row}={value} after {newer}"))
    return violations


def check_sets(order):
    violations = []
    reads = {}   # {set: [event of a read, ...]}
    for event in order.events:
        if event.op.type == "set" and event.op.op == "read":
            reads.setdefault(event.op.args, []).append(event)
    for name, found in reads.items():
        inserts = [insert for insert in order.inserts.get(name, ())
                   if tuple(insert.op.args) not in order.removed]
        for event in found:
            violations += [Violation("InsertCOAbsent", f"{event} lacks {insert.op.args[1]}")
                           for insert in inserts if tuple(insert.op.args) not in event.reads
                           and order.before(insert, event)]
    for remove in order.events:
        if remove.op.op == "remove" and remove.reads:
            violations += [Violation("RemoveCOPresent", f"{event} shows {remove.op.args[1]}")
                           for event in reads.get(remove.op.args[0], ())
                           if tuple(remove.op.args) in event.reads and order.before(remove, event)]
    return violations


def check_convergent(order):
    """Of two writes that a reader knew, the one that it read has won; no circle of winners."""
    winners = {}   # {id of a write: the events that beat it}
    for event in order.events:
        if event.op.type != "register":
            continue
        for row, value in event.reads.items():
            source = order.writer.get((row, value))
            if source is None:
                continue
            for other in order.newest_before(row, event):
                if other is not source:
                    winners.setdefault(id(source), []).append(other)
    done = sum(1 for _ in in_order(
        order.events, lambda event: order.predecessors(event) + winners.get(id(event), [])))
    if done == len(order.events):
        return []
    return [Violation("CyclicCF", f"{len(order.events) - done} events have won over themselves")]
