"""One turn of a member."""
from promotion.cards import FOLLOWS, LEADS, LEAVES, RUNS, STARTS, End, covers


class Turns:
    def turn(self, m):
        rules = self.rules
        m.ticks += 1
        if m.woken:  # Its threads have just woken, too: nothing has been read yet.
            m.woken = False
            m.silence += 1 + (m.slept if self.plant('wall-clock') else 0)
        else:
            for card in sorted(m.inbox.values(), key=lambda c: (c.made, c.node)):
                self.hear(m, card)
            for j, beat in sorted(m.beats.items(), key=lambda b: (b[1].made, b[0])):
                self.feel(m, j, self.with_ack(m, j, beat))
            for j in m.acks:
                if j in m.peers:
                    m.peers[j] = self.with_ack(m, j, m.peers[j])
            m.inbox, m.beats = {}, {}
            m.silence += 1
        for other in self.m:
            if other.node in m.streams and other.state == RUNS and self.linked(m.node, other.node):
                self.take(m, m.streams[other.node][1])  # On its way with the cards.
        if m.late and (m.ticks + 5 * m.node) % rules.sync == 0:
            m.dur = dict(m.vec)
        if self.rules.trace is not None:
            self.rules.trace.meets(self, m)
        mates = self.mates(m)
        self.hear_all(m, mates)
        self.look_at_cover(m)
        leaders = [c for c in mates if c.role in (LEADS, LEAVES)]
        news = [c for c in leaders if c.fit and c.made > m.heard]
        if news:
            m.heard = max(c.made for c in news)
            m.silence = min(m.silence, self.now - m.heard)
        if m.role == LEADS:
            self.lead(m, mates)
        elif m.role == LEAVES:
            self.leave(m, mates)
        elif m.role == STARTS:
            self.start(m, mates, leaders)
        if m.role == FOLLOWS:
            self.follow(m, mates, leaders)

    @staticmethod
    def with_ack(m, j, beat):
        """The vectors of a later acknowledgement, if there is one."""
        made, vec, dur = m.acks.get(j, (-1, None, None))
        return beat._replace(vec=vec, dur=dur) if made > beat.made else beat

    def start(self, m, mates, leaders):
        m.listened += 1
        own_past = m.row_role == LEADS and not self.lists(m, m.origin) and m.listened <= 2 * self.rules.promote
        if leaders and own_past:
            return
        if leaders:
            m.role, m.led = FOLLOWS, m.row_led
            self.keep_row(m, FOLLOWS)  # Or it would go on, when it starts alone, as if it had led last.
            return
        if any(c.known > m.row_led for c in mates):
            m.role = FOLLOWS  # Somebody has led since.
            return
        there = {c.node for c in mates}
        wait = m.listened < self.rules.promote
        if wait and any(k not in there for k in self.kin(m)):
            return
        if m.row_role != LEADS or (self.plant('unfit-follows') and not m.fit):
            m.role = FOLLOWS
            return
        more = self.lacks(m)
        if wait and more:  # It comes, and would be missed.
            return
        self.seen['resumed'] += 1
        self.seen['behind'] += more
        m.led, m.blind, m.sight = m.row_led, m.row_blind, 0
        self.change(m, LEADS)
        self.keep_row(m, LEADS)

    def order(self, m, card, moves):
        """Of two origins the one of the greater reign is further; positions are compared within one alone.

        Not while a leader that is unfit goes on: they move, and it brings itself what it has.
        """
        end = End(0, 0, 0, 0) if moves and not self.plant('moving-order') else card.end
        at = end.applied if self.plant('applied-unsynced') else end.durable
        which = () if self.plant('mixed-ends') else (-end.reign, end.origin)
        return (0 if card.reach or not m.lead_reach else 1,) + which + (-at, self.m[card.node].rank, card.node)

    def follow(self, m, mates, leaders):
        if not self.able(m):
            return
        rules = self.rules
        vacant = [c for c in leaders if not c.fit and c.reign == m.reign]
        named = [c for c in mates if c.heir is not None and (c.known if self.plant('any-heir') else c.reign) == m.reign]
        if vacant and not any(c.fit for c in leaders):
            m.silence = max(m.silence, rules.promote)
        chosen = any(c.heir == m.node for c in named) and not leaders
        own = self.card(m) if m.told is None or self.plant('newest-order') else m.told
        moves = bool(vacant)
        mine = self.order(m, own, moves)
        before = [c for c in mates if c.role in (STARTS, FOLLOWS) and c.able and c.fit
                  and self.order(m, c, moves) < mine]
        turns = 0 if self.plant('no-turns') else len(before)
        ahead = tuple(c.node for c in sorted(before, key=lambda c: self.order(m, c, moves)))
        m.queued = 0 if ahead != m.ahead else m.queued + 1
        m.ahead = ahead
        had_turns = m.queued >= turns * rules.turn or self.plant('late-turns')  # Those that are before it now.
        if chosen or (m.silence >= rules.promote + turns * rules.turn and had_turns):
            self.promote(m, chosen, mates)

    def promote(self, m, chosen, mates):
        self.seen['promotions'] += 1
        self.judge_promotion(m, chosen, mates)
        if self.plant('fresh-origin'):
            self.begin_origin(m)
        m.blind, m.sight = not chosen and not self.hears(m) and not self.plant('no-blind'), 0
        self.seen['blind'] += m.blind
        alone = not chosen and 2 * self.deaf[m.node] >= self.rules.promote
        self.steady[m.node] = (alone, frozenset(x for x in self.steady[m.node][1] if self.m[x].led >= m.reign))
        m.led = m.reign = m.reign + (0 if m.blind else 1)
        self.change(m, LEADS)
        self.keep_row(m, LEADS)
        if not m.blind:
            self.write_reign(m)

    def keep_row(self, m, role):
        """The role and the reign, on the disk, with all before them."""
        if role == LEADS and self.plant('led-unsynced'):
            return
        m.row_role, m.row_led, m.row_blind = role, m.led, m.blind
        m.at_rest = role != LEADS
        if not self.plant('applied-unsynced'):
            m.dur = dict(m.vec)
        if self.rules.trace is not None:
            self.rules.trace.stores(m)

    def lead(self, m, mates):
        m.silence = 0
        m.heir = None
        over = [c for c in mates if c.role in (LEADS, LEAVES) and self.key(c) > self.own_key(m)]
        vacant = m.blind and m.fit and over and not any(c.fit for c in over)
        if vacant:
            over = []
        if self.plant('stale-row') and m.reign > m.led:
            self.step_down(m)
            return
        if over:
            best = max(over, key=self.key)
            if self.steady[best.node][0] and m.node in self.steady[best.node][1]:
                self.fail('member %d, which led and was fit all the time, gives way to %d, which heard nobody'
                          % (m.node, best.node))
            m.to, m.forced, m.wait = best.node, True, 0
            self.change(m, LEAVES)
            self.leave(m, mates)
            return
        m.sight = min(m.sight + 1, self.rules.promote) if m.blind and self.hears(m) else 0
        if not m.fit:
            return
        full = vacant or (m.sight >= self.rules.promote and not self.lacks(m))
        if m.blind and full and not self.plant('stays-blind'):
            self.seen['sighted'] += 1
            m.led = m.reign = m.reign + 1
            m.blind = False
            self.keep_row(m, LEADS)
            self.write_reign(m)
        if m.blind and m.reign > m.led:
            m.led = m.reign
            self.keep_row(m, LEADS)
        if m.reign > m.led:  # Of one that is gone: it has led last now, and says so.
            m.led = m.reign = m.reign + 1
            self.keep_row(m, LEADS)
            self.write_reign(m)
        if not m.blind and not self.own_row(m):
            self.write_reign(m)
        if not self.lists(m, m.origin):
            self.write(m, 'row', m.origin)
        if not self.leaders_only() and not m.blind:
            for c in mates:
                if c.role == FOLLOWS and c.ripe and not self.lists(m, c.origin):
                    self.write(m, 'row', c.origin)
        self.forget(m)

    def leave(self, m, mates):
        """Takes no writes; waits until the other has all that it has, but not for long."""
        m.wait += 1
        over = [c for c in mates if c.role == LEADS and self.key(c) > self.own_key(m)]
        if over:
            m.to, m.forced = max(over, key=self.key).node, True
        card, beat = m.table.get(m.to), self.linked_to(m, m.to)
        if m.forced:  # Without a direct link it cannot know, and does not wait.
            if beat is None or covers(beat.vec, m.vec) or m.wait >= self.rules.promote:
                self.step_down(m)
            return
        ready = card is not None and self.fresh(card) and card.able and card.fit
        if self.plant('heir-far'):
            ready = ready and card.end.durable >= m.vec.get(card.end.origin, 0)
        else:
            ready = ready and beat is not None and (covers(beat.dur, m.vec) or self.plant('hasty-handover'))
        if ready:
            m.heir = m.to
            self.given[m.to] = (self.now, m.node, dict(m.vec))
            self.step_down(m)
        elif m.wait >= self.rules.promote:
            self.change(m, LEADS)  # Goes on, under the same reign.

    def step_down(self, m):
        self.judge_stepping_down(m)
        self.change(m, FOLLOWS)
        m.silence, m.cover, m.pending, m.closer, m.blind = 0, self.now, (), (), False
        self.keep_row(m, FOLLOWS)

    def change(self, m, role):
        if (m.role in (LEADS, LEAVES)) != (role in (LEADS, LEAVES)):
            self.changes[m.node] += 1
            self.seen['changes'] = max(self.seen['changes'], self.changes[m.node])
            if self.changes[m.node] > 2 and self.rng is None:
                self.fail('member %d changes its role %d times after the last fault'
                          % (m.node, self.changes[m.node]))
        if role == LEAVES:
            self.left = {**self.left, m.node: self.now}
        m.role = role

    def forget(self, m):
        """A removal that everybody has seen who may write is forgotten."""
        for dot in self.removals[-40 if self.plant('leaders-wait') else -8:]:
            if dot in m.forgot or (m.vec if self.plant('forget-undurable') else m.dur).get(dot[0], 0) < dot[1]:
                continue
            origins = {o for o in self.listed if self.lists(m, o)} | {o for o in m.vec if m.vec[o]}
            if all(o == m.origin or self.seen_by(m, o).get(dot[0], 0) >= dot[1] for o in origins):
                since = self.all_saw.setdefault((m.node, dot), self.now)
                if self.plant('leaders-wait') and self.now < since + 2 * self.rules.stale:
                    continue
                m.forgot = m.forgot[-16:] + (dot,)
                self.forgotten[dot[0]] = max(self.forgotten.get(dot[0], 0), dot[1])
                self.seen['forgotten'] += 1
                for other, (_, _, had) in self.ops.items():
                    if m.vec.get(other[0], 0) < other[1] and had.get(dot[0], 0) < dot[1] and other != dot \
                            and other not in self.exempt:
                        self.fail('member %d forgets a removal that an operation on its way has not seen' % m.node)

    def seen_by(self, m, origin):
        head = m.vec.get(origin, 0)
        seen = dict(self.ops[(origin, head)][2]) if head else {}
        made, dur = m.reports.get(origin, (0, {}))
        if covers(m.vec, dur):
            for o, s in dur.items():
                seen[o] = max(seen.get(o, 0), s)
        seen[origin] = max(seen.get(origin, 0), head)
        return seen
