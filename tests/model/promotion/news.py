"""What a member makes of cards and of direct links."""
from promotion.cards import FOLLOWS, LEADS, LEAVES, STARTS, Card, covers, home


class News:
    def card(self, m):
        known = max(m.reign, m.led)
        reign = m.led if m.role in (LEADS, LEAVES) or m.heir is not None else 0
        return Card(m.node, self.now, m.role, reign, known, m.blind, m.fit, self.able(m), self.able(m, True),
                    self.lag(m), self.reach(m), m.origin, self.end(m), m.heir)

    def linked_to(self, m, j):
        """The newest Beat of a direct link that works."""
        beat = m.peers.get(j)
        return beat if beat is not None and self.now - beat.made <= self.rules.link else None

    def fresh(self, card):
        return self.now - card.made <= self.rules.promote

    def mates(self, m):
        return [c for c in m.table.values() if self.m[c.node].region == m.region and self.fresh(c)]

    def key(self, card):
        mate = self.m[card.node]
        return (0 if self.plant('no-reign') else card.reign, not card.blind, -mate.rank, -mate.node)

    def own_key(self, m):
        return (0 if self.plant('no-reign') else m.led, not m.blind, -m.rank, -m.node)

    def hears(self, m):
        """Somebody, whoever it is: half of P is more than what ways to it may differ by."""
        return any(2 * (self.now - c.made) < self.rules.promote or self.plant('hears-long') and self.fresh(c)
                   for c in m.table.values())

    def lacks(self, m):
        """Somebody shows more of what this region has written than is here."""
        return any(s > m.vec.get(o, 0) for j in m.peers if self.linked_to(m, j) for o, s in m.peers[j].dur.items()
                   if self.m[home(o)].region == m.region) or any(
                       c.end.durable > m.vec.get(c.end.origin, 0) for c in self.mates(m))

    def kin(self, m):
        """The other members of its region that the list names, under whatever origin."""
        names = {home(o) for o in self.listed if self.lists(m, o)}
        return {x for x in names if self.m[x].region == m.region and x != m.node}

    def lag(self, m):
        return 0 if m.role in (LEADS, LEAVES) else None if m.cover is None else self.now - m.cover

    def reach(self, m):
        return any(self.now - t <= self.rules.link and self.m[j].region != m.region
                   for j, t in m.direct.items())

    def able(self, m, unlisted=False):
        """May it lead by itself?"""
        if not m.fit:
            return False
        if m.role == STARTS:
            return m.row_role == LEADS
        if not unlisted and not self.lists(m, m.origin) and not (self.plant('unlisted') or self.leaders_only()):
            return False
        lag = self.lag(m)
        return self.plant('no-freshness') or (lag is not None and lag <= self.rules.stale)

    def hear(self, m, card):
        old = m.table.get(card.node)
        if card.node == m.node or (old is not None and old.made >= card.made):
            return
        m.table[card.node] = card
        mate = self.m[card.node]
        if mate.region != m.region:
            return
        m.reign = max(m.reign, card.known)
        if card.role in (LEADS, LEAVES) and self.fresh(card):
            if card.reign >= m.reign or m.lead_origin is None:
                m.lead_origin, m.lead_reach = card.origin, card.reach
            own = card.end.origin == card.origin  # It has all that the leader had as it wrote the row of its reign.
            if own and (not card.blind or self.plant('lag-of-blind')):
                end = {card.end.origin: card.end.applied}
                m.pending = (m.pending[:1] or ()) + ((card.made, end),)  # The oldest and the newest.

    def feel(self, m, j, beat):
        """Whole vectors, from a direct link."""
        old, card = m.peers.get(j), beat.card
        if old is not None and old.made >= beat.made:
            return
        m.peers[j] = beat
        if self.m[j].region == m.region and self.fresh(card):
            if card.role in (LEADS, LEAVES):
                m.closer = (m.closer[:1] or ()) + ((beat.made, beat.vec),)
            elif card.able and card.lag is not None:
                m.closer = (m.closer[:1] or ()) + ((beat.made - card.lag, beat.vec),)
        if beat.vec.get(m.origin, 0) > m.vec.get(m.origin, 0) and not self.plant('blind-origin'):
            self.seen['conflicts'] += 1
            m.allowed += 1
            self.begin_origin(m)

    def look_at_cover(self, m):
        for name in ('pending', 'closer'):
            left = []
            for made, vec in getattr(m, name):
                if covers(m.vec, vec):
                    m.cover = made if m.cover is None else max(m.cover, made)
                else:
                    left.append((made, vec))
            setattr(m, name, tuple(left))

    def hear_all(self, m, mates):
        """Nobody leads, all listed members are heard: with all that they show, it lags behind none.

        One that is not listed itself may know of too few; so may one that learns of more meanwhile.
        """
        if m.whole is not None and self.now - m.whole[0] > 2 * self.rules.promote:
            m.whole = None
        if m.role == FOLLOWS and m.whole is None and not any(c.role in (LEADS, LEAVES) for c in mates):
            kin, there = self.kin(m), {c.node: m.peers[c.node] for c in mates if self.linked_to(m, c.node)}
            known = self.lists(m, m.origin) or self.plant('all-of-none')
            if known and all(k in there for k in kin) or self.plant('deaf-all'):
                shown = {}
                for k in kin & set(there):
                    for o, s in there[k].vec.items():
                        shown[o] = max(shown.get(o, 0), s)
                m.whole = (min([there[k].made for k in kin & set(there)], default=self.now), shown, kin)
        if m.whole is not None and covers(m.vec, m.whole[1]):
            if m.whole[2] == self.kin(m):
                m.cover = m.whole[0] if m.cover is None else max(m.cover, m.whole[0])
            m.whole = None
