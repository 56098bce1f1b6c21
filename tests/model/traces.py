#!/usr/bin/env python3
"""Writes traces of model.py and replays each with model_trace.

    traces.py MODEL_TRACE [--runs N] [--seed S]

Every run uses fresh seeds, which are printed, and the seeds in failed_seeds.txt (one "seed steps"
per line: those that ever failed). A failing trace is kept and its path and seed are printed.
"""
import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import model  # noqa: E402  (found beside this file)


def write_trace(path, seed, steps):
    sys.argv = ['model.py', '--trace', str(path), '--seed', str(seed), '--steps', str(steps)]
    model.main()


def failed_before():
    lines = (HERE / 'failed_seeds.txt').read_text().splitlines()
    return [tuple(map(int, line.split())) for line in lines if line and not line.startswith('#')]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('model_trace')
    parser.add_argument('--runs', type=int, default=300)
    parser.add_argument('--seed', type=int, default=None)
    args = parser.parse_args()
    first = args.seed if args.seed is not None else random.SystemRandom().randrange(1 << 40)
    print('traces of the seeds %d to %d; replay with --seed' % (first, first + args.runs - 1))
    rng = random.Random(first)
    runs = failed_before() + [(first + i, rng.choice([60, 60, 120, 400])) for i in range(args.runs)]
    folder = pathlib.Path(tempfile.mkdtemp(prefix='anabranch-traces-'))
    for seed, steps in runs:
        path = folder / ('trace-%d-%d.jsonl' % (seed, steps))
        write_trace(path, seed, steps)
        done = subprocess.run([args.model_trace, str(path), '--seed', str(seed)])
        if done.returncode != 0:
            print('FAILED: seed %d, %d steps; the trace is %s' % (seed, steps, path))
            return 1
        os.unlink(path)
    os.rmdir(folder)
    print('%d traces replayed, every replica as the model says' % len(runs))
    return 0


if __name__ == '__main__':
    sys.exit(main())
