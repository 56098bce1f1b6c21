"""Clients that go from region to region and carry nothing along but their token.

    with Travellers(random, places, clients=8) as travellers:   # Places are leaders and followers.
        ...                                                     # Faults.
    travellers.arrive()      # Each goes everywhere once more and reads everything.

Each value that a client writes is new and names all that its writer had seen, so whoever reads it
knows what must be visible from then on, wherever it goes: its own writes, what it has read, and what
those had seen who wrote that. A traveller that finds less raises; one that is not let in stays where
it is. What was not answered with its token behind it may have happened or not, and was not seen.
"""

import collections
import re
import threading
import time

from leaders import check
from resp import Client, ServerError

REGISTERS = 3        # Of each client; nobody else writes them.
SET_ELEMENTS = 40    # After so many a client goes on with the next set.
ALL = "counter:all"  # Everybody adds to it.
LACKING = re.compile(r"TIMEOUT this session has seen more than this region has: it still lacks "
                     r"\d+ ops? of region \w+(, \d+ ops? of region \w+)*$")


class Traveller(threading.Thread):
    def __init__(self, company, number, random):
        super().__init__(daemon=True)
        self.company = company
        self.number = number
        self.random = random
        self.must = {}                                  # What is visible: {key: at least}.
        self.elements = collections.defaultdict(set)    # Those that are in sets: {key: numbers}.
        self.attempts = collections.Counter()           # Numbers given out, by key.
        self.added = 0                                  # Acknowledged additions to ALL.
        self.token = ""
        self.place = None
        self.client = None
        self.counts = collections.Counter()
        self.error = None

    def run(self):
        try:
            while not self.company.ends.is_set():
                if self.client is None or self.random.random() < 0.15:
                    self.hop()
                elif self.place.region_writes:
                    self.random.choice([self.write, self.write, self.write_two, self.add,
                                        self.add_to_all, self.insert, self.read, self.read,
                                        self.read_set])()
                else:
                    self.random.choice([self.read, self.read, self.read_set])()
        except Exception as error:  # Raised again by the test.
            self.error = error
        finally:
            self.leave()

    # ---- From place to place.

    def leave(self):
        if self.client is not None:
            self.client.close()
        self.client = None

    def hop(self):
        """Goes to another place if that lets it in; with nowhere to stay, this one will do, too."""
        others = [each for each in self.company.places
                  if each is not self.place or self.client is None]
        self.go_to(self.random.choice(others), self.random.choice([0, 30, 100, 400, 1000]))

    def go_to(self, place, patience_ms):
        """Whether it was let in."""
        client = None
        try:
            client = Client(place.redis)
            behind = not self.is_let_in(client, 0)
            if behind and not self.is_let_in(client, patience_ms):
                self.counts["time-outs"] += 1
                client.close()
                return False
            self.token = client.call("ANABRANCH", "TOKEN")   # Names all that the former one did.
        except OSError:
            self.counts["nobody there"] += 1
            if client is not None:
                client.close()
            self.company.ends.wait(0.02)
            return False
        self.counts["waits"] += behind
        self.counts["hops"] += place is not self.place
        self.leave()
        self.place, self.client = place, client
        if self.random.random() < 0.8:   # Else it may only pass through.
            self.look_around()
        return True

    def is_let_in(self, client, patience_ms):
        try:
            check(client.call("ANABRANCH", "SESSION", self.token, patience_ms) == "OK", "OK")
            return True
        except ServerError as error:
            check(LACKING.match(str(error)), f"{self.name_here()}: {error}")
            return False

    # ---- Ops: commands with the token behind them.

    def do(self, *commands):
        """Their answers, or None when that is not known; then the client is nowhere."""
        try:
            for command in (*commands, ("ANABRANCH", "TOKEN")):
                self.client.send(*command)
            answers = [self.client.answer() for _ in range(len(commands) + 1)]
        except OSError:
            self.counts["uncertain"] += 1
            self.leave()
            return None
        self.token = answers.pop()
        self.counts["ops"] += 1
        return answers

    def number_of(self, key):
        self.attempts[key] += 1
        return self.attempts[key]

    def register(self, who=None):
        who = self.number if who is None else who
        return f"register:{who}:{self.random.randrange(REGISTERS)}"

    def value(self, key):
        seen = ",".join(f"{each}={least}" for each, least in self.must.items())
        return f"{self.number_of(key)};{seen}"

    def write(self):
        key = self.register()
        value = self.value(key)
        if self.do(("SET", key, value)):
            self.must[key] = self.attempts[key]

    def write_two(self):
        keys = [f"register:{self.number}:{i}" for i in range(2)]
        values = [self.value(key) for key in keys]
        commands = [("SET", *each) for each in zip(keys, values)]
        if self.do(("MULTI",), *commands, ("EXEC",)):
            for key in keys:
                self.must[key] = self.attempts[key]

    def add(self):
        key = f"counter:{self.number}"
        self.number_of(key)
        answers = self.do(("INCR", key))
        if answers:
            self.expect(key, answers[0], self.must.get(key, 0) + 1)
            check(answers[0] <= self.attempts[key], f"{key}: {answers[0]} were never added")

    def add_to_all(self):
        self.number_of(ALL)
        answers = self.do(("INCR", ALL))
        if answers:
            self.added += 1
            self.expect(ALL, answers[0], self.must.get(ALL, 0) + 1)

    def insert(self):
        number = self.number_of("element")
        key = f"set:{self.number}:{number // SET_ELEMENTS}"
        if self.do(("SADD", key, number)):
            self.elements[key].add(number)
            self.must[key] = number

    def read(self):
        """Some keys, one's own and others', more often such that one knows something of."""
        others = [self.register(self.random.randrange(self.company.clients)) for _ in range(2)]
        known = [key for key in self.must if not key.startswith("set:")]
        known = self.random.sample(known, min(len(known), 3))
        counter = f"counter:{self.random.randrange(self.company.clients)}"
        self.read_keys([*others, *known, counter, ALL])

    def read_set(self):
        known = [key for key in self.must if key.startswith("set:")]
        if known:
            self.read_members(self.random.choice(known))

    def look_around(self):
        """What a newcomer must find: all that it knows of."""
        self.read_keys([key for key in self.must if not key.startswith("set:")])
        if self.client is not None:
            self.read_set()

    def read_keys(self, keys):
        answers = self.do(("MGET", *keys)) if keys else None
        if not answers:
            return
        numbers = {}
        for key, value in zip(keys, answers[0]):
            number, _, seen = (value or "0").partition(";")
            numbers[key] = int(number)
            # One state is read: what one value had seen is visible beside it.
            for each in filter(None, seen.split(",")):
                other, least = each.split("=")
                self.must[other] = max(self.must.get(other, 0), int(least))
        for key, number in numbers.items():
            self.expect(key, number, self.must.get(key, 0))

    def read_members(self, key):
        answers = self.do(("SMEMBERS", key))
        if answers:
            found = set(map(int, answers[0]))
            missing = (self.elements[key] | {self.must[key]}) - found
            check(not missing, f"{self.name_here()}: {key} has lost {sorted(missing)}")
            self.elements[key] |= found
            self.must[key] = max(found)
            self.counts["checks"] += len(found)

    def expect(self, key, number, least):
        check(number >= least, f"{self.name_here()}: {key} is at {number}, and was at {least}")
        self.counts["checks"] += 1
        self.must[key] = number

    def name_here(self):
        return f"client {self.number} in {self.place.place_name if self.place else 'none'}"


