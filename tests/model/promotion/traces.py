"""Traces: what each member of a world decides, and out of what, as lines of JSON.

    {"times": [promote_after, beat, between, link, lag]}     a world begins; all times in milliseconds
    {"begin": NODE, "row": [leads, reign, blind], "listens": BOOL}
    {"turn": NODE, "at": SITUATION, "then": DECISION, "own": OWN, "shows": CARD}
    {"hand": NODE, "at": SITUATION, "to": NODE or null}      a handover; null: refused

The fields are those of regions/members/candidate.h, in their order. OWN is the member itself as it
shows its card: after what it has written in its turn.
"""
import json

from promotion.cards import FOLLOWS, LEADS, LEAVES, STARTS, home

MS = 250  # Of a tick.
ROLES = {STARTS: 1, FOLLOWS: 2, LEADS: 3, LEAVES: 4}


def ms(ticks):
    return None if ticks is None else MS * ticks


def vector(vec):
    return [[o, s] for o, s in sorted(vec.items()) if s]


def node(number):
    return None if number is None else number + 1  # A node is never 0.


class Trace:
    """Writes to `file`. A World with these rules calls the rest."""

    def __init__(self, file):
        self.file = file
        self.lines = 0
        self.at = None      # The situation of the turn that is under way.
        self.row = None     # What it stores.
        self.reign = False  # It writes the row of its reign.

    def line(self, **fields):
        self.file.write(json.dumps(fields, separators=(',', ':')) + '\n')
        self.lines += 1

    def world(self, rules):
        self.line(times=[ms(rules.promote), MS, ms(rules.turn), ms(rules.link), ms(rules.stale)])

    def begins(self, _, m, listens):
        self.line(begin=node(m.node), row=[m.row_role == LEADS, m.row_led, m.row_blind], listens=listens)

    def meets(self, w, m):
        """All that a member decides by, after it has read what has come."""
        self.row, self.reign = None, False
        self.at = {'now': ms(w.now), 'cards': [self.card(w, m, c) for _, c in sorted(m.table.items())],
                   'links': [self.link(w, m, j, b) for j, b in sorted(m.peers.items())], 'own': self.own(w, m)}

    def stores(self, m):
        self.row = [m.row_role == LEADS, m.row_led, m.row_blind]

    def writes_reign(self, _):
        self.reign = True

    def decided(self, w, m):
        card = m.told
        then = {'role': ROLES[m.role], 'reign': card.reign, 'known': m.reign, 'blind': m.blind,
                'heir': node(m.heir), 'to': node(m.to) if m.role == LEAVES else None, 'silence': ms(m.silence),
                'row': self.row, 'writes_reign': self.reign}
        shows = [card.able, card.ripe, card.reach, list(card.end), ms(card.lag)]
        self.line(turn=node(m.node), at=self.at, then=then, own=self.own(w, m), shows=shows)

    def hands_over(self, _, m):
        self.line(hand=node(m.node), at=self.at, to=node(m.to) if m.role == LEAVES else None)

    @staticmethod
    def card(w, m, c):
        mate = w.m[c.node]
        return [node(c.node), 0, c.made, ms(c.made), mate.region == m.region, ROLES[c.role], c.reign, c.known, c.blind,
                c.fit, c.able, c.reach, mate.rank, c.origin, list(c.end), node(c.heir)]

    @staticmethod
    def link(w, m, j, beat):
        return [node(j), w.m[j].region == m.region, ms(beat.made), ROLES[beat.card.role], beat.card.able,
                ms(beat.card.lag), vector(beat.vec), vector(beat.dur)]

    @staticmethod
    def own(w, m):
        abroad = [t for j, t in m.direct.items() if w.m[j].region != m.region]
        origins = {m.origin} | {o for x in w.m for o in x.vec if w.m[home(o)].region == m.region}
        reign, origin = w.newest_row(m)
        return [node(m.node), m.rank, m.origin, vector(m.vec), vector(m.dur), m.fit, True, w.lists(m, m.origin),
                ms(max(abroad, default=None)), [node(k) for k in sorted(w.kin(m))], sorted(origins), reign, origin,
                max((r for r, _, _, o, _ in w.reigns.get(m.region, ()) if o == m.origin), default=0)]
