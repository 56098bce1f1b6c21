"""Clients that write and read all the time, and write down what happened.

    with Workload(random, leaders, clients=2) as load:   # Two clients for each leader.
        ...                                              # Faults.
    load.check(world)                # Waits until all are equal, reads everything, runs the checkers.

Each client stays with one leader. An answer that does not come ends its session; the client goes
on as a new one. Values are unique, so that every read tells where it comes from.
"""

import collections
import json
import os
import threading
import time

from checkers import check_all, history, sets
from checkers.history import Op
from leaders import check
from resp import Client, ServerError

REGISTERS = [f"register:{i}" for i in range(6)]
GROUPS = [[f"group:{i}:{part}" for part in "abc"] for i in range(3)]
COUNTERS = ["counter:0", "counter:1"]
ACCOUNTS = ["account:0", "account:1", "account:2", "account:3"]
SET_INSERTS = 30   # After so many inserts a client goes on with the next set.


class Session(threading.Thread):
    """One client; its name tells its leader's region."""

    def __init__(self, load, leader, number, random):
        super().__init__(daemon=True)
        self.load = load
        self.leader = leader
        self.client_name = f"{leader.region}/{number}"
        self.random = random
        self.life = 0
        self.inserts = 0
        self.elements = []
        self.values = 0
        self.client = None
        self.error = None

    def run(self):
        acts = [self.write, self.write, self.read, self.read, self.write_group, self.read_group,
                self.add, self.count, self.insert, self.insert, self.remove, self.members,
                self.transfer, self.balance, self.siblings, self.digest]
        try:
            while not self.load.ends.is_set():
                if self.connected():
                    self.random.choice(acts)()
                    if self.load.pause:
                        self.load.ends.wait(self.load.pause)
        except Exception as error:  # Raised again by the test.
            self.error = error
        finally:
            self.hang_up()

    def connected(self):
        """Whether there is a connection; tries to make one."""
        if self.client is None:
            try:
                self.client = Client(self.leader.redis, timeout=10.0)
            except OSError:
                self.load.ends.wait(0.02)
        return self.client is not None

    def hang_up(self):
        if self.client is not None:
            self.client.close()
        self.client = None

    # ---- One op: its commands, and what the answers mean.

    def do(self, type, op, args, commands, result=lambda answers: None):
        one = Op(f"{self.client_name}.{self.life}", self.leader.region, type, op, args)
        one.inv = time.monotonic()
        try:
            for command in commands:
                self.client.send(*command)
            answers = [self.client.answer() for _ in commands]
            one.result = result(answers)
        except ServerError as error:
            # A single command that is refused has not happened. Of a transaction another part may
            # have, and after a failed commit nobody should rely on anything.
            single = len(commands) == 1 and "nearly full" in str(error)
            one.outcome = "fail" if single or not str(error).startswith("MISCONF") else "info"
            self.load.refusals.append(str(error))
            self.hang_up()
        except OSError:
            one.outcome = "info"
            self.hang_up()
        if one.outcome == "ok":
            one.ok = time.monotonic()
        else:
            self.life += 1
        if one.type != "digest":
            self.load.history.append(one)
        return one

    def fresh(self):
        self.values += 1
        return f"{self.client_name}.{self.values}"

    def write(self):
        key, value = self.random.choice(REGISTERS), self.fresh()
        self.do("register", "write", {key: value}, [("SET", key, value)])

    def read(self):
        keys = self.random.sample(REGISTERS, self.random.randint(1, 3))
        self.read_keys(keys)

    def read_keys(self, keys):
        self.do("register", "read", keys, [("MGET", *keys)],
                lambda answers: dict(zip(keys, answers[0])))

    def write_group(self):
        keys, value = self.random.choice(GROUPS), self.fresh()
        self.do("register", "write", dict.fromkeys(keys, value),
                [("MULTI",), *(("SET", key, value) for key in keys), ("EXEC",)])

    def read_group(self):
        keys = self.random.choice(GROUPS)
        self.do("register", "read", keys, [("MULTI",), *(("GET", key) for key in keys), ("EXEC",)],
                lambda answers: dict(zip(keys, answers[-1])))

    def siblings(self):
        key = self.random.choice(REGISTERS)
        self.do("siblings", "read", key, [("ANABRANCH", "SHOW", key)], siblings_of)

    def add(self):
        key, amount = self.random.choice(COUNTERS), self.random.randint(-5, 9)
        self.do("counter", "add", [key, amount], [("INCRBY", key, amount)])

    def count(self):
        key = self.random.choice(COUNTERS)
        self.do("counter", "read", key, [("GET", key)], lambda answers: int(answers[0] or 0))

    def set_name(self):
        return f"set:{self.inserts // SET_INSERTS}"

    def insert(self):
        element, key = self.fresh(), self.set_name()
        self.inserts += 1
        self.load.set_names[key] = None
        if self.do("set", "insert", [key, element], [("SADD", key, element)]).acknowledged:
            self.elements.append((key, element))

    def remove(self):
        if not self.elements or self.random.random() < 0.5:
            return
        key, element = self.elements.pop(self.random.randrange(len(self.elements)))
        self.do("set", "remove", [key, element], [("SREM", key, element)],
                lambda answers: bool(answers[0]))

    def members(self):
        key = self.set_name()
        found = self.do("set", "read", key, [("SMEMBERS", key)], lambda answers: answers[0])
        others = [one for one in found.result or () if not one.startswith(self.client_name)]
        if others and self.random.random() < 0.3:
            self.elements.append((key, self.random.choice(others)))   # To be removed from here.

    def transfer(self):
        one, other = self.random.sample(ACCOUNTS, 2)
        self.do("bank", "transfer", {one: -3, other: 3},
                [("MULTI",), ("DECRBY", one, 3), ("INCRBY", other, 3), ("EXEC",)])

    def balance(self):
        self.do("bank", "read", ACCOUNTS, [("MGET", *ACCOUNTS)],
                lambda answers: {key: int(value or 0)
                                 for key, value in zip(ACCOUNTS, answers[0])})

    def read_all(self):
        """The last reads, when all have met."""
        check(self.connected(), f"{self.leader.region} answers")
        begin = len(self.load.history)
        self.read_keys(REGISTERS)
        for keys in GROUPS:
            self.read_keys(keys)
        for key in COUNTERS:
            self.do("counter", "read", key, [("GET", key)], lambda answers: int(answers[0] or 0))
        for key in self.load.set_names:
            self.do("set", "read", key, [("SMEMBERS", key)], lambda answers: answers[0])
        for key in REGISTERS:
            self.do("siblings", "read", key, [("ANABRANCH", "SHOW", key)], siblings_of)
        self.balance()
        self.digest()
        self.hang_up()
        for one in self.load.history[begin:]:
            one.final = True

    def digest(self):
        """A digest with the vector that it belongs to, when nothing was applied meanwhile."""
        vectors = []
        one = self.do("digest", "read", None,
                      [("ANABRANCH", "STATUS"), ("ANABRANCH", "DIGEST"), ("ANABRANCH", "STATUS")],
                      lambda answers: (vectors.extend(map(vector_of, answers[::2])), answers[1])[1])
        if vectors and vectors[0] == vectors[1]:
            one.args = vectors[0]
            self.load.history.append(one)


