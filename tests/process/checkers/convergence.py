"""Whoever has applied the same holds the same: equal version vectors have equal digests, in all
regions and at any moment; and in the end all vectors are equal."""

from checkers.history import Violation, select


def check(history):
    violations = []
    digests = {}
    final = set()
    for read in select(history, "digest", "read"):
        vector = tuple(sorted((origin, seq) for origin, seq in read.args if seq > 0))
        expected = digests.setdefault(vector, read)
        if read.result != expected.result:
            violations.append(Violation(
                "digests-differ", f"{read.region} has {read.result}, {expected.region} has "
                f"{expected.result} at {vector}"))
        if read.final:
            final.add(vector)
    if len(final) > 1:
        violations.append(Violation("not-converged", f"{len(final)} vectors in the end"))
    return violations
