"""Random runs."""
import random

from promotion.cards import DOWN, FOLLOWS, LEADS, RUNS, STALLED, Rules
from promotion.world import World


def random_run(seed, plant=None, ticks=400, heart=None):
    rng = random.Random(seed)
    rules = Rules(plant, rate=rng.choice([1, 3, 100]), delay=rng.choice([1, 1, 2]), sync=rng.choice([2, 5, 12]),
                  heart=heart or rng.choice([1, 1, 4]))
    late = rng.choice([0.0, 0.0, 0.5, 1.0])
    shapes = [(2,), (2, 1), (3, 1), (2, 2), (5, 1), (3, 2), (2, 1, 1)]
    shape = rng.choice(shapes)
    names = ['eu', 'us', 'ap']
    w = World(rules, [(names[k], [rng.random() < late for _ in range(size)]) for k, size in enumerate(shape)], rng)
    n = len(w.m)
    new = None
    if n > 2 and rng.random() < 0.3:  # A directory that is new: it has nothing, and is in no list.
        new = rng.choice([m.node for m in w.m if m.rank > 0])
        w.join(new)
    rate = rng.choice([0.02, 0.05, 0.15])
    busy = rng.choice([1, 1, 3])
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    left, aims, led = ticks, rng.random() < 0.3, 0
    while left > 0:
        if new is not None and w.m[new].state == RUNS and w.m[new].listened == 1 and rng.random() < 0.5:
            w.set_cut([p for p in pairs if p[0] == new], True)  # It hears, and is not heard.
        if new is not None and w.m[new].cover is not None and w.m[new].role == FOLLOWS:
            if w.now - w.m[new].cover > 4 or rng.random() < 0.2:  # It is cut off as it has just caught up.
                w.set_cut([p for p in pairs if new in p], True)
                new = None
        if aims and w.seen['promotions'] > led and rng.random() < 0.5:  # The new leader is hit at once.
            i = max(w.promoted, key=lambda x: w.promoted[x][0])
            if w.m[i].state == RUNS:
                w.crash(i, True)
                w.restart(i)
                w.set_cut([p for p in pairs if i in p], True)
        led = w.seen['promotions']
        if rng.random() < rate:
            act = rng.choice(['kill', 'kill', 'power', 'restart', 'restart', 'restart', 'stall', 'stall', 'wake',
                              'wake', 'one-way', 'cut', 'cut-off', 'heal', 'heal-all', 'unfit', 'fit', 'handover',
                              'site'])
            i = rng.randrange(n)
            if rng.random() < 0.3:  # Aimed at one that leads.
                i = rng.choice([x.node for x in w.m if x.role == LEADS] or [i])
            m = w.m[i]
            if act in ('kill', 'power') and m.state != DOWN:
                w.crash(i, act == 'power')
            elif act == 'restart' and m.state == DOWN:
                w.restart(i)
            elif act == 'stall' and m.state == RUNS:
                w.stall(i)
            elif act == 'wake' and m.state == STALLED:
                w.wake(i)
            elif act == 'one-way':
                w.set_cut([rng.choice(pairs)], True)
            elif act == 'cut':
                a, b = rng.choice(pairs)
                w.set_cut([(a, b), (b, a)], True)
            elif act == 'cut-off':
                w.set_cut([p for p in pairs if i in p], True)
            elif act == 'heal' and w.cut:
                w.set_cut([rng.choice(sorted(w.cut))], False)
            elif act == 'heal-all' and w.cut:
                w.set_cut(sorted(w.cut), False)
            elif act == 'unfit':
                w.set_fit(i, False)
            elif act == 'fit':
                w.set_fit(i, True)
            elif act == 'handover' and m.state == RUNS and m.role == LEADS and m.fit:
                w.handover(i)
            elif act == 'site':  # The power of a whole region.
                for x in w.m:
                    if x.region == m.region and x.state != DOWN:
                        w.crash(x.node, True)
        for m in w.m:
            if w.may_write(m) and rng.random() < 0.3:
                for _ in range(rng.randint(1, busy)):
                    w.write(m, 'remove' if rng.random() < 0.2 else 'put')
        w.tick()
        left -= 1
    # All comes back: first a fixed pattern in which roles must settle, then equal states.
    settle = 3 * rules.promote + n * (rules.turn + rules.delay) + len(w.ops) // rules.rate + 20
    if rng.random() < 0.5:  # A fixed pattern with what is cut and dead now.
        w.fault()
        for _ in range(settle):
            w.tick()
        held = list(w.changes)
        check_changes(w)
        for _ in range(3 * rules.promote):
            w.tick()
        if w.changes != held:
            w.fail('roles go on changing, %s to %s' % (held, w.changes))
    w.mend()
    for _ in range(settle + 2 * rules.stale):
        w.tick()
    check_changes(w)
    held = list(w.changes)
    for _ in range(3 * rules.promote):
        w.tick()
    if w.changes != held:
        w.fail('roles go on changing, %s to %s' % (held, w.changes))
    for _ in range(4 * len(w.ops) * n // rules.rate + 20):
        if all(x.vec == w.m[0].vec for x in w.m):
            break
        w.tick()
    for x in w.m:
        for o, s in w.acked:
            if x.vec.get(o, 0) < s and (o, s) not in w.gone:
                w.fail('the acknowledged write %s.%d is not at member %d' % (o, s, x.node))
    for name in {x.region for x in w.m}:
        lead = [x for x in w.m if x.region == name and x.role == LEADS]
        if len(lead) > 1:
            w.fail('region %s has %d leaders in the end' % (name, len(lead)))
        if not lead:
            w.seen['hands'] = w.seen.get('hands', 0) + 1  # All had to begin an origin, and follow: a human promotes.
            there = [x for x in w.m if x.region == name]
            known = max(x.reign for x in there)
            if any(w.lists(x, x.origin) or (x.row_role == LEADS and x.row_led == known) for x in there):
                w.fail('region %s is not led, and a member could' % name)
    return w


def check_changes(w):
    if max(w.changes) > 2:
        w.fail('roles changed %s times after the last fault' % w.changes)
