"""Sets whose elements are inserted once each, and perhaps removed: nothing is lost, invented, shown
twice, or back after it was removed.

A region is one process, so its reads are ordered by real time: what it has shown it goes on showing
until somebody removes it, and what it has lost to a remove stays away."""

from checkers.history import Violation, by_key, select

INF = float("inf")


class Element:
    def __init__(self):
        self.insert = None
        self.removes = []

    def removal_begins(self):
        """The earliest moment at which it may be gone."""
        return min((one.inv for one in self.removes), default=INF)


def check(history):
    violations = []
    for key, ops in by_key(select(history, "set")).items():
        elements = gather(ops)
        reads = sorted((one for one in ops if one.op == "read"), key=lambda one: one.inv)
        violations += check_reads(key, elements, reads)
        violations += check_regions(key, elements, reads)
        violations += check_final(key, elements, [one for one in reads if one.final])
    return violations


def gather(ops):
    elements = {}
    for one in ops:
        if one.op == "read":
            continue
        element = elements.setdefault(one.args[1], Element())
        if one.op == "insert":
            element.insert = one
        elif one.result or not one.acknowledged:
            element.removes.append(one)
    return elements


def check_reads(key, elements, reads):
    """What one read alone can show to be wrong."""
    violations = []
    for read in reads:
        if len(set(read.result)) != len(read.result):
            violations.append(Violation("duplicated", f"{key} in {read.region} shows one twice"))
        for name in read.result:
            insert = elements[name].insert if name in elements else None
            if insert is None or insert.inv > read.ok:
                violations.append(Violation(
                    "unexpected", f"{key} in {read.region} shows {name}, which nobody inserted"))
    return violations


def check_regions(key, elements, reads):
    """What the reads of one region, in order, must show."""
    violations = []
    for region in {read.region for read in reads}:
        present = {}   # Element: since when this region must have it.
        gone = {}      # Element: since when this region must not have it.
        for name, element in elements.items():
            if element.insert and element.insert.region == region:
                present[name] = element.insert.end
            for remove in element.removes:
                if remove.region == region and remove.acknowledged:
                    gone[name] = min(remove.end, gone.get(name, INF))
        for read in (one for one in reads if one.region == region):
            violations += check_read(key, elements, read, present, gone)
    return violations


def check_read(key, elements, read, present, gone):
    violations = []
    shown = set(read.result)
    for name, since in present.items():
        removable = elements[name].removal_begins() < read.ok
        if since < read.inv and name not in shown:
            if not removable:
                violations.append(Violation(
                    "lost", f"{key} in {read.region} no longer shows {name}"))
            elif name not in gone:
                gone[name] = read.ok
    for name in shown:
        if gone.get(name, INF) < read.inv:
            violations.append(Violation(
                "resurrected", f"{key} in {read.region} shows {name}, which was removed"))
        elif name in elements:
            present[name] = min(read.ok, present.get(name, INF))
    return violations


def check_final(key, elements, reads):
    violations = []
    if len({frozenset(read.result) for read in reads}) > 1:
        violations.append(Violation("diverged", f"{key} differs between regions in the end"))
    for read in reads:
        shown = set(read.result)
        for name, element in elements.items():
            removed = [one for one in element.removes if one.acknowledged]
            inserted = element.insert and element.insert.acknowledged
            if name in shown and removed:
                violations.append(Violation(
                    "resurrected", f"{key} ends with {name}, which was removed"))
            if name not in shown and inserted and not element.removes:
                violations.append(Violation("lost", f"{key} ends without {name}"))
    return violations


def stable_latencies(history):
    """For each element that was never removed: from its acknowledgement until no later read of any
    region lacks it, in the unit of the history's times; sorted."""
    latencies = []
    for ops in by_key(select(history, "set")).values():
        elements = gather(ops)
        last_absent = dict.fromkeys(elements, 0.0)
        for read in (one for one in ops if one.op == "read"):
            for name in elements.keys() - set(read.result):
                last_absent[name] = max(last_absent[name], read.inv)
        for name, element in elements.items():
            if element.insert and element.insert.acknowledged and not element.removes:
                latencies.append(max(0.0, last_absent[name] - element.insert.ok))
    return sorted(latencies)
