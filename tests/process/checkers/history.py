"""A history: what clients asked for and were told, one Op each, as lines of JSON.

An op whose outcome is not known ("info": a timeout, a lost connection) may have happened, then or
later, or never; a session ends with it, and its client goes on as a new session. So within a
session every op had its answer before the next was asked. Values are written once in the whole
history, and keys are never deleted unless a checker says that it understands that.

A checker is a function from a history to its violations; it knows nothing of how the store works.

| type     | op       | args               | result                        |
|----------|----------|--------------------|-------------------------------|
| register | write    | {key: value, ...}  |                               |
| register | read     | [key, ...]         | {key: value or null, ...}     |
| siblings | read     | key                | [value, ...]                  |
| counter  | add      | [key, amount]      |                               |
| counter  | read     | key                | number                        |
| set      | insert   | [key, element]     |                               |
| set      | remove   | [key, element]     | whether it was there          |
| set      | read     | key                | [element, ...]                |
| bank     | transfer | {account: amount}  |                               |
| bank     | read     | [account, ...]     | {account: amount or null}     |
| digest   | read     | [[origin, seq]...] | digest                        |

A write or read of several keys is one transaction. `final` marks reads after all have met.
"""

import dataclasses
import json
import math
import typing


class Violation(typing.NamedTuple):
    kind: str   # Such as "lost".
    what: str


@dataclasses.dataclass(slots=True)
class Op:
    session: str
    region: str
    type: str
    op: str
    args: object
    result: object = None
    outcome: str = "ok"   # ok, fail (certainly not happened), info (nobody knows).
    inv: float = 0.0      # When it was asked.
    ok: float = 0.0       # When the answer came; for ever in the future without one.
    final: bool = False

    @property
    def acknowledged(self):
        return self.outcome == "ok"

    @property
    def possible(self):
        return self.outcome != "fail"

    @property
    def end(self):
        """Before this moment it happened, if it did."""
        return self.ok if self.acknowledged else math.inf


def select(history, type, op=None):
    """The ops of a type that may have happened; reads only those that were answered."""
    return [one for one in history if one.type == type and (op is None or one.op == op)
            and (one.acknowledged or one.possible and one.op != "read")]


def by_key(ops):
    """{key: ops} for ops on one key."""
    found = {}
    for one in ops:
        key = one.args if isinstance(one.args, str) else one.args[0]
        found.setdefault(key, []).append(one)
    return found


def dump(history, path):
    with open(path, "w", encoding="utf-8") as file:
        for one in history:
            file.write(json.dumps(dataclasses.asdict(one)) + "\n")


def load(path):
    with open(path, encoding="utf-8") as file:
        return [Op(**json.loads(line)) for line in file]
