#!/usr/bin/env python3
"""Writes traces of promotion_model.py and replays each with candidacy_replay.

    candidacy_traces.py REPLAY [--runs N] [--seed S]   fresh random runs, and the scenes
    candidacy_traces.py REPLAY --plants [BUG...]       each bug of the class is found by the scenes,
                                                       or by one of the first runs

Fresh seeds are printed. A trace that is replayed differently is kept, and its path is printed.
"""
import argparse
import pathlib
import random
import subprocess
import sys
import tempfile

from promotion.cards import Rules
from promotion.random_runs import random_run
from promotion.scenes import all_scenes
from promotion.traces import Trace

RUNS_FOR_PLANTS = 30


def write(path, play):
    with open(path, 'w') as file:
        Rules.trace = Trace(file)
        try:
            play()
        finally:
            lines, Rules.trace = Rules.trace.lines, None
    return lines


def replay(program, *arguments):
    return subprocess.run([program, *map(str, arguments)]).returncode == 0


def scenes(folder):
    for scene in all_scenes():
        path = folder / (scene.__name__ + '.jsonl')
        yield path, write(path, lambda scene=scene: scene(None))


def runs(folder, first, count):
    for seed in range(first, first + count):
        path = folder / ('run_%d.jsonl' % seed)
        yield path, write(path, lambda seed=seed: random_run(seed))


def compare(arguments, folder):
    first = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(1 << 40)
    print('scenes, and random runs of the seeds %d to %d; replay with --seed' % (first, first + arguments.runs - 1),
          flush=True)
    total = 0
    for traces in (scenes(folder), runs(folder, first, arguments.runs)):
        for path, lines in traces:
            if not replay(arguments.replay, path):
                print('FAILED: the trace is %s' % path)
                return 1
            total += lines
            path.unlink()
    folder.rmdir()
    print('%d lines replayed, each decision as the model makes it' % total)
    return 0


def plants(arguments, folder):
    paths = [path for traces in (scenes(folder), runs(folder, 1, RUNS_FOR_PLANTS)) for path, _ in traces]
    found = replay(arguments.replay, '--plants', *paths)
    for path in paths:
        path.unlink()
    folder.rmdir()
    return 0 if found else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('replay')
    parser.add_argument('--runs', type=int, default=30)
    parser.add_argument('--seed', type=int, default=None)
    parser.add_argument('--plants', action='store_true')
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix='anabranch-candidacy-'))
    return plants(arguments, folder) if arguments.plants else compare(arguments, folder)


if __name__ == '__main__':
    sys.exit(main())
