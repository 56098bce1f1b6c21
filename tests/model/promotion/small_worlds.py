"""Small worlds, whole."""
import time

from promotion.cards import DOWN, LEADS, RUNS, Broken, Rules
from promotion.world import World


def frozen(w):
    """The state as a key: times are relative, and no older than they matter."""
    now, cap = w.now, 3 * w.rules.promote + 2

    def age(t):
        return min(now - t, cap)

    def vec(v):
        return tuple(sorted(v.items()))

    def card(c):
        return (c.node, age(c.made), c.role, c.reign, c.known, c.blind, c.fit, c.able, c.ripe, c.reach, c.origin, c.end,
                c.heir)

    def beat(b):
        return (age(b.made), vec(b.vec), vec(b.dur), b.card.lag, b.card.able, b.card.role)
    members = tuple(
        (m.state, m.role, m.reign, m.led, m.origin, vec(m.vec), vec(m.dur), m.row_role, m.row_led, m.at_rest,
         tuple(card(m.table[k]) for k in sorted(m.table)), tuple(card(m.inbox[k]) for k in sorted(m.inbox)),
         min(m.silence, cap), age(m.heard), m.listened, m.fit, None if m.cover is None else age(m.cover),
         tuple((age(t), vec(v)) for t, v in m.pending), m.lead_origin, m.lead_reach,
         tuple((j, age(t)) for j, t in sorted(m.direct.items())), m.to, m.forced, m.wait, m.heir, m.woken,
         m.ticks % w.rules.sync if m.late else 0, m.power,
         m.blind, m.row_blind, m.sight,
         None if m.whole is None else (age(m.whole[0]), vec(m.whole[1]), tuple(sorted(m.whole[2]))),
         m.ahead, min(m.queued, cap),
         None if m.told is None else (m.told.reach, m.told.end),
         tuple((j, beat(b)) for j, b in sorted(m.beats.items())),
         tuple((j, beat(b)) for j, b in sorted(m.peers.items())),
         tuple((age(t), vec(v)) for t, v in m.closer),
         tuple((k, min(now - t, w.rules.pause), age(made), what) for k, (t, made, what) in sorted(m.passed.items())))
        for m in w.m)
    wire = tuple((due - now, i, j, tuple(card(c) for c in cards), None if b is None else beat(b),
                  None if a is None else (age(a[0]), vec(a[1]), vec(a[2])))
                 for due, i, j, cards, b, a, _, _ in w.wire)
    rows = tuple((r, tuple(d)) for r, d in sorted(w.reigns.items())), tuple((o, tuple(d)) for o, d in w.listed.items())
    hearts = () if w.rules.heart == 1 else (now % w.rules.heart, tuple(
        tuple((j, age(x[0])) + tuple(vec(v) for v in x[1:]) for j, x in sorted(y.items()))
        for m in w.m for y in (m.acks, m.streams)))
    return (members, hearts, w.cut, wire, rows, tuple(sorted(w.ops)), tuple(w.acked), w.quiet if w.quiet < cap else cap,
            tuple(w.changes), tuple(w.run), tuple(w.up), tuple(w.abled),
            tuple((i, age(t), a) for i, (t, a) in sorted(w.promoted.items())),
            tuple((i, age(t)) for i, t in sorted(w.led_at.items())),
            tuple((i, age(t)) for i, t in sorted(w.left.items())), tuple(sorted(w.conn.items())),
            tuple(w.deaf), tuple(w.dim), tuple((a, tuple(sorted(s))) for i, (a, s) in sorted(w.steady.items())),
            tuple(sorted(w.two.items())), tuple(min(u, 99) for u in w.unled))


