"""Scenes: what random runs hit too rarely. Nothing fails in them without a planted bug."""
import random

from promotion.cards import DOWN, LEADS, RUNS, STALLED, Rules, origin_of
from promotion.world import World


def churn(changes):
    """Two members that take turns; nothing may grow."""
    w = World(Rules(), [('eu', [False, False]), ('us', [False])], random.Random(1))
    done = 0
    while done < changes:
        lead = [m for m in w.m if m.region == 'eu' and m.state == RUNS and m.role == LEADS and m.fit]
        if len(lead) == 1 and w.quiet > 25:
            act = done % 3
            i = lead[0].node
            w.write(lead[0])
            if act == 0:
                w.handover(i)
            elif act == 1:
                w.stall(i)
            else:
                w.crash(i)
            done += 1
        elif w.quiet > 12:
            for m in w.m:
                if m.state == STALLED:
                    w.wake(m.node)
                if m.state == DOWN:
                    w.restart(m.node)
        w.past = {}
        w.tick()
    origins = {o for m in w.m for o in m.vec}
    print('%d changes of role: %d origins of %d directories, reign %d, %d entries in a vector'
          % (changes, sum(m.begun for m in w.m), len(w.m), max(m.reign for m in w.m), len(origins)))


# ---------------------------------------------------------------- scenes: what random runs hit too rarely


def scene_confirmed(plant):
    """Two followers have a write, one has it on its disk; the other one leads, and loses its power."""
    w = World(Rules(plant, promote=3, turn=2, stale=12, delay=1, rate=100, sync=50),
              [('eu', [True, True, True]), ('us', [False])], random.Random(1))
    for tick in range(1, 60):
        if tick == 30:
            w.write(w.m[0])
        if tick == 42:
            w.crash(0, True)
        if w.m[1].role == LEADS and w.m[1].state == RUNS and w.seen['promotions'] == 1 and w.m[0].state == DOWN:
            w.crash(1, True)
            w.restart(1)
            w.set_cut([(i, j) for i in range(4) for j in range(4) if i != j and 1 in (i, j)], True)
        w.tick()


def scene_joined(plant):
    """A new member hears and is not heard, is cut off, and leads; meanwhile a removal is forgotten."""
    w = World(Rules(plant, promote=3, turn=2, stale=12, delay=1, rate=100), [('eu', [False, False]), ('us', [False])])
    w.join(1)
    for tick in range(1, 40):
        if tick == 10:
            w.restart(1)
        if tick == 11:
            w.set_cut([(1, 0), (1, 2)], True)
        if tick == 13:
            w.write(w.m[2], 'remove')
        if tick == 17:
            w.set_cut([(0, 1), (2, 1)], True)
        if w.may_write(w.m[1]):
            w.write(w.m[1])
        w.tick()


def scene_forgotten(plant):
    """A leader that does not wait for its disk forgets a removal, and loses it with its power."""
    w = World(Rules(plant, promote=3, turn=2, stale=12, delay=1, rate=100, sync=50),
              [('eu', [True, True]), ('us', [False])], random.Random(1))
    for tick in range(1, 60):
        if tick == 42:
            w.write(w.m[2], 'remove')
        if tick == 49:
            w.crash(0, True)
            w.restart(0)
            w.set_cut([(i, j) for i in range(3) for j in range(3) if i != j and 0 in (i, j)], True)
        w.tick()


def scene_behind(plant):
    """One that hears and is not heard lacks what the dead leader wrote; the next one, full or blind, writes nothing."""
    for blind in (False, True):
        w = World(Rules(plant, promote=3, turn=2, stale=9, delay=1, rate=100),
                  [('eu', [False, False, False]), ('us', [False])], random.Random(1))
        for tick in range(1, 80):
            if tick == 10:
                w.set_cut([(2, j) for j in (0, 1, 3)], True)
            if tick in (12, 13):
                w.write(w.m[0])
            if tick == 30:
                w.crash(0)
                if blind:
                    w.set_cut([(0, 1), (2, 1), (3, 1)], True)
            if tick == 45:
                w.crash(1)
                w.crash(3)
            w.tick()


def scene_new_origin(plant):
    """A leader begins an origin, and goes on unfit; one that was away for long hears of its new end alone."""
    w = World(Rules(plant, promote=3, turn=2, stale=9, delay=1, rate=1, sync=50),
              [('eu', [True, True]), ('us', [False])], random.Random(1))
    for tick in range(1, 80):
        if tick == 10:
            w.crash(1)
        if 10 < tick < 40:
            w.write(w.m[0])
        if tick == 60:
            w.crash(0, True)
            w.set_fit(0, False)
            w.restart(0)
        if tick == 64:
            w.restart(1)
        w.tick()


