#!/usr/bin/env python3
"""kill -9 of any leader under load: every acknowledged write is there after the restart, and the
three are equal once they have caught up."""

import threading
import time

from leaders import LONG, World, check, new_random, wait_until
from resp import Client, ServerError

ROUNDS = 12 if LONG else 6


class Writer(threading.Thread):
    """Writes unique keys, and counts, on one leader until told to stop or until it dies."""

    def __init__(self, leader, name):
        super().__init__(daemon=True)
        self.leader = leader
        self.name = name
        self.acknowledged = []
        self.counted = 0      # Acknowledged additions.
        self.uncertain = 0    # Sent, not answered: they may or may not have happened.
        self.ends = threading.Event()

    def run(self):
        number = 0
        try:
            with Client(self.leader.redis) as client:
                while not self.ends.is_set():
                    number += 1
                    key = f"{self.name}:{number}"
                    client.call("SET", key, key)
                    self.acknowledged.append(key)
                    self.uncertain += 1
                    client.call("INCR", "total")
                    self.uncertain -= 1
                    self.counted += 1
                    client.call("SADD", "all", key)
        except (OSError, ServerError):
            pass  # Killed: what was acknowledged counts.


def start_writers(leaders, round_number):
    writers = [Writer(leader, f"{leader.region}:{round_number}:{i}")
               for leader in leaders for i in range(4)]
    for writer in writers:
        writer.start()
    return writers


def check_acknowledged(leader, writers):
    for writer in writers:
        keys = writer.acknowledged
        for begin in range(0, len(keys), 500):
            part = keys[begin:begin + 500]
            values = leader.call("MGET", *part)
            lost = [key for key, value in zip(part, values) if key != value]
            check(not lost, f"{leader.region} lost {len(lost)} acknowledged writes: {lost[:5]}")


def main():
    random = new_random()
    all_writers = []
    with World() as world:
        leaders = list(world.start_three())
        order = leaders * (ROUNDS // 3)
        random.shuffle(order)
        for round_number, victim in enumerate(order):
            writers = start_writers(leaders, round_number)
            wait_until("there is load", lambda: all(
                len(writer.acknowledged) > 20 for writer in writers))
            time.sleep(random.uniform(0.0, 0.7))  # Any moment will do.
            victim.kill()
            for writer in writers:
                writer.ends.set()
            for writer in writers:
                writer.join(30)
            all_writers += writers
            victim.start()
            mine = [writer for writer in all_writers if writer.leader is victim]
            check_acknowledged(victim, mine)
            world.wait_equal(leaders)
            print(f"killed {victim.region}:", sum(len(writer.acknowledged) for writer in writers),
                  "acknowledged writes", flush=True)
        for leader in leaders:
            check_acknowledged(leader, all_writers)
        counted = sum(writer.counted for writer in all_writers)
        uncertain = sum(writer.uncertain for writer in all_writers)
        totals = {int(leader.call("GET", "total")) for leader in leaders}
        check(len(totals) == 1, f"totals differ: {totals}")
        check(counted <= min(totals) <= counted + uncertain,
              f"{counted} additions, {uncertain} uncertain, but the total is {totals}")
        elements = {leader.call("SCARD", "all") for leader in leaders}
        check(len(elements) == 1, f"the sets differ: {elements}")
        for leader in leaders:
            check(leader.stop() == 0, f"{leader.region} did not end cleanly")


if __name__ == "__main__":
    main()