def events(w, faults):
    """All that may happen now, as functions of a world."""
    n = len(w.m)
    for i, m in enumerate(w.m):
        if w.may_write(m) and len(w.acked) < 2 and w.m[i].region == 'eu':
            yield 'write %d' % i, 0, lambda x, i=i: x.write(x.m[i])
    if faults == 0:
        return
    for i, m in enumerate(w.m):
        if m.state == DOWN:
            yield 'start %d' % i, 1, lambda x, i=i: x.restart(i)
            continue
        yield 'kill %d' % i, 1, lambda x, i=i: x.crash(i)
        if m.late:
            yield 'power %d' % i, 1, lambda x, i=i: x.crash(i, True)
        if m.state == RUNS:
            yield 'stall %d' % i, 1, lambda x, i=i: x.stall(i)
        else:
            yield 'wake %d' % i, 1, lambda x, i=i: x.wake(i)
        if m.region == 'eu':
            yield 'fit %d' % i, 1, lambda x, i=i: x.set_fit(i, not x.m[i].fit)
            if m.state == RUNS and m.role == LEADS and m.fit:
                yield 'handover %d' % i, 1, lambda x, i=i: x.handover(i)
    for i in range(n):
        for j in range(n):
            if i == j:
                continue
            if (i, j) in w.cut:
                yield 'heal %d>%d' % (i, j), 1, lambda x, p=(i, j): x.set_cut([p], False)
            else:
                yield 'cut %d>%d' % (i, j), 1, lambda x, p=(i, j): x.set_cut([p], True)
            if i < j and (i, j) not in w.cut and (j, i) not in w.cut:
                yield 'cut %d|%d' % (i, j), 1, lambda x, p=((i, j), (j, i)): x.set_cut(p, True)
            if i < j and (i, j) in w.cut and (j, i) in w.cut:
                yield 'heal %d|%d' % (i, j), 1, lambda x, p=((i, j), (j, i)): x.set_cut(p, False)


def small(shape, faults, plant=None, limit=None, promote=3, heart=1, seconds=None):
    """Every order of so many faults, at every distance, and the quiet time after them.

    Ends early after so many states, or so many seconds of processor time.
    """
    rules = Rules(plant, promote=promote, turn=2, stale=2 * promote, delay=1, rate=100, heart=heart)
    first = World(rules, shape)
    for _ in range(rules.promote + 3):
        first.tick()
    first.fault()
    first.run = [min(r, 3 * rules.promote + 2) for r in first.run]
    n = len(first.m)
    rest = 3 * rules.promote + n * (rules.turn + 1) + 2  # Roles have settled by then.
    known, todo, ticks, began = set(), [(first, faults, ())], 0, time.process_time()
    seen = dict(first.seen)
    while todo:  # The last one first: the states that are waited with are few.
        w, left, story = todo.pop()
        for name, cost, act in [('', 0, None)] + list(events(w, left)):
            if act is None and w.quiet > rest:
                continue
            x = w.copy()
            tale = story + ((w.now, name),) if name else story
            try:
                if act is not None:
                    act(x)
                before = sum(x.changes)
                x.tick()
                if x.quiet > rest - rules.promote and sum(x.changes) > before:
                    x.fail('roles go on changing')
            except Broken as broken:
                return None, ticks, '%s after %s' % (broken, list(tale)), seen
            ticks += 1
            for k in ('two', 'unled', 'changes', 'handover'):
                seen[k] = max(seen[k], x.seen[k])
            key = hash((frozen(x), left - cost))
            if key in known:
                continue
            known.add(key)
            todo.append((x, left - cost, tale))
            spent = time.process_time() - began
            if (limit and len(known) >= limit) or (seconds and spent > seconds):
                return known, ticks, 'stopped at %d states' % len(known), seen
    return known, ticks, '%.0f s' % (time.process_time() - began), seen


SMALL = [
    ('eu 2, us 1, synced', [('eu', [False, False]), ('us', [False])]),
    ('eu 2, us 1, interval', [('eu', [True, True]), ('us', [False])]),
    ('eu 2 alone', [('eu', [False, False])]),
    ('eu 3 alone', [('eu', [False, False, False])]),
    ('eu 3, us 1', [('eu', [False, False, False]), ('us', [False])]),
]
