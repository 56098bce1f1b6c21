"""Cards, members, the constants of the rules, and the bugs that are planted.

A region has members: one data directory each, of which one leads. Every member shows a CARD each
tick; a member that has a card passes it on, so cards cross other regions and followers: to and from
other regions each P/2, and at once where it tells of a change. A card has one position, in the
origin of the greatest reign; whole vectors come by direct links alone (BEAT). Nobody votes. A
follower that has heard no leader for P of its own ticks, and is first in the order, leads. Two
leaders that hear each other are one again soon: the one with the lower reign gives way. A wrong
promotion costs nothing but that: each directory writes under an origin of its own, for ever.
One that heard nobody at all leads BLIND, under the reign it knows, not above it: a leader that it
only failed to hear stays the leader.

A tick is a beat: an eighth of `promote_after` (P = 8); the exhaustive worlds are smaller (P = 3).
Time is the tick of the world; a process that is stalled counts none of its own.
"""
from collections import namedtuple

# One member's statement about itself. `made` is the tick at which it was made; receivers know it as
# an age: the time that holders kept it, by steady clocks, and the delays of links.
Card = namedtuple('Card', 'node made role reign known blind fit able ripe lag reach origin end heir')
# How far it is in the origin of the greatest reign whose row it has applied; of a leader: in its own,
# once the row of its reign is there: it is not where the leader has begun an origin since.
End = namedtuple('End', 'reign origin applied durable')
# What a direct link alone tells, as heartbeats do: the whole vectors, and the card of that moment.
# An acknowledgement brings newer vectors, and leaves the rest as the last heartbeat had it.
Beat = namedtuple('Beat', 'made vec dur card')

STARTS, FOLLOWS, LEADS, LEAVES = 'starts', 'follows', 'leads', 'leaves'
DOWN, RUNS, STALLED = 'down', 'runs', 'stalled'

PLANTS = {
    'no-reign': 'two leaders compare rank and name alone',
    'stale-row': 'a leader steps down for a greater reign that it has read of, fresh or not',
    'no-freshness': 'a member that lags, or knows nothing, leads by itself',
    'fresh-origin': 'each promotion begins an origin',
    'wall-clock': 'silence is counted while the process stands still',
    'applied-unsynced': 'order by what is applied, and a promotion that does not wait for the disk',
    'blind-origin': 'an origin is continued although its end may be lost',
    'led-unsynced': 'writes begin before the disk knows that this directory leads',
    'no-turns': 'all candidates promote at once',
    'late-turns': 'where the candidates before one change, their turns are taken to have begun long ago',
    'own-news-only': 'cards are not passed on',
    'leaders-only': 'only members that have led are waited for before removals are forgotten',
    'leaders-wait': 'the same, and they are forgotten only after twice the allowed lag',
    'forget-undurable': 'a leader forgets a removal that its own disk does not have',
    'unlisted': 'a member leads before it has applied the row that lists it',
    'newest-order': 'a candidate compares its newest position with what others have shown',
    'any-heir': 'an heir is believed although a later reign is known',
    'hasty-handover': 'the reign is given before the heir has everything',
    'no-blind': 'one that has heard nobody leads like any other',
    'stays-blind': 'a blind leader takes no reign of its own when it hears others again',
    'hears-long': 'a card that is fresh is taken for hearing, although the leader\'s may have been as fresh',
    'unfit-follows': 'who led, and is unfit as it starts, follows',
    'deaf-all': 'lag is known when some of the listed members are heard, not all',
    'all-of-none': 'one that is in no list, and knows of no member, takes it that all have spoken',
    'moving-order': 'positions are compared while a leader that is unfit goes on writing',
    'mixed-ends': 'positions are compared although they are of different origins',
    'lag-of-blind': 'the position of a blind leader, which may have written nothing, tells how old its state is',
    'new-origin': 'a leader that has begun an origin shows its end there, before the row of its reign is in it',
    'silent-reign': 'a leader writes no row as its reign begins, and shows its end as if it had',
    'relays-wait': 'a card that tells of another role or reign waits as others do before it is passed on',
    'heir-far': 'an heir is chosen, and believed to have all, without a direct link to it',
}


class Broken(Exception):
    """A judge has found something."""