def siblings_of(answers):
    return sorted(one["value"] for one in json.loads(answers[0]).get("siblings", []))


def vector_of(status):
    return sorted([one["origin"], one["seq"]] for one in json.loads(status)["applied"])


class Workload:
    """`pause` is how long each client rests between two ops, in seconds."""

    def __init__(self, random, leaders, clients=2, pause=0.0):
        self.leaders = leaders
        self.pause = pause
        self.history = []
        self.refusals = []
        self.set_names = {}
        self.ends = threading.Event()
        self.sessions = [Session(self, leader, number, type(random)(random.random()))
                         for leader in leaders for number in range(clients)]

    def __enter__(self):
        for session in self.sessions:
            session.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.ends.set()
        for session in self.sessions:
            session.join(30)
        errors = [session.error for session in self.sessions if session.error]
        if errors:
            raise errors[0]

    def done(self, region):
        """How many ops of a region have been acknowledged."""
        return sum(one.acknowledged for one in self.history if one.region == region)

    def check(self, world, convergent=True, seconds=60.0):
        """Waits until all leaders are equal, and judges the whole history."""
        self.stop()
        world.wait_equal(self.leaders, seconds)
        for number, leader in enumerate(self.leaders):
            Session(self, leader, f"last{number}", self.sessions[0].random).read_all()
        begin = time.monotonic()
        violations = check_all(self.history, convergent)
        if violations:
            path = os.environ.get("ANABRANCH_TEST_HISTORY", "history.jsonl")
            history.dump(self.history, path)
            kinds = collections.Counter(one.kind for one in violations)
            check(False, f"{dict(kinds)}, such as {violations[:3]}; the history is in {path}")
        return self.report(time.monotonic() - begin)

    def report(self, seconds):
        outcomes = collections.Counter(one.outcome for one in self.history if one.type != "digest")
        latencies = sets.stable_latencies(self.history)
        middle = f"{latencies[len(latencies) // 2] * 1000:.0f} ms" if latencies else "none"
        last = f"{latencies[-1] * 1000:.0f} ms" if latencies else "none"
        return (f"history of {len(self.history)} ops ({outcomes['info']} uncertain, "
                f"{outcomes['fail']} refused) passes, judged in {seconds:.1f} s; elements visible "
                f"everywhere after {middle} (median), {last} (worst)")
