"""Checkers of histories. history.py says what a history is; start there."""

from checkers import atomic, causal, convergence, counters, registers, sessions, sets


def check_all(history, convergent=True):
    """All violations that any checker finds. `convergent` is whether winners must be consistent
    with the causal order, which a clock that is wrong by more than the allowed drift may break."""
    order = causal.CausalOrder(history)
    return (registers.check(history, order) + sessions.check(order)
            + causal.check(order, convergent) + counters.check(history) + sets.check(history)
            + atomic.check(history) + convergence.check(history))
