"""What must hold."""
from promotion.cards import DOWN, FOLLOWS, LEADS, LEAVES, RUNS, covers, home


class Judges:
    def judge_promotion(self, m, chosen, mates):
        rules = self.rules
        settled = rules.promote + rules.delay * len(self.m) + 2
        dist = distances(len(self.m), self.cut, tuple(x.state for x in self.m))
        for other in self.m:
            if other is m or other.region != m.region or chosen:
                continue
            linked = self.conn.get((other.node, m.node), 0) >= settled and dist[other.node][m.node] < 99
            if linked and self.run[other.node] >= settled:
                self.fail('member %d promotes itself beside member %d, which leads and can be heard'
                          % (m.node, other.node))
            when, able = self.promoted.get(other.node, (-99, False))
            both = dist[other.node][m.node] == dist[m.node][other.node] == 1 and rules.delay < rules.turn
            if able and both and linked and self.now - when < rules.turn and min(
                    self.up[other.node], self.up[m.node], self.abled[m.node]) >= settled:
                self.fail('members %d and %d promote themselves at once' % (other.node, m.node))
        self.promoted = dict(self.promoted)
        self.promoted[m.node] = (self.now, not chosen and self.abled[m.node] >= settled)
        if chosen:
            since, giver, vec = self.given.pop(m.node, (self.now, m.node, {}))
            self.seen['handover'] = max(self.seen['handover'], self.now - since)
            if not covers(m.vec, vec):
                self.fail('the heir %d lacks writes of member %d' % (m.node, giver))
        elif m.region in self.past and self.past[m.region]:
            covered = [t for t, vec in self.past[m.region] if covers(m.vec, vec)]
            stale = self.now - max(covered) if covered else None
            most = rules.stale + rules.delay * len(self.m) + 1
            if stale is None or stale > most:  # Then it must have all that a leader had until not long ago.
                self.seen['whole'] += 1
                if m.cover is None or self.now - m.cover > most or not all(
                        self.has(m, vec) for t, vec in self.past[m.region] if t <= m.cover):
                    self.fail('member %d promotes itself and is %s ticks behind' % (m.node, stale))
        m.need = None
        if not chosen and self.rng is not None:
            rivals = [c for c in mates if c.role == FOLLOWS and c.able and self.conn.get((c.node, m.node), 0) >= settled
                      and self.conn.get((m.node, c.node), 0) >= settled and c.reach >= self.reach(m)]
            own = self.end(m)
            has = max([c.end.durable for c in rivals if c.end.origin == own.origin], default=0)
            moves = any(c.role in (LEADS, LEAVES) and not c.fit for c in mates)
            m.need = None if moves else (own.origin, has)
            if not moves and any(
                    c.end.reign > own.reign and c.role == FOLLOWS and c.able and c.reach >= self.reach(m)
                    and self.conn.get((c.node, m.node), 0) >= settled for c in mates):
                self.fail('member %d leads, and another had seen a later reign' % m.node)
            if any(self.m[c.node].vec.get(own.origin, 0) > m.vec.get(own.origin, 0) for c in rivals):
                self.seen['sight'] += 1

    def has(self, m, vec):
        """Has it all of a state but what its region has lost with its power?"""
        ends = {}
        for o, s in self.gone | self.abroad:
            ends[o] = min(ends.get(o, s), s)
        return all(m.vec.get(o, 0) >= min(s, ends.get(o, s + 1) - 1) for o, s in vec.items())

    def judge_stepping_down(self, m):
        if m.heir is not None:
            return
        rules = self.rules
        began = self.left[m.node] if m.role == LEAVES else self.now  # It may have stood still since.
        if not any(x is not m and x.region == m.region and self.led_at.get(x.node, -99) >=
                   began - rules.promote - rules.delay * len(self.m) for x in self.m):
            self.fail('member %d steps down for nobody' % m.node)

    led_at = {}
    left = {}  # {node: the tick in which it began to leave}

    def judge(self):
        rules, n = self.rules, len(self.m)
        dist = distances(n, self.cut, tuple(m.state for m in self.m))
        self.led_at = dict(self.led_at)
        for m in self.m:
            leads = m.state == RUNS and m.role == LEADS
            cap = 3 * rules.promote + 2 if self.rng is None else 99
            self.run[m.node] = min(self.run[m.node] + 1, cap) if leads and m.fit else 0
            self.up[m.node] = min(self.up[m.node] + 1, cap) if m.state == RUNS else 0
            able = m.state == RUNS and m.role == FOLLOWS and self.able(m)
            self.abled[m.node] = min(self.abled[m.node] + 1, cap) if able else 0
            if leads:
                self.led_at[m.node] = self.now
                if m.need and m.vec.get(m.need[0], 0) < m.need[1]:
                    self.fail('member %d leads without a write that another had on its disk' % m.node)
            if self.rng is not None and m.role in (LEADS, LEAVES) and m.state != DOWN:
                own = {o: s if m.blind or home(o) == m.node else self.base[m.node].get(o, 0) for o, s in m.vec.items()
                       if self.m[home(o)].region == m.region}  # Its own, and what it began with.
                self.past.setdefault(m.region, []).append((self.now, own))
        for m in self.m:
            i = m.node
            heard = any(dist[k][i] < 99 for k in range(n) if k != i)
            self.deaf[i] = 0 if heard else min(self.deaf[i] + 1, rules.promote)
            alone, steady = self.steady[i]
            leads = frozenset(x.node for x in self.m if x is not m and x.region == m.region and x.state == RUNS
                              and x.role == LEADS and x.fit and not x.blind)
            if alone and m.role == FOLLOWS:
                alone = False
            if alone and heard:
                leads = frozenset(x for x in leads if dist[x][i] < 99)
            self.steady[i] = (alone, leads & steady if alone or not heard else leads)
            bare = m.state == RUNS and m.role == LEADS and m.blind and m.fit and heard and not any(
                x is not m and x.region == m.region and x.state == RUNS and x.role in (LEADS, LEAVES) for x in self.m)
            bare = bare and not any(dist[x.node][i] < 99 and x.vec.get(o, 0) > m.vec.get(o, 0) for x in self.m
                                    for o in x.vec if self.m[home(o)].region == m.region)
            self.dim[i] = self.dim[i] + 1 if bare else 0
            if self.dim[i] > rules.promote + rules.delay + 2:
                self.fail('member %d hears others, leads alone and stays blind for %d ticks' % (i, self.dim[i]))
        cap = rules.promote + rules.delay * n + 3
        for i in range(n):
            for j in range(n):
                if i == j or self.m[i].region != self.m[j].region:
                    continue
                on = dist[i][j] < 99
                self.conn[(i, j)] = min(self.conn.get((i, j), 0) + 1, cap) if on else 0
                if i < j:
                    both = all(self.m[k].state == RUNS and self.m[k].role == LEADS for k in (i, j))
                    hears = on and dist[j][i] < 99
                    self.two[(i, j)] = self.two.get((i, j), 0) + 1 if both and hears else 0
                    self.seen['two'] = max(self.seen['two'], self.two[(i, j)])
                    if self.two[(i, j)] > rules.delay * (n - 1) + 2:
                        self.fail('members %d and %d both lead, and hear each other, for %d ticks'
                                  % (i, j, self.two[(i, j)]))
        for m in self.m:
            alone = self.abled[m.node] > 0 and not any(
                x.region == m.region and x.state == RUNS and x.role in (LEADS, LEAVES) and x.fit
                and dist[x.node][m.node] < 99 for x in self.m)
            self.unled[m.node] = self.unled[m.node] + 1 if alone else 0
            self.seen['unled'] = max(self.seen['unled'], self.unled[m.node])
            members = sum(x.region == m.region for x in self.m)
            if self.unled[m.node] > rules.promote + (members - 1) * rules.turn + rules.delay * (n - 1) + 2:
                self.fail('member %d is fit, hears no leader, and nobody leads it for %d ticks'
                          % (m.node, self.unled[m.node]))
            if m.begun > m.allowed:
                self.fail('member %d has begun %d origins, %d are allowed' % (m.node, m.begun, m.allowed))
        self.quiet += 1


_distances = {}


def distances(n, cut, states):
    """Links between two members, over members that run; from one that runs, to one that may be stalled."""
    key = (n, cut, states)
    if key not in _distances:
        d = [[0 if i == j else 1 if (i, j) not in cut and states[i] == RUNS and states[j] != DOWN else 99
              for j in range(n)] for i in range(n)]
        for k in range(n):
            if states[k] == RUNS:
                d = [[min(d[i][j], d[i][k] + d[k][j]) for j in range(n)] for i in range(n)]
        _distances[key] = d
    return _distances[key]
