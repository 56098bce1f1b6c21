"""The time that a run of continuous integration has, and the order of what may be left out."""
import math
import os
import time

FIRST_WEIGHT = 100  # Core-seconds that the reference compile counts for, beside those measured.


def day():
    """The number of the day; tests say another one."""
    return int(os.environ.get("ANABRANCH_RUN_DAY", time.time() // 86400))


def in_order_of_day(names, day):
    """The names, beginning at another one each day: a name that is first today is first again after
    as many days as there are names, and about every second day it is in the first half."""
    names = sorted(names)
    if not names:
        return names
    stride = next(each for each in range(len(names) // 2 + 1, 0, -1)
                  if math.gcd(each, len(names)) == 1)
    begin = day * stride % len(names)
    return names[begin:] + names[:begin]


class Pace:
    """Seconds by the clock in which this machine does a core-second of tests/costs.txt, at all that
    it does otherwise. The first guess is a reference compile; then every stage counts."""

    def __init__(self, seconds_per_core_second):
        self._core = FIRST_WEIGHT
        self._clock = FIRST_WEIGHT * seconds_per_core_second

    def learn(self, core_seconds, clock_seconds):
        self._core += core_seconds
        self._clock += clock_seconds

    def seconds(self, core_seconds):
        return core_seconds * self._clock / self._core
