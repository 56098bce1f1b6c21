#!/usr/bin/env python3
"""Two machines of a region choose its leader. Its process is killed, stopped, or stands still,
again and again under writers; the follower leads, the former leader follows when it is back, and no
write that was acknowledged is lost. With --long (ANABRANCH_TEST_LONG) ten minutes of it, else some
rounds. How long the region was without a leader is printed beside the bound."""

import signal
import threading
import time

from leaders import LONG, World, check, new_random, run, wait_until
from resp import Client, ServerError

PROMOTE_AFTER = 1.0
BOUND = PROMOTE_AFTER + 1.5
ROUNDS = 60 if LONG else 5
TEXT = "READONLY You can't write against a read only replica. The leader is "


class Writer(threading.Thread):
    """Writes keys of its own at whoever leads: it is told, or asks the members in turn."""

    def __init__(self, number, members):
        super().__init__(daemon=True)
        self.number, self.members = number, members
        self.written, self.times, self.error = [], [], None
        self.ends = False

    def run(self):
        try:
            while not self.ends:
                for member in list(self.members):
                    self.write_at(member.redis)
        except Exception as error:  # Told by the test.
            self.error = error

    def write_at(self, address):
        """Until that fails."""
        try:
            client = Client(address, timeout=1.0)
        except OSError:
            time.sleep(0.01)
            return
        with client:
            while not self.ends:
                key = f"key:{self.number}:{len(self.written)}"
                try:
                    client.call("SET", key, "value")
                except ServerError as error:
                    check(str(error).startswith("READONLY"), error)
                    return
                except OSError:
                    return
                self.written.append(key)
                self.times.append(time.monotonic())


def is_able(leader, heir, name):
    """Both say so, as the leader may have a card from before the heir's last start; and the leader
    hears it on a link of their own."""
    (own,) = [each for each in heir.status()["members"] if each["self"]]
    status = leader.status()
    return own["able"] and own["role"] == "follows" and any(
        each["name"] == name and each["fresh"] and each["able"] and each["role"] == "follows"
        for each in status["members"]) and any(
        each["origin"] == own["origin"] and each["round_trip_ms"] >= 0
        for each in status["peers"])


def role(member):
    (own,) = [each for each in member.status()["members"] if each["self"]]
    return own["role"]


def started(world, name, peers, flags=()):
    member = world.start("eu", peers=peers, name=name, flags=[
        "--node-name", name, "--promote-after", f"{PROMOTE_AFTER:.0f}s", *flags])
    check(member.stop() == 0, "a clean end")
    member.flags += ["--announce-redis", member.redis]
    return member.start()


def killed(leader, heir):
    leader.kill()
    begun = time.monotonic()
    wait_until("the other one leads", lambda: role(heir) == "leads")
    took = time.monotonic() - begun
    leader.start()
    return took


def stopped(leader, heir):
    """Suspended, and woken up: then both believe that they lead, and one gives way."""
    leader.drop_client()
    leader.signal(signal.SIGSTOP)
    begun = time.monotonic()
    wait_until("the other one leads", lambda: role(heir) == "leads")
    took = time.monotonic() - begun
    leader.signal(signal.SIGCONT)
    return took


def ended(leader, heir):
    """Stopped as by a manager of services: it hands its lead over first."""
    leader.drop_client()
    leader.signal(signal.SIGTERM)
    begun = time.monotonic()
    wait_until("the other one leads", lambda: role(heir) == "leads")
    took = time.monotonic() - begun
    check(leader.process.wait(30) == 0, "a clean end")
    with open(leader.log_path, errors="replace") as log:
        last = "".join(log.readlines()[-8:])
    check("follows from now on: the heir has all that is here" in last, last)
    leader.start()
    return took


def a_round(how, leader, heir, names):
    """Returns how long nobody led."""
    wait_until("the heir is able", lambda: is_able(leader, heir, names[heir]), 60)
    took = how(leader, heir)
    wait_until("the former leader follows", lambda: role(leader) == "follows", 60)
    check(role(heir) == "leads", "the heir leads on")
    return took


def restarted_at_once(leader, other):
    """A start of a moment changes nothing."""
    leader.kill()
    leader.start()
    wait_until("somebody leads", lambda: "leads" in (role(leader), role(other)))
    wait_until("one follows", lambda: sorted([role(leader), role(other)]) == ["follows", "leads"])


def main():
    random = new_random()
    with World() as world:
        us = world.start("us")
        first = started(world, "eu-1", [us])
        second = started(world, "eu-2", [us, first], ["--follower"])
        names = {first: "eu-1", second: "eu-2"}
        wait_until("the first one leads", lambda: role(first) == "leads")
        wait_until("status says in words that the second one would lead", lambda: (
            "this one, able\n" in run("status", "--redis", second.redis).stdout), 60)
        writers = [Writer(number, [first, second]) for number in range(3)]
        for writer in writers:
            writer.start()
        leader, heir, without = first, second, []
        ways = [killed, stopped, ended]
        random.shuffle(ways)
        for i in range(ROUNDS):
            without.append(a_round(ways[i % len(ways)], leader, heir, names))
            leader, heir = heir, leader
            counts = [len(writer.written) for writer in writers]
            wait_until("all write on", lambda: all(
                writer.error or len(writer.written) > count
                for writer, count in zip(writers, counts)))
        restarted_at_once(leader, heir)
        for writer in writers:
            writer.ends = True
        for writer in writers:
            writer.join(60)
            check(writer.error is None, f"a writer: {writer.error!r}")
        world.wait_equal([us, first, second])
        for writer in writers:
            for member in (us, first, second):
                lost = [key for key in writer.written if member.call("GET", key) != "value"]
                check(not lost, f"{len(lost)} lost, as {lost[:5]}")
        check(len(us.status()["applied"]) == 3, "three origins, however often the lead went over")
        gaps = [max(b - a for a, b in zip(writer.times, writer.times[1:])) for writer in writers]
        print(f"{sum(len(writer.written) for writer in writers)} writes; without a leader for "
              f"{max(without):.2f} s at most ({BOUND:.1f} s is the bound), a writer for "
              f"{max(gaps):.2f} s", flush=True)
        check(max(without) < 10 * BOUND, "the bound, on a slow machine")


if __name__ == "__main__":
    main()
