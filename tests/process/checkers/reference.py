"""A small store of several regions, made to be obviously right, that gives random legal histories:
the checkers must find nothing in them. Bugs can be planted by name, and must be found.

Each transaction has the regions' vector as its dependencies and is delivered where they are met.
Time is a counter; an op begins at one tick and ends at a later one, ops of different sessions
overlap. One in ten answers is lost: such an op happened or not, and its session ends.
"""

import copy
import math

from checkers.history import Op

BUGS = ("drop", "twice", "early", "forgotten-remove", "torn", "stale-read", "wrong-winner",
        "thin-air")
REGISTERS = ["r0", "r1", "r2"]
GROUP = ["g0", "g1", "g2"]
ACCOUNTS = ["a0", "a1", "a2"]


class State:
    def __init__(self):
        self.cells = {}      # {key: {dot: (rank, value)}}
        self.counters = {}
        self.elements = {}   # {set: set of elements}

    def winner(self, key, wrong=False):
        cells = self.cells.get(key)
        return (min if wrong else max)(cells.values())[1] if cells else None

    def apply(self, dot, rank, effects):
        for kind, key, amount, context in effects:
            if kind == "put":
                cells = self.cells.setdefault(key, {})
                for one in [one for one in cells if one in context]:
                    del cells[one]
                cells[dot] = (rank, amount)
            elif kind == "add":
                self.counters[key] = self.counters.get(key, 0) + amount
            elif kind == "insert":
                self.elements.setdefault(key, set()).add(amount)
            elif kind == "remove":
                self.elements.setdefault(key, set()).discard(amount)


class Region:
    def __init__(self, name):
        self.name = name
        self.state = State()
        self.vector = {}
        self.log = []      # Own transactions: (dot, rank, effects, dependencies).
        self.clock = 0


