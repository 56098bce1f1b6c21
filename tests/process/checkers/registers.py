"""Registers: values that somebody wrote, never older in a region than what that region has
acknowledged; in the end one value everywhere, and not one that was knowingly overwritten.

Siblings (multi-value reads): concurrent values only, at most one for each region that writes."""

import bisect
import itertools

from checkers.history import Violation, select


def check(history, order):
    writes = {}
    for op in select(history, "register", "write"):
        for key, value in op.args.items():
            writes[key, value] = op
    local = local_writes(writes)
    violations = []
    for read in select(history, "register", "read"):
        for key, value in read.result.items():
            violations += check_read(writes, local.get((key, read.region)), read, key, value)
    return (violations + check_final(history, writes, order)
            + check_siblings(history, writes, order))


def local_writes(writes):
    """{(key, region): (ends, starts)}: when the acknowledged writes there ended, in order, and the
    latest start of those up to each."""
    found = {}
    for (key, _), one in writes.items():
        if one.acknowledged:
            found.setdefault((key, one.region), []).append((one.end, one.inv))
    for place, times in found.items():
        times.sort()
        starts = itertools.accumulate((inv for _, inv in times), max)
        found[place] = [end for end, _ in times], list(starts)
    return found


def check_read(writes, local, read, key, value):
    where = f"{key} in {read.region}"
    write = writes.get((key, value))
    if value is not None and (write is None or write.inv > read.ok):
        return [Violation("thin-air", f"{where} showed {value}, which nobody wrote")]
    ends, starts = local or ([], [])
    known = bisect.bisect_left(ends, read.inv)   # So many local writes were there already.
    if known == 0:
        return []
    if value is None:
        return [Violation("lost", f"{where} showed nothing after a write")]
    if write.region == read.region and write.end < starts[known - 1]:
        return [Violation("stale", f"{where} showed {value} after a later write")]
    return []


def check_final(history, writes, order):
    violations = []
    shown = {}
    for read in select(history, "register", "read"):
        if read.final:
            for key, value in read.result.items():
                shown.setdefault(key, set()).add(value)
    for key, values in shown.items():
        if len(values) > 1:
            violations.append(Violation("diverged", f"{key} ends as {sorted(map(str, values))}"))
        for value in values:
            mine = writes.get((key, value))
            if mine is None or not order.acyclic:
                continue
            event = order.writer[key, value]
            for (name, other), one in writes.items():
                if (name == key and one.acknowledged
                        and order.before(event, order.writer[name, other])):
                    violations.append(Violation(
                        "overwritten", f"{key} ends as {value}, although {other} replaced it"))
                    break
    return violations


def check_siblings(history, writes, order):
    violations = []
    regions = {one.region for one in writes.values()}
    final = {}
    for read in select(history, "siblings", "read"):
        key, values = read.args, read.result
        known = [order.writer[key, value] for value in values if (key, value) in writes]
        if len(known) != len(values):
            violations.append(Violation("thin-air", f"{key} in {read.region}: {values}"))
        if len(values) > len(regions):
            violations.append(Violation("too-many", f"{key} in {read.region}: {values}"))
        if order.acyclic and any(
                order.before(one, other) for one in known for other in known):
            violations.append(Violation(
                "not-concurrent", f"{key} in {read.region} shows what was overwritten: {values}"))
        if read.final:
            final.setdefault(key, set()).add(frozenset(values))
    for key, values in final.items():
        if len(values) > 1:
            violations.append(Violation("diverged", f"the siblings of {key} differ"))
    return violations
