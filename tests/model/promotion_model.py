#!/usr/bin/env python3
"""Executable model of promotion inside a region: members, cards, reigns, and what must hold.

promotion/cards.py says how a region is led. This program runs the model:

    ./promotion_model.py                     random runs, 2000 seeds
    ./promotion_model.py --runs N --seed S   others; --fresh draws the first seed, and prints it
    ./promotion_model.py --small             small worlds, whole: every two faults, in any order and distance
    ./promotion_model.py --small --faults 3  of three; --shape N: of one world alone
    ./promotion_model.py --small --promote 4 with P of four ticks: what is passed on waits, too
    ./promotion_model.py --heart 4           heartbeats each four ticks (random runs: else drawn)
    ./promotion_model.py --plants [NAME...]  each planted bug, and the judge that finds it; twelve have a scene
    ./promotion_model.py --plant NAME ...    one of them, with any of the above
    ./promotion_model.py --churn             1000 changes of role between two members
    ./promotion_model.py --scenes            the scenes, without a bug
    ./promotion_model.py --share runs        fresh random runs, as many as a test has time for;
    ./promotion_model.py --share small       small worlds, likewise: more where ANABRANCH_TEST_LONG is set

Judges (each a sentence in `fail`): acknowledged writes; dots with two contents; needless promotions;
stepping down for nobody; two leaders that hear each other; a region that is not led; changes of role
after the last fault; origins; stale leaders; confirmed writes; handover; forgotten removals; a steady
leader that gives way to one that was cut off alone; a blind leader that stays blind.
"""
import argparse
import os
import random
import sys
import time

from promotion.cards import PLANTS, Broken
from promotion.random_runs import random_run
from promotion.scenes import SCENES, all_scenes, churn
from promotion.small_worlds import SMALL, small

# The first seed that finds a planted bug, where it is none of the first few.
FOUND_BY = {'no-reign': 172, 'stale-row': 19, 'own-news-only': 21, 'wall-clock': 409, 'unfit-follows': 35}
LONG = 'ANABRANCH_TEST_LONG' in os.environ
MAXIMA = ('two', 'unled', 'changes', 'handover')


def find(name, runs, limit):
    """What finds a planted bug: a scene, else a random run, else a small world; None if nothing does."""
    if name in SCENES:
        try:
            SCENES[name](name)
        except Broken as broken:
            return 'scene: %s' % broken
    for seed in ([FOUND_BY[name]] if name in FOUND_BY else []) + list(range(runs)):
        try:
            random_run(seed, name)
        except Broken as broken:
            return 'seed %d: %s' % (seed, broken)
    for title, shape in (SMALL[2], SMALL[0]):
        known, _, told, _ = small(shape, 2, name, limit)
        if known is None:
            return '%s: %s' % (title, told)
    return None


def plants(runs, names, limit):
    missed = []
    for name in names:
        found = find(name, runs, limit)
        print('%-17s %s\n%-17s   %s' % (name, PLANTS[name], '', found or 'NOT FOUND'), flush=True)
        if found is None:
            missed.append(name)
    return missed


def scenes():
    for scene in all_scenes():
        scene(None)
        print('%s: nothing is wrong' % scene.__doc__.strip().split('\n')[0].rstrip('.'), flush=True)


def small_worlds(arguments):
    for number, (title, shape) in enumerate(SMALL):
        if arguments.shape not in (None, number):
            continue
        known, ticks, told, seen = small(shape, arguments.faults, arguments.plant, arguments.limit, arguments.promote,
                                         arguments.heart or 1, arguments.seconds)
        if known is None:
            print('%s: FAILED after %d steps: %s' % (title, ticks, told))
            return 1
        print('%s, %d faults, P of %d ticks: %d states, %d steps, %s; at most %d ticks of two leaders, %d without one, '
              '%d changes of a member' % (title, arguments.faults, arguments.promote, len(known), ticks, told,
                                          seen['two'], seen['unled'], seen['changes']), flush=True)
    return 0


def random_runs(arguments):
    total, began, first = {}, time.process_time(), arguments.seed
    if arguments.fresh:
        first = random.SystemRandom().randrange(1 << 40)
        print('random runs from --seed %d' % first, flush=True)
    for seed in range(first, first + arguments.runs):
        try:
            w = random_run(seed, arguments.plant, heart=arguments.heart)
        except Broken as broken:
            print('FAILED: --seed %d --runs 1: %s' % (seed, broken))
            return 1
        for k, v in w.seen.items():
            total[k] = max(total.get(k, 0), v) if k in MAXIMA else total.get(k, 0) + v
    print('%d runs in %.0f s: %s' % (arguments.runs, time.process_time() - began, total))
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=int, default=2000)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--fresh', action='store_true')
    parser.add_argument('--plant', choices=sorted(PLANTS))
    parser.add_argument('--plants', nargs='*')
    parser.add_argument('--small', action='store_true')
    parser.add_argument('--shape', type=int)
    parser.add_argument('--faults', type=int, default=2)
    parser.add_argument('--limit', type=int)
    parser.add_argument('--seconds', type=int, help='of processor time, for each small world')
    parser.add_argument('--promote', type=int, default=3, help='P of the small worlds; from 4 on relays wait')
    parser.add_argument('--heart', type=int, help='ticks between two heartbeats')
    parser.add_argument('--churn', action='store_true')
    parser.add_argument('--scenes', action='store_true')
    parser.add_argument('--share', choices=['runs', 'small'])
    arguments = parser.parse_args()
    if arguments.share == 'runs':
        arguments.runs, arguments.fresh = 1000 if LONG else 40, True
    if arguments.share == 'small':
        arguments.small, arguments.faults, arguments.seconds = True, 2 if LONG else 1, 80 if LONG else 12
    if arguments.churn:
        churn(1000)
        return 0
    if arguments.scenes:
        scenes()
        return 0
    if arguments.plants is not None:
        return 1 if plants(arguments.runs, arguments.plants or list(PLANTS), arguments.limit) else 0
    return small_worlds(arguments) if arguments.small else random_runs(arguments)


if __name__ == '__main__':
    sys.exit(main())