class Reference:
    def __init__(self, random, bug=None):
        self.random = random
        self.bug = bug
        self.regions = [Region(name) for name in ("eu", "us", "ap")]
        self.sessions = {}   # {name: (region, the moment its last op ended)}
        self.history = []
        self.now = 0
        self.values = 0

    def run(self, steps):
        for _ in range(steps):
            self.now += 1
            if self.random.random() < 0.5:
                self.deliver(*self.random.sample(self.regions, 2))
            else:
                self.act()
        while any([self.deliver(one, other) for one in self.regions for other in self.regions
                   if one is not other]):
            pass
        self.read_all()
        return self.history

    # ---- The network.

    def deliver(self, source, target):
        """Delivers the next transaction of one region to another, if it may be; whether it was."""
        done = target.vector.get(source.name, 0)
        if done == len(source.log):
            return False
        dot, rank, effects, dependencies = source.log[done]
        planted = self.bug is not None and self.random.random() < 0.2
        met = all(target.vector.get(name, 0) >= seq for name, seq in dependencies.items())
        if not met and not (planted and self.bug == "early"):
            return False
        if planted and self.bug == "forgotten-remove":
            effects = [one for one in effects if one[0] != "remove"]
        if planted and self.bug == "torn":
            effects = effects[:1]
        for _ in range(planted * {"drop": -1, "twice": 1}.get(self.bug, 0) + 1):
            target.state.apply(dot, rank, effects)
        target.vector[source.name] = done + 1
        target.clock = max(target.clock, rank[0])
        return True

    def commit(self, region, effects):
        seq = len(region.log) + 1
        region.clock += 1
        dot, rank = (region.name, seq), (region.clock, region.name)
        dependencies = {name: count for name, count in region.vector.items()
                        if name != region.name}
        region.log.append((dot, rank, effects, dependencies))
        region.vector[region.name] = seq
        region.state.apply(dot, rank, effects)

    # ---- Clients.

    def act(self):
        name = f"s{self.random.randrange(6)}"
        if name not in self.sessions:
            self.sessions[name] = [self.random.choice(self.regions), 0, 0]
        region, free, life = self.sessions[name]
        op = Op(f"{name}.{life}", region.name, "", "", None)
        op.inv = max(free, self.now - self.random.random() * 3)
        effects = self.choose(op, region)
        lost = self.random.random() < 0.1 and op.op != "read"
        if lost:
            op.outcome, op.ok, op.result = "info", math.inf, None
            self.sessions[name][2] += 1   # Another session goes on.
        else:
            op.ok = self.now + self.random.random() * 0.5
            self.sessions[name][1] = op.ok
        if effects and not (lost and self.random.random() < 0.5):
            self.commit(region, effects)
        self.history.append(op)

    def choose(self, op, region):
        """Fills in what is asked for and answered; gives the effects."""
        write = self.random.random() < 0.5
        if write:
            return self.random.choice((self.write, self.write_group, self.add, self.insert,
                                       self.remove, self.transfer))(op, region)
        self.random.choice((self.read, self.read_group, self.read_siblings, self.count,
                            self.elements, self.balance))(op, region)
        return []

    def fresh(self):
        self.values += 1
        return f"v{self.values}"

    def put(self, region, key, value):
        return "put", key, value, set(region.state.cells.get(key, ()))

    def write(self, op, region):
        key, value = self.random.choice(REGISTERS), self.fresh()
        op.type, op.op, op.args = "register", "write", {key: value}
        return [self.put(region, key, value)]

    def write_group(self, op, region):
        value = self.fresh()
        op.type, op.op, op.args = "register", "write", dict.fromkeys(GROUP, value)
        return [self.put(region, key, value) for key in GROUP]

    def add(self, op, region):
        amount = self.random.randint(-5, 9)
        op.type, op.op, op.args = "counter", "add", ["c", amount]
        return [("add", "c", amount, None)]

    def insert(self, op, region):
        op.type, op.op, op.args = "set", "insert", ["s", self.fresh()]
        return [("insert", "s", op.args[1], None)]

    def remove(self, op, region):
        known = sorted(region.state.elements.get("s", ()))
        element = self.random.choice(known) if known else "none"
        op.type, op.op, op.args, op.result = "set", "remove", ["s", element], bool(known)
        return [("remove", "s", element, None)] if known else []

    def transfer(self, op, region):
        one, other = self.random.sample(ACCOUNTS, 2)
        op.type, op.op, op.args = "bank", "transfer", {one: -3, other: 3}
        return [("add", one, -3, None), ("add", other, 3, None)]

    def show(self, region, key):
        if self.bug == "thin-air" and self.random.random() < 0.05:
            return "nobody's"
        return region.state.winner(key, wrong=self.bug == "wrong-winner"
                                   and self.random.random() < 0.3)

    def read(self, op, region):
        keys = self.random.sample(REGISTERS, self.random.randint(1, 2))
        op.type, op.op, op.args = "register", "read", keys
        seen = self.seen(region)
        op.result = {key: self.show(seen, key) for key in keys}

    def read_group(self, op, region):
        op.type, op.op, op.args = "register", "read", GROUP
        op.result = {key: self.show(region, key) for key in GROUP}

    def read_siblings(self, op, region):
        key = self.random.choice(REGISTERS)
        op.type, op.op, op.args = "siblings", "read", key
        op.result = sorted(value for _, value in region.state.cells.get(key, {}).values())

    def count(self, op, region):
        op.type, op.op, op.args = "counter", "read", "c"
        op.result = region.state.counters.get("c", 0)

    def elements(self, op, region):
        op.type, op.op, op.args = "set", "read", "s"
        op.result = sorted(region.state.elements.get("s", ()))

    def balance(self, op, region):
        op.type, op.op, op.args = "bank", "read", ACCOUNTS
        op.result = {key: region.state.counters.get(key) for key in ACCOUNTS}

    def seen(self, region):
        """The region, or with the planted bug now and then what it was some time ago."""
        if self.bug != "stale-read":
            return region
        if not hasattr(region, "old") or self.random.random() < 0.1:
            region.old = copy.deepcopy(region)
        return region.old if self.random.random() < 0.3 else region

    # ---- The end.

    def read_all(self):
        for number, region in enumerate(self.regions):
            for read in (self.read_group, self.count, self.elements, self.balance):
                self.final(number, region, read)
            for key in REGISTERS:
                self.final(number, region, lambda op, region, key=key: self.read_one(op, region, key))
            op = Op(f"final{number}", region.name, "digest", "read",
                    sorted(region.vector.items()), self.digest(region), final=True)
            self.history.append(op)

    def read_one(self, op, region, key):
        op.type, op.op, op.args = "register", "read", [key]
        op.result = {key: self.show(region, key)}

    def final(self, number, region, read):
        self.now += 1
        op = Op(f"final{number}", region.name, "", "", None, inv=self.now, ok=self.now + 0.5,
                final=True)
        read(op, region)
        self.history.append(op)

    def digest(self, region):
        state = region.state
        return repr((sorted((key, sorted(cells.items())) for key, cells in state.cells.items()),
                     sorted(state.counters.items()),
                     sorted((key, sorted(one)) for key, one in state.elements.items())))
