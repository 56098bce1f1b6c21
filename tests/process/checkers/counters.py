"""Counters: every read lies between what its region must have seen and what anybody has asked for,
and in the end all regions show one sum that the acknowledged additions and some of the uncertain
ones make."""

import bisect
import itertools

from checkers.history import Violation, by_key, select


def check(history):
    violations = []
    for key, ops in by_key(select(history, "counter")).items():
        adds = [one for one in ops if one.op == "add"]
        reads = [one for one in ops if one.op == "read"]
        bounds = Bounds(adds)
        for read in reads:
            low, high = bounds.of(read)
            if not low <= read.result <= high:
                violations.append(Violation(
                    "out-of-bounds", f"{key} in {read.region} showed {read.result}, "
                    f"not in [{low}, {high}]"))
        violations += check_final(key, adds, [read for read in reads if read.final])
    return violations


class Sums:
    """Sums of what is negative and of what is positive, up to a moment."""

    def __init__(self, moments_and_amounts):
        ordered = sorted(moments_and_amounts)
        self.moments = [moment for moment, _ in ordered]
        amounts = [amount for _, amount in ordered]
        self.negative = list(itertools.accumulate((min(a, 0) for a in amounts), initial=0))
        self.positive = list(itertools.accumulate((max(a, 0) for a in amounts), initial=0))

    def before(self, moment):
        at = bisect.bisect_left(self.moments, moment)
        return self.negative[at], self.positive[at]


class Bounds:
    """The least and the greatest that a read may show: its region has all that it acknowledged
    before, and any part of what was asked for anywhere."""

    def __init__(self, adds):
        self.asked = Sums([(add.inv, add.args[1]) for add in adds])
        self.acknowledged = {
            region: Sums([(add.end, add.args[1]) for add in adds if add.region == region])
            for region in {add.region for add in adds}}

    def of(self, read):
        local = self.acknowledged.get(read.region)
        seen_negative, seen_positive = local.before(read.inv) if local else (0, 0)
        negative, positive = self.asked.before(read.ok)
        return negative + seen_positive, positive + seen_negative


def check_final(key, adds, reads):
    shown = {read.result for read in reads}
    if not shown:
        return []
    if len(shown) > 1:
        return [Violation("diverged", f"{key} shows " + ", ".join(
            f"{read.result} in {read.region}" for read in reads))]
    sure = sum(add.args[1] for add in adds if add.acknowledged)
    sums = sums_of_subsets([add.args[1] for add in adds if not add.acknowledged])
    total = shown.pop()
    if total - sure not in sums:
        return [Violation("wrong-sum", f"{key} ends as {total}; {sure} was acknowledged, "
                          f"the uncertain ones make {sorted(sums)[:20]}")]
    return []


def sums_of_subsets(amounts):
    sums = {0}
    for amount in amounts:
        sums |= {one + amount for one in sums}
    return sums
