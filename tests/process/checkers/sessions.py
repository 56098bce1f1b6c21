"""The four guarantees of a session that stays in one region, on registers:

    read-your-writes      a read is not older than the session's own writes
    monotonic-reads       nor older than what the session has read
    monotonic-writes      who sees a session's write sees its earlier ones
    writes-follow-reads   who sees a session's write sees what that session had read before

"Older" is the causal order; concurrent values may win."""

from checkers.history import Violation


class Observer:
    """What the reads of one session must not fall behind of."""

    def __init__(self, order):
        self.order = order
        self.least = {}   # {key: {(guarantee, writer's session): write}}
        self.seen = {}    # {session: how many of its events have been taken over}

    def demand(self, guarantee, key, write):
        found = self.least.setdefault(key, {})
        known = found.get((guarantee, write.session))
        if known is None or known.number < write.number:
            found[guarantee, write.session] = write

    def check(self, event, key, value):
        source = self.order.writer.get((key, value))
        for (guarantee, _), write in self.least.get(key, {}).items():
            if value is None or source is not None and self.order.before(source, write):
                yield Violation(guarantee, f"{event}: {key}={value} after {write}")

    def learn(self, source):
        """Takes over what the writer of a value that was just read had done before."""
        chain = self.order.chains[source.session]
        for event in chain[self.seen.get(source.session, 0):source.number - 1]:
            if event.op.type != "register":
                continue
            for key in event.writes:
                self.demand("monotonic-writes", key, event)
            for key, value in event.reads.items():
                write = self.order.writer.get((key, value))
                if write is not None:
                    self.demand("writes-follow-reads", key, write)
        self.seen[source.session] = max(self.seen.get(source.session, 0), source.number - 1)


def check(order):
    if not order.acyclic:
        return []   # Said already, by causal.py.
    violations = []
    for chain in order.chains:
        observer = Observer(order)
        for event in chain:
            if event.op.type != "register":
                continue
            for key, value in event.reads.items():
                violations += observer.check(event, key, value)
            for key, value in event.reads.items():
                source = order.writer.get((key, value))
                if source is not None:
                    observer.demand("monotonic-reads", key, source)
                    observer.learn(source)
            for key in event.writes:
                observer.demand("read-your-writes", key, event)
    return violations