def scene_later_reign(plant):
    """One candidate has the row of a later reign, the other has more of the former leader's writes."""
    w = World(Rules(plant, promote=3, turn=2, stale=30, delay=1, rate=100),
              [('eu', [False] * 4), ('us', [False])], random.Random(1))
    for tick in range(1, 80):
        if 2 < tick < 9:
            w.write(w.m[0])
        if tick == 12:
            w.crash(0)
        if tick > 12 and w.m[1].role == LEADS and w.m[1].state == RUNS and w.m[2].vec.get(origin_of(1, 0), 0) == 0:
            w.set_cut([(2, j) for j in (0, 1, 3, 4)], True)  # Hears, and applies nothing.
        if tick == 24:
            w.crash(1)
        w.tick()


def scene_passed_on(plant):
    """Two members hear each other through another region alone; the leader becomes unfit, at each phase of relays."""
    for phase in range(4, 8):
        w = World(Rules(plant, delay=1), [('eu', [False, False]), ('us', [False])], random.Random(1))
        for tick in range(1, 70):
            if tick == 5:
                w.set_cut([(0, 1), (1, 0)], True)
            if tick == 15:
                w.stall(1)
            if tick == 15 + phase:
                w.wake(1)
            if tick == 30:
                w.set_fit(0, False)
            w.tick()


def scene_far_heir(plant):
    """A handover to a member that is heard through another region alone, and lacks what that has written."""
    w = World(Rules(plant, delay=1, rate=1), [('eu', [False, False]), ('us', [False])], random.Random(1))
    for tick in range(1, 70):
        if tick == 5:
            w.set_cut([(0, 1), (1, 0)], True)
        if tick == 20:
            w.set_cut([(2, 1)], True)
            for _ in range(5):
                w.write(w.m[2])
        if tick == 27:
            w.set_cut([(2, 1)], False)
            w.handover(0)
        w.tick()


def scene_old_heir(plant):
    """The lead is handed over and back; the first giver still names its heir."""
    w = World(Rules(plant, delay=1), [('eu', [False, False]), ('us', [False])])
    for tick in range(1, 70):
        if tick in (10, 30):
            w.handover(0 if tick == 10 else 1)
        w.tick()
    if w.m[0].role != LEADS:
        w.fail('the lead is not back')


def scene_moving(plant):
    """The leader is unfit and goes on writing; each of three candidates may see itself ahead of the others."""
    w = World(Rules(plant, delay=2, turn=3), [('eu', [False] * 4), ('us', [False])], random.Random(1))
    for tick in range(1, 60):
        if tick == 30:
            w.set_fit(0, False)
        if w.m[0].role == LEADS:
            w.write(w.m[0])
        w.tick()


def scene_flapping(plant):
    """A follower is cut off alone, 20 times for 2P and 60 times as long as may be; the leader never notices.

    Then the leader dies as the follower is cut off once more, and comes back.
    """
    for seed, shape in enumerate(([2], [2, 1], [3], [3, 2])):
        rng = random.Random(seed)
        rules = Rules(plant, delay=1 + seed % 2, rate=3)
        w = World(rules, [(name, [False] * size) for name, size in zip(('eu', 'us'), shape)], rng)
        n, last = len(w.m), len(w.m) - 1
        alone = [(i, j) for i in range(n) for j in range(n) if i != j and 1 in (i, j)]
        for _ in range(5):
            w.tick()
        for time_of in range(80):
            fixed = time_of < 20
            cut = alone if fixed else rng.choice([alone, [p for p in alone if p[1] == 1]])
            long, rest = (2 * rules.promote, 12) if fixed else (rng.randint(1, 20), rng.randint(1, 14))
            for tick in range(long + rest):
                if tick in (0, long):
                    w.set_cut(cut, tick == 0)
                for m in w.m[:2]:
                    if w.may_write(m) and rng.random() < 0.3:
                        w.write(m)
                w.tick()
                if w.m[0].role != LEADS or w.m[0].led != 1:
                    w.fail('%s: the leader changes as member 1 flaps' % shape)
            if fixed and w.seen['blind'] != time_of + 1:
                w.fail('%s: member 1 was blind %d times' % (shape, w.seen['blind']))
        for _ in range(30):
            w.tick()
        w.set_cut(alone, True)  # Now both at once: it leads blind, and the leader is really dead.
        w.crash(0)
        for x in w.m[2:]:
            w.crash(x.node)
        for _ in range(30):
            w.tick()
        w.set_cut(alone, False)
        w.restart(last if n > 2 else 0)
        for _ in range(30):
            w.tick()
        w.mend()
        for _ in range(30):
            w.tick()
        if [m.node for m in w.m if m.role == LEADS and m.region == 'eu'] != [1] or w.m[1].blind or w.m[1].led != 2:
            w.fail('%s: the one that replaced a dead leader does not lead in full' % shape)