class Travellers:
    def __init__(self, random, places, clients=8):
        for place in places:
            place.region_writes = "--follower" not in place.flags
            place.place_name = place.region if place.region_writes else f"{place.region} (follower)"
        self.places = places
        self.clients = clients
        self.ends = threading.Event()
        self.all = [Traveller(self, number, type(random)(random.random()))
                    for number in range(clients)]

    def __enter__(self):
        for each in self.all:
            each.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        for each in self.all:
            each.join(30)
        self.raise_errors()

    def raise_errors(self):
        for each in self.all:
            if each.error is not None:
                raise each.error

    def travel(self, seconds):
        """Lets them, for a while; ends early when one has found something wrong."""
        until = time.monotonic() + seconds
        while (rest := until - time.monotonic()) > 0:
            self.raise_errors()
            self.ends.wait(min(0.05, rest))

    def counts(self):
        return sum((each.counts for each in self.all), collections.Counter())

    def arrive(self, patience_ms=30_000):
        """Each one goes everywhere and finds everything; additions were counted once."""
        added = sum(each.added for each in self.all)
        attempts = sum(each.attempts[ALL] for each in self.all)
        for each in self.all:
            for place in self.places:
                check(each.go_to(place, patience_ms), f"{place.place_name} lets everybody in")
                each.look_around()
                check(added <= each.must[ALL] <= attempts, f"{each.must[ALL]} of {added} additions")
                for key in [key for key in each.must if key.startswith("set:")]:
                    each.read_members(key)
            each.leave()
