#!/usr/bin/env python3
"""kill -9 of any leader under load: every acknowledged write is there after the restart, and the
three are equal once they have caught up. Each of the three has another durability: a killed process
loses nothing with any of them, but where writes do not wait for the disk it goes on under a new
origin."""

import threading
import time

from leaders import LONG, World, check, new_random, wait_until
from resp import Client, ServerError

ROUNDS = 12 if LONG else 6
DURABILITY = {"eu": "sync", "us": "interval", "ap": "none"}


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


def leader_origin(leader):
    return leader.status()["origin"]


def disks_follow(leaders):
    """While writes go on, the disk of a leader that syncs once a second follows, and others are told
    so. Returns the writers."""
    eu, us, _ = leaders
    writers = [Writer(leader, f"load:{leader.region}:{i}") for leader in (eu, us) for i in range(2)]
    begin = time.monotonic()
    for writer in writers:
        writer.start()

    def follows():
        peer = next(each for each in eu.status()["peers"] if each["region"] == "us")
        written_for_ms = 1000 * (time.monotonic() - begin)
        return written_for_ms > 5000 and peer["not_durable_ms"] < written_for_ms - 1500
    try:
        wait_until("us tells that it has writes of eu on its disk, while there are more", follows, 60)
    finally:
        for writer in writers:
            writer.ends.set()
            writer.join(30)
    wait_until("all of it is on the disk of us", lambda: us.status()["storage_unsynced_bytes"] == 0)
    return writers


def main():
    random = new_random()
    with World() as world:
        leaders = list(world.start_three(
            {region: ["--durability", word] for region, word in DURABILITY.items()}))
        for leader in leaders:
            check(leader.status()["durability"] == DURABILITY[leader.region], leader.status())
        all_writers = disks_follow(leaders)
        order = leaders * (ROUNDS // 3)
        random.shuffle(order)
        for round_number, victim in enumerate(order):
            writers = start_writers(leaders, round_number)
            wait_until("there is load", lambda: all(
                len(writer.acknowledged) > 20 for writer in writers))
            time.sleep(random.uniform(0.0, 0.7))  # Any moment will do.
            before = leader_origin(victim)
            victim.kill()
            for writer in writers:
                writer.ends.set()
            for writer in writers:
                writer.join(30)
            all_writers += writers
            victim.start()
            same = leader_origin(victim) == before
            check(same == (DURABILITY[victim.region] == "sync"), f"the origin of {victim.region}")
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
            before = leader_origin(leader)
            check(leader.stop() == 0, f"{leader.region} did not end cleanly")
            leader.start()
            check(leader_origin(leader) == before, f"{leader.region} was closed, and has another origin")


if __name__ == "__main__":
    main()