def scene_unfit_rival(plant):
    """A blind leader hears the one that it had lost: that one leads, and is not fit."""
    w = World(Rules(plant, delay=1), [('eu', [False, False]), ('us', [False])], random.Random(1))
    alone = [(i, j) for i in range(3) for j in range(3) if i != j and 1 in (i, j)]
    for tick in range(1, 60):
        if tick in (5, 25):
            w.set_cut(alone, tick == 5)
        if tick == 15:
            w.set_fit(0, False)
        w.tick()
    if w.m[1].role != LEADS or w.m[1].blind:
        w.fail('the fit one does not lead in full')


def scene_just_synced(plant):
    """A candidate reaches the position of another one in the turn in which it could lead."""
    w = World(Rules(plant, delay=1), [('eu', [False] * 3), ('us', [False])], random.Random(1))
    mute = [(1, j) for j in (0, 2, 3)]  # It hears all, is not heard, and gets no operations.
    for tick in range(1, 60):
        if tick in (19, 30):
            w.set_cut(mute, tick == 19)
        if tick == 20:
            w.write(w.m[0])
        if tick == 23:
            w.crash(0)
        w.tick()


def scene_slow_sight(plant):
    """A blind leader hears others again, and needs long for all that they have."""
    w = World(Rules(plant, delay=1, rate=1), [('eu', [False, False]), ('us', [False])], random.Random(1))
    alone = [(i, j) for i in range(3) for j in range(3) if i != j and 1 in (i, j)]
    for tick in range(1, 110):
        if tick in (5, 55):
            w.set_cut(alone, tick == 5)
        if 5 < tick < 35:
            w.write(w.m[0])
        if tick == 38:
            w.crash(0)
        w.tick()
    if w.m[1].role != LEADS or w.m[1].blind:
        w.fail('the one that is left does not lead in full')


def scene_slow_heir(plant):
    """A handover to a member that needs longer than P for all that the leader has."""
    w = World(Rules(plant, delay=1, rate=1), [('eu', [False, False]), ('us', [False])], random.Random(1))
    for tick in range(1, 60):
        if tick == 20:
            for _ in range(30):
                w.write(w.m[0])
            w.handover(0)
        w.tick()
    if w.m[0].role != LEADS:
        w.fail('the one that could not hand over does not lead')


def scene_gone_first(plant):
    """Leader and first candidate go one after the other, at each distance: the turns of the others do not meet."""
    for gone in range(12):
        w = World(Rules(plant, delay=1), [('eu', [False] * 4), ('us', [False])], random.Random(1))
        for tick in range(1, 70):
            if tick == 20:
                w.crash(0)
            if tick == 20 + gone and w.m[1].role != LEADS:
                w.crash(1)
            w.tick()
        if len([m for m in w.m if m.role == LEADS and m.state == RUNS and m.region == 'eu']) != 1:
            w.fail('%d ticks between them: not one leads' % gone)


def scene_new_and_deaf(plant):
    """A new directory is heard, and hears nobody; then it hears all, and the leader dies before it has all."""
    w = World(Rules(plant, delay=1, rate=1), [('eu', [False, False]), ('us', [False])], random.Random(1))
    w.join(1)
    w.set_cut([(0, 1), (2, 1)], True)
    for tick in range(1, 90):
        if tick == 3:
            w.restart(1)
        if tick < 40:
            w.write(w.m[0])
        if tick == 40:
            w.set_cut([(0, 1), (2, 1)], False)
        if tick == 44:
            w.crash(0)
        w.tick()


SCENES = {'moving-order': scene_moving, 'newest-order': scene_just_synced,
          'any-heir': scene_old_heir, 'late-turns': scene_gone_first, 'all-of-none': scene_new_and_deaf,
          'relays-wait': scene_passed_on, 'heir-far': scene_far_heir,
          'lag-of-blind': scene_behind, 'silent-reign': scene_behind, 'mixed-ends': scene_later_reign,
          'new-origin': scene_new_origin,
          'no-blind': scene_flapping, 'stays-blind': scene_flapping,
          'applied-unsynced': scene_confirmed, 'unlisted': scene_joined, 'forget-undurable': scene_forgotten}

# Scenes of rules that no planted bug of the model breaks: of the code's they do.
MORE = (scene_unfit_rival, scene_slow_sight, scene_slow_heir)


def all_scenes():
    return sorted({*SCENES.values(), *MORE}, key=lambda each: each.__name__)
