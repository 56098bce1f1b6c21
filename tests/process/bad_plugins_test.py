#!/usr/bin/env python3
"""Modules that loop, recurse, eat memory, trap, keep state or answer with bytes outside of their memory decide in
three leaders under load, while leaders are killed and paused. Nobody ends or stands still; where
all have the same writes they show the same: the last written, or what the module makes of the values."""

import json
import os
import random as randoms
import subprocess
import tempfile
import threading

from leaders import LONG, World, check, new_random, run, wait_until
from resp import Client, ServerError

ROUNDS = 30 if LONG else 5
KEYS = 4   # Below each prefix.

MODULE = """(module
  (memory (export "memory") 1)
  (global $calls (mut i32) (i32.const 48))
  (func (export "alloc") (param $size i32) (result i32) (i32.const 1024))
  (func $deeper (call $deeper))
  (func (export "anabranch_resolve_1") (param $at i32) (param $size i32) (result i64)
    %s
    (i64.const -1)))"""

# What a module does, and what is shown: the last written, or an answer of its own.
MODULES = {
    "loop": ("(loop $again (br $again))", None),
    "recurse": ("(call $deeper)", None),
    "memory": ("(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable", None),
    "trap": ("(i32.store (i32.const 0xfffffff0) (i32.const 1))", None),
    "outside": ("(return (i64.const 0xfffffff000000010))", None),
    "large": ("(drop (memory.grow (i32.const 40))) (return (i64.const 0x200000))", None),
    # A count in a global and one in memory: 1 and 1, each time.
    "state": ("(global.set $calls (i32.add (global.get $calls) (i32.const 1)))"
              "(i32.store8 (i32.const 16) (i32.add (i32.load8_u (i32.const 16)) (i32.const 1)))"
              "(i32.store8 (i32.const 0) (global.get $calls))"
              "(i32.store8 (i32.const 1) (i32.add (i32.load8_u (i32.const 16)) (i32.const 48)))"
              "(return (i64.const 2))", "11"),
}


def add_modules(leader):
    """Adds each module, and sets the policy of the prefix with its name."""
    with tempfile.TemporaryDirectory() as folder:
        for name, (does, _) in MODULES.items():
            text, binary = os.path.join(folder, name + ".wat"), os.path.join(folder, name + ".wasm")
            with open(text, "w") as out:
                out.write(MODULE % does)
            subprocess.run(["wat2wasm", text, "-o", binary], check=True)
            done = run("plugin", "add", binary, "--redis", leader.redis)
            check(done.returncode == 0, str(done))
            done = run("policy", "set", "wasm1:" + done.stdout.strip(), name + "/", "--redis", leader.redis)
            check(done.returncode == 0, str(done))


class Load(threading.Thread):
    """A client that writes and reads the keys at one leader, until it is told to end."""

    def __init__(self, leader, seed):
        super().__init__(daemon=True)
        self.leader, self.random = leader, randoms.Random(seed)
        self.ends = threading.Event()
        self.answers = 0
        self.error = None

    def run(self):
        client = None
        while not self.ends.is_set():
            key = f"{self.random.choice(list(MODULES))}/{self.random.randrange(KEYS)}"
            try:
                client = client or Client(self.leader.redis, timeout=30.0)
                if self.random.random() < 0.3:
                    client.call("SET", key, f"{self.leader.region} {self.answers}")
                else:
                    client.call("GET", key)
                self.answers += 1
            except OSError:  # It was killed.
                client = None
                self.ends.wait(0.02)
            except ServerError as error:
                self.error = error
                return


def pause_all(leaders, verb):
    for one in leaders:
        for other in leaders:
            if one is not other:
                one.call("ANABRANCH", "PEER", verb, other.region)


def wait_connected(leaders):
    wait_until("all are connected", lambda: all(
        one.is_connected(other) for one in leaders for other in leaders if one is not other))


def shown(leader):
    return {f"{name}/{i}": leader.call("GET", f"{name}/{i}") for name in MODULES for i in range(KEYS)}


def last_written(leader, key):
    siblings = json.loads(leader.call("ANABRANCH", "SHOW", key))["siblings"]
    check(len(siblings) > 1, f"{key} has a conflict: {siblings}")
    return siblings[-1]["value"]  # In the order of time.


def judge(leaders):
    """In each key all regions have written apart; now all show what they must."""
    values = shown(leaders[0])
    for leader in leaders[1:]:
        check(shown(leader) == values, f"{leader.region} shows other values than {leaders[0].region}")
    for key, value in values.items():
        answer = MODULES[key.split("/")[0]][1]
        check(value == (answer or last_written(leaders[0], key)), f"{key} shows {value!r}")


def main():
    random = new_random()
    with World() as world:
        leaders = world.start_three()
        add_modules(leaders[0])
        world.wait_equal(leaders)
        loads = [Load(leader, random.random()) for leader in leaders]
        for load in loads:
            load.start()
        for _ in range(ROUNDS):
            pause_all(leaders, "PAUSE")
            for leader in leaders:
                for key in shown(leader):
                    leader.call("SET", key, f"{leader.region} apart {random.random()}")
            pause_all(leaders, "RESUME")
            victim = random.choice(leaders)
            victim.kill()
            victim.start()
            wait_connected(leaders)
        for load in loads:
            load.ends.set()
            load.join()
            check(load.error is None, f"{load.leader.region}: {load.error}")
            check(load.answers > 10, f"{load.leader.region} has answered {load.answers} times")
        pause_all(leaders, "PAUSE")
        for leader in leaders:
            for name in MODULES:
                for i in range(KEYS):
                    leader.call("SET", f"{name}/{i}", f"{leader.region} at last")
        pause_all(leaders, "RESUME")
        world.wait_equal(leaders)
        judge(leaders)
        counts = [leader.status()["plugins"] for leader in leaders]
        for count in counts:
            for end in ("values", "traps", "out_of_fuel", "out_of_stack", "bad_answers", "large_answers"):
                check(count[end] > 0, f"{end}: {count}")
        print({load.leader.region: load.answers for load in loads}, counts)
        for leader in leaders:
            check(leader.stop() == 0, f"{leader.region} ends cleanly")


main()
print("bad modules harm nobody")