class Rules:
    trace = None  # Where the worlds write what their members decide, and out of what (traces.py).

    def __init__(self, plant=None, promote=8, turn=2, stale=24, delay=2, rate=3, sync=3, heart=1):
        self.plant = plant
        self.promote = promote  # P: own ticks of silence.
        self.turn = turn        # Ticks between two candidates.
        self.stale = stale      # A member that lags by more does not lead by itself.
        self.delay = delay      # The longest delay of a link.
        self.rate = rate        # Operations that one member takes from another in a tick.
        self.sync = sync        # Ticks between two syncs, where commits do not wait for the disk.
        self.heart = heart      # Ticks between two heartbeats: a second, where beats are faster.
        self.link = promote if heart == 1 else max(promote, 3 * heart)  # A direct link works so long.
        self.pause = max(1, promote // 2)  # Between two cards of a node that are passed on to or from another region.


class Member:
    __slots__ = ('node', 'region', 'rank', 'late', 'state', 'role', 'reign', 'led', 'origin', 'begun', 'allowed',
                 'vec', 'dur', 'row_role', 'row_led', 'at_rest', 'table', 'inbox', 'silence', 'heard', 'listened',
                 'fit', 'cover', 'pending', 'lead_origin', 'lead_reach', 'direct', 'to', 'forced', 'wait', 'heir',
                 'woken', 'slept', 'ticks', 'power', 'forgot', 'need', 'told', 'lost', 'blind', 'row_blind', 'sight',
                 'whole', 'beats', 'peers', 'closer', 'passed', 'reports', 'acks', 'streams', 'shown',
                 'ahead', 'queued')

    def __init__(self, node, region, rank, late):
        self.node, self.region, self.rank, self.late = node, region, rank, late  # late: syncs later than it commits
        self.state, self.role = RUNS, FOLLOWS
        self.reign = 0                         # The greatest that it knows of.
        self.led = 0                           # Its own.
        self.origin, self.begun, self.allowed = origin_of(node, 0), 1, 1
        self.vec, self.dur = {}, {}            # Applied; on its disk.
        self.row_role, self.row_led = FOLLOWS, 0
        self.at_rest = True                    # The disk knows the end of its own origin.
        self.table, self.inbox = {}, {}
        self.silence, self.heard, self.listened = 0, -99, 0
        self.fit = True
        self.cover = None                      # The tick of the newest leader's state that it covers.
        self.pending = ()                      # Of (tick, vector): not covered yet.
        self.lead_origin, self.lead_reach = None, False
        self.direct = {}                       # {node: tick} when something came on a direct link.
        self.to, self.forced, self.wait, self.heir = None, False, 0, None
        self.woken, self.slept, self.ticks, self.power = False, 0, 0, False
        self.forgot = ()
        self.need = None
        self.lost = None                       # (origin, seq): the end that a loss of power took from it.
        self.told = None                       # Its own last card: what the others compare.
        self.blind, self.row_blind = False, False  # Leads, and had heard nobody when it began.
        self.sight = 0                         # A blind leader's ticks since it hears somebody again.
        self.whole = None                      # (tick, vector, kin): what all listed members have shown.
        self.beats, self.peers = {}, {}        # {node: Beat}: come; the newest of each direct link.
        self.closer = ()                       # As pending, of whole vectors.
        self.passed = {}                       # {node: (tick, made, what)}: last passed on to or from another region.
        self.reports = {}                      # {origin: (made, durable vector)}: what others have signed.
        self.acks = {}                         # {node: (made, vec, dur)}: the newest acknowledgements.
        self.streams = {}                      # {node: (made, vec)}: what a peer has to send.
        self.shown = None                      # The vectors of its last heartbeat or acknowledgement.
        self.ahead, self.queued = (), 0        # Candidates before it, in their order; its ticks since it is these.

    def copy(self):
        other = Member.__new__(Member)
        for name in Member.__slots__:
            setattr(other, name, getattr(self, name))
        other.vec, other.dur = dict(self.vec), dict(self.dur)
        other.table, other.inbox, other.direct = dict(self.table), dict(self.inbox), dict(self.direct)
        other.beats, other.peers, other.passed = dict(self.beats), dict(self.peers), dict(self.passed)
        other.reports = dict(self.reports)
        other.acks, other.streams = dict(self.acks), dict(self.streams)
        return other


def origin_of(node, number):
    return 1000 * (node + 1) + number


def home(origin):
    """The node of an origin."""
    return origin // 1000 - 1


def covers(vec, other):
    return all(vec.get(o, 0) >= s for o, s in other.items())
