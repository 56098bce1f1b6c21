"""All members, the links between them, and time."""
from promotion.cards import (DOWN, FOLLOWS, LEADS, LEAVES, RUNS, STALLED, STARTS, Beat, Broken, End, Member, covers,
                             home, origin_of)
from promotion.judges import Judges
from promotion.news import News
from promotion.turns import Turns


class World(News, Turns, Judges):
    """All members, the links between them, and the judges."""

    def __init__(self, rules, regions, rng=None):
        self.rules, self.rng, self.now = rules, rng, 0
        self.m = []
        self.cut = frozenset()   # Directed pairs.
        self.wire = []           # (due, from, to, cards, beat, ack, stream, reports)
        self.reigns = {}         # {region: [(reign, -rank, -node, origin, seq)], the greatest first}
        self.ops = {}            # {dot: (content, deps)}
        self.listed = {}         # {origin: [dots of the rows that list it]}
        self.acked, self.gone = [], set()
        self.abroad = set()      # Dots that a region has lost with its power, and others have.
        self.removals, self.forgotten = [], {}  # {origin: the newest forgotten one}
        self.all_saw, self.exempt = {}, set()
        self.quiet = 0           # Ticks since the last fault.
        self.changes, self.run, self.conn, self.two, self.unled = [], [], {}, {}, []
        self.up, self.abled, self.promoted = [], [], {}
        self.past = {}           # {region: [(tick, vector of a leader)]}, in random runs
        self.base = {}           # {node: what it had of its region as its reign began}
        self.given = {}          # {heir: (tick, giver, its vector)}
        self.deaf, self.dim = [], []  # Ticks in which nothing can reach a member; in which it need not be blind.
        self.steady = {}         # {node: (leads after it was deaf, those that have led and were fit all the time)}
        self.seen = dict(promotions=0, two=0, unled=0, changes=0, handover=0, conflicts=0, forgotten=0,
                         writes=0, resumed=0, sight=0, blind=0, sighted=0, whole=0, behind=0)
        for name, members in regions:
            for rank, late in enumerate(members):
                self.m.append(Member(len(self.m), name, rank, late))
        for m in self.m:
            self.changes.append(0)
            self.run.append(0)
            self.unled.append(0)
            self.up.append(0)
            self.abled.append(0)
            self.deaf.append(0)
            self.dim.append(0)
            self.steady[m.node] = (False, frozenset())
            if m.rank == 0:
                m.role = m.row_role = LEADS
                m.led = m.row_led = m.reign = 1
                m.at_rest = False
                for other in self.m:
                    if other.region == m.region and (other is m or not self.leaders_only()):
                        self.write(m, 'row', other.origin)
                self.write_reign(m)
        if rules.trace is not None:
            rules.trace.world(rules)
        for m in self.m:
            for o in self.m:
                for dot in [d for d in self.ops if d[0] == o.origin]:
                    m.vec[dot[0]] = max(m.vec.get(dot[0], 0), dot[1])
            m.dur = dict(m.vec)
            if rules.trace is not None:
                rules.trace.begins(self, m, False)
            if m.rank == 0 and rng is not None:
                self.past[m.region] = [(0, {m.origin: m.vec[m.origin]})]

    def copy(self):
        other = World.__new__(World)
        other.__dict__.update(self.__dict__)
        other.m = [m.copy() for m in self.m]
        other.wire, other.ops = list(self.wire), dict(self.ops)
        other.listed = {o: list(d) for o, d in self.listed.items()}
        other.reigns = {r: list(d) for r, d in self.reigns.items()}
        other.acked, other.gone, other.abroad = list(self.acked), set(self.gone), set(self.abroad)
        other.removals, other.forgotten = list(self.removals), dict(self.forgotten)
        for name in ('changes', 'run', 'unled', 'up', 'abled', 'deaf', 'dim'):
            setattr(other, name, list(getattr(self, name)))
        other.conn, other.two, other.given = dict(self.conn), dict(self.two), dict(self.given)
        other.steady = dict(self.steady)
        other.seen = dict(self.seen)
        return other

    def fail(self, why):
        raise Broken('tick %d: %s' % (self.now, why))

    def plant(self, name):
        return self.rules.plant == name

    def leaders_only(self):
        return self.rules.plant in ('leaders-only', 'leaders-wait')

    # ------------------------------------------------------------ writing

    def write(self, m, kind='put', about=None):
        dot = (m.origin, m.vec.get(m.origin, 0) + 1)
        if dot in self.ops:
            self.fail('member %d writes %s.%d a second time' % (m.node, dot[0], dot[1]))
        fallen = m.lost is not None and m.vec.get(m.lost[0], 0) < m.lost[1]
        if fallen:  # It lacks what it wrote itself: a leader that fell back, as without promotion.
            self.exempt.add(dot)
        for o, s in self.forgotten.items():
            if m.vec.get(o, 0) < s and not fallen:
                self.fail('member %d writes without having seen a removal that another has forgotten' % m.node)
        self.ops[dot] = (kind, about, dict(m.vec))
        m.vec[dot[0]] = dot[1]
        if not m.late:
            m.dur = dict(m.vec)
        if kind == 'remove':
            self.removals.append(dot)
        if kind == 'row':
            self.listed.setdefault(about, []).append(dot)
        elif kind != 'reign':
            self.acked.append(dot)
            self.seen['writes'] += 1

    def write_reign(self, m):
        """The row of its reign: whoever has applied it has all that the leader had as it began."""
        self.base = dict(self.base)
        self.base[m.node] = {o: s for o, s in m.vec.items() if self.m[home(o)].region == m.region}
        if self.plant('silent-reign') and self.now:
            return
        self.write(m, 'reign')
        if self.rules.trace is not None:
            self.rules.trace.writes_reign(m)
        self.reigns.setdefault(m.region, []).append((m.led, -m.rank, -m.node, m.origin, m.vec[m.origin]))
        self.reigns[m.region].sort(reverse=True)

    def end(self, m):
        own = m.role in (LEADS, LEAVES) and (
            self.own_row(m) or self.plant('new-origin') or self.plant('silent-reign') or
            (m.blind and self.plant('lag-of-blind')))
        reign, origin = (m.led, m.origin) if own else self.newest_row(m)
        return End(reign, origin, m.vec.get(origin, 0), m.dur.get(origin, 0))

    def newest_row(self, m):
        """The greatest reign whose row it has applied, and that row's origin."""
        return next(((r, o) for r, _, _, o, s in self.reigns.get(m.region, ()) if m.vec.get(o, 0) >= s), (0, 0))

    def own_row(self, m):
        """The row of its reign is in its present origin."""
        return any(r == m.led and o == m.origin for r, _, _, o, _ in self.reigns.get(m.region, ()))

    def may_write(self, m):
        return m.state == RUNS and m.role == LEADS  # An unfit one as well, as its disk lets it.

    def lists(self, m, origin):
        return any(m.vec.get(o, 0) >= s for o, s in self.listed.get(origin, ()))

    def begin_origin(self, m):
        m.origin = origin_of(m.node, m.begun)
        m.begun += 1

    def take(self, m, shown):
        """Operations from a peer, in an order that never puts one before what it depends on."""
        left = self.rules.rate
        moved = True
        while left and moved:
            moved = False
            for o in sorted(shown):
                while left and m.vec.get(o, 0) < shown[o]:
                    dot = (o, m.vec.get(o, 0) + 1)
                    if not covers(m.vec, self.ops[dot][2]):
                        break
                    m.vec[o] = dot[1]
                    moved, left = True, left - 1
        if not m.late:
            m.dur = dict(m.vec)


    def linked(self, i, j):
        return (i, j) not in self.cut and (j, i) not in self.cut

    def tick(self):
        self.now += 1
        for due, i, j, cards, beat, ack, stream, reports in [w for w in self.wire if w[0] <= self.now]:
            to = self.m[j]
            if to.state == DOWN or (i, j) in self.cut:
                continue
            if to.state == RUNS:
                to.direct[i] = self.now
            for c in cards:
                if c.node not in to.inbox or to.inbox[c.node].made < c.made:
                    to.inbox[c.node] = c
            if (j, i) not in self.cut:  # It echoes one of mine: the link works both ways.
                if beat is not None and (i not in to.beats or to.beats[i].made < beat.made):
                    to.beats[i] = beat
                if ack is not None and (i not in to.acks or to.acks[i][0] < ack[0]):
                    to.acks[i] = ack
                if i not in to.streams or to.streams[i][0] < stream[0]:
                    to.streams[i] = stream
            for o, (made, dur) in reports.items():
                if made > to.reports.get(o, (-1,))[0]:
                    to.reports[o] = (made, dur)
        self.wire = [w for w in self.wire if w[0] > self.now]
        order = list(self.m)
        if self.rng is not None:
            self.rng.shuffle(order)
        for m in order:
            if m.state == STALLED:
                m.slept += 1
            if m.state != RUNS:
                continue
            self.turn(m)
            own = m.told = self.card(m)
            if self.rules.trace is not None:
                self.rules.trace.decided(self, m)
            rest = [] if self.plant('own-news-only') else [
                c for c in m.table.values() if self.now - c.made <= 2 * self.rules.promote]
            due = {c.node for c in rest if self.due(m, c)}
            if self.removals:
                m.reports[m.origin] = (self.now, dict(m.dur))
            reports = dict(m.reports) if self.removals else {}
            vectors = (dict(m.vec), dict(m.dur))
            stream = (self.now, vectors[0])
            beats = (self.now + m.node) % self.rules.heart == 0
            beat = Beat(self.now, *vectors, own) if beats else None
            ack = (self.now, *vectors) if not beats and vectors != m.shown else None
            m.shown = vectors if self.rules.heart > 1 else None
            for j in range(len(self.m)):
                if j != m.node and (m.node, j) not in self.cut:
                    delay = 1 if self.rng is None else self.rng.randint(1, self.rules.delay)
                    home = m.region if self.m[j].region == m.region else None
                    cards = [own] + [c for c in rest if c.node != j
                                     and (self.m[c.node].region == home or c.node in due)]
                    self.wire.append((self.now + delay, m.node, j, cards, beat, ack, stream, reports))
            for c in rest:
                if c.node in due:
                    m.passed[c.node] = (self.now, c.made, self.what(c))
        self.judge()

    @staticmethod
    def what(card):
        return (card.role, card.reign, card.blind, card.fit, card.heir)

    def due(self, m, card):
        """To and from other regions: each P/2, and at once where it tells of a change."""
        if card.node not in m.passed:
            return True
        when, made, what = m.passed[card.node]
        return card.made > made and (self.now - when >= self.rules.pause or
                                     (what != self.what(card) and not self.plant('relays-wait')))

    # ------------------------------------------------------------ faults

    def fault(self):
        self.quiet = 0
        self.changes = [0] * len(self.m)

    def crash(self, i, power=False):
        m = self.m[i]
        m.state, m.power = DOWN, power or m.power
        if power and m.vec.get(m.origin, 0) > m.dur.get(m.origin, 0):
            m.lost = (m.origin, m.vec[m.origin])
        if power and m.vec != m.dur:
            for o in list(m.vec):
                for s in range(m.dur.get(o, 0) + 1, m.vec[o] + 1):
                    if not any(x is not m and x.vec.get(o, 0) >= s for x in self.m):
                        self.gone.add((o, s))
                        if not self.m[home(o)].late:
                            self.fail('a write that waited for the disk is lost')
                    elif self.m[home(o)].region == m.region and not any(
                            x is not m and x.region == m.region and x.vec.get(o, 0) >= s for x in self.m):
                        self.abroad.add((o, s))
            m.vec = dict(m.dur)
        m.table, m.inbox, m.direct, m.pending, m.closer, m.cover = {}, {}, {}, (), (), None
        m.beats, m.peers, m.passed, m.reports = {}, {}, {}, {}
        m.acks, m.streams, m.shown = {}, {}, None
        m.ahead, m.queued = (), 0
        m.heard, m.silence, m.slept, m.woken, m.told, m.whole = -99, 0, 0, False, None, None
        self.fault()

    def restart(self, i):
        m = self.m[i]
        if not m.at_rest and (m.power or m.late) and not self.plant('blind-origin'):
            m.allowed += 1
            self.begin_origin(m)
            m.at_rest = True
        m.state, m.role, m.power = RUNS, STARTS, False
        m.reign, m.led, m.listened, m.heir, m.lead_origin = m.row_led, 0, 0, None, None
        m.blind, m.sight = False, 0
        if self.rules.trace is not None:
            self.rules.trace.begins(self, m, True)
        for x in self.m:  # A new connection begins with all fresh cards.
            x.passed = {}
        self.fault()

    def stall(self, i):
        self.m[i].state = STALLED
        self.fault()

    def wake(self, i):
        m = self.m[i]
        m.state, m.woken = RUNS, True
        self.fault()

    def handover(self, i):
        m = self.m[i]
        if m.blind:
            return
        heirs = [c for c in self.mates(m) if c.able and c.fit and c.role == FOLLOWS
                 and (self.linked_to(m, c.node) or self.plant('heir-far'))]
        if self.rules.trace is not None:
            self.rules.trace.meets(self, m)
        if heirs:
            best = min(heirs, key=lambda c: (self.reach(m) and not c.reach, self.m[c.node].rank, c.node))
            m.to, m.forced, m.wait = best.node, False, 0
            self.change(m, LEAVES)
            self.fault()
        if self.rules.trace is not None:
            self.rules.trace.hands_over(self, m)

    def join(self, i):
        m = self.m[i]
        self.listed.pop(m.origin, None)
        m.vec, m.dur, m.state = {}, {}, DOWN
        m.row_led, m.reign, m.cover, m.heard = 0, 0, None, -99

    def set_cut(self, pairs, on):
        self.cut = self.cut | frozenset(pairs) if on else self.cut - frozenset(pairs)
        for i, j in pairs if not on else ():
            self.m[i].passed, self.m[j].passed = {}, {}
        self.fault()

    def set_fit(self, i, fit):
        self.m[i].fit = fit
        self.fault()

    def mend(self):
        self.cut = frozenset()
        for m in self.m:
            m.fit, m.passed = True, {}
            if m.state == DOWN:
                self.restart(m.node)
            if m.state == STALLED:
                self.wake(m.node)
        self.fault()
