"""Transactions are visible as a whole: registers that are only ever written together show one
value's tag together, and transfers between accounts never change their sum."""

from checkers.history import Violation, select


def check(history):
    return check_groups(history) + check_banks(history)


def check_groups(history):
    """A read of several keys must not show parts of two writes that wrote all of them. (Both writes
    have the same rank on every key, so whoever wins wins on all.)"""
    written = {}
    for op in select(history, "register", "write"):
        for key, value in op.args.items():
            written[key, value] = op
    alone = {key for op in select(history, "register", "write") for key in op.args
             if len(op.args) == 1}
    violations = []
    for read in select(history, "register", "read"):
        sources = [written.get((key, value)) for key, value in read.result.items()
                   if key not in alone]
        whole = [one for one in sources if one is not None and len(one.args) > 1]
        for write in whole:
            missing = [key for key in write.args if key in read.result and key not in alone
                       and written.get((key, read.result[key])) is not write]
            if missing:
                violations.append(Violation(
                    "fractured", f"{read.session} saw {read.result}, a part of {write.args}"))
                break
    return violations


def check_banks(history):
    """Transfers add up to nothing, so all accounts together always hold nothing."""
    return [Violation("sum-changed", f"{read.session} counts {read.result}")
            for read in select(history, "bank", "read")
            if sum(amount or 0 for amount in read.result.values()) != 0]
