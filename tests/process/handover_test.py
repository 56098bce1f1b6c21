#!/usr/bin/env python3
"""`anabranch handover` under load: no acknowledged write is lost, no write fails but with READONLY
and the address of the new leader, and connections are closed behind it. The former leader follows,
also after a start; what cannot be handed over is refused with a sentence, and nothing changes."""

import threading
import time

from leaders import World, check, new_random, run, wait_until
from resp import Client, ServerError

TEXT = "READONLY You can't write against a read only replica. The leader is "
WRITERS = 6


class Writer(threading.Thread):
    """Writes keys of its own, one after the other, to the leader that it is sent to."""

    def __init__(self, number, address, multi):
        super().__init__()
        self.number, self.address, self.multi = number, address, multi
        self.written, self.refused, self.closed_ms = [], [], []
        self.error, self.ends = None, False

    def write(self, client, key):
        if not self.multi:
            client.call("SET", key, "value")
            return
        client.call("MULTI")
        client.call("SET", key, "value")
        client.call("EXEC")

    def run(self):
        try:
            client = Client(self.address)
            while not self.ends:
                key = f"key:{self.number}:{len(self.written)}"
                try:
                    self.write(client, key)
                    self.written.append(key)
                except ServerError as error:
                    self.follow(client, str(error))
                    client = Client(self.address)
        except Exception as error:  # Told by the test.
            self.error = error

    def follow(self, client, error):
        """Goes where the answer says; the connection is closed by the server."""
        if self.multi:
            error = error.removeprefix("EXECABORT Transaction discarded because of: ")
        check(error.startswith(TEXT), error)
        self.refused.append(error)
        self.address = error[len(TEXT):].rstrip(".")
        begun = time.monotonic()
        try:
            client.call("PING")
            check(False, "the connection is open")
        except (OSError, EOFError, ConnectionError):
            self.closed_ms.append(1000 * (time.monotonic() - begun))


def hand_over(leader, *words):
    return run("handover", *words, "--redis", leader.redis, timeout=60)


def started(world, name, flags=(), peers=()):
    """A member of eu that tells where its Redis port is."""
    member = world.start("eu", peers=peers, flags=["--node-name", name, *flags], name=name)
    check(member.stop() == 0, "a clean end")
    member.flags += ["--announce-redis", member.redis]
    member.start()
    return member


def knows(leader, name):
    return any(each["name"] == name and each["fresh"] and each["lag_ms"] >= 0
               for each in leader.status()["members"])


def role(leader):
    return "follows" if leader.status()["follower"] else "leads"


def under_load(world, first, second, us):
    writers = [Writer(number, first.redis, number % 3 == 2) for number in range(WRITERS)]
    idle = Client(first.redis)
    check(idle.call("PING") == "PONG", "a client that writes nothing")
    for writer in writers:
        writer.start()
    leader, heir, name = first, second, "eu-2"
    for _ in range(4):
        counts = [len(writer.written) for writer in writers]
        wait_until("all write", lambda: all(
            writer.error or len(writer.written) > count + 20
            for writer, count in zip(writers, counts)))
        wait_until("the heir is heard", lambda: knows(leader, name))
        done = hand_over(leader, *([name] if name == "eu-2" else []))
        check(done.returncode == 0 and f"{name} leads the region" in done.stdout, done)
        check(role(leader) == "follows" and role(heir) == "leads", "the roles")
        leader, heir = heir, leader
        name = "eu-1" if name == "eu-2" else "eu-2"
        wait_until("all have gone over", lambda: all(
            writer.error or writer.address == leader.redis for writer in writers))
    for writer in writers:
        writer.ends = True
    for writer in writers:
        writer.join(60)
        check(writer.error is None, f"a writer: {writer.error!r}")
        check(len(writer.refused) == 4, f"refused {len(writer.refused)} times")
    check(is_closed(idle), "the idle connection")
    world.wait_equal([first, second, us])
    keys = [key for writer in writers for key in writer.written]
    for member in (first, second, us):
        lost = [key for key in keys if member.call("GET", key) != "value"]
        check(not lost, f"lost: {lost[:5]}")
    slowest = max(each for writer in writers for each in writer.closed_ms)
    print(f"{len(keys)} writes; closed after {slowest:.0f} ms at most", flush=True)
    check(slowest < 1000, "connections are closed")


def is_closed(client):
    try:
        client.call("PING")
        return False
    except (OSError, EOFError, ConnectionError):
        return True


def after_a_start(first, second):
    """The leader is the first one again; it hands over, and follows when it is started."""
    wait_until("the heir is heard", lambda: knows(first, "eu-2"))
    former = Client(first.redis)
    first.call("ANABRANCH", "HANDOVER", "START")
    wait_until("it follows", lambda: first.call("ROLE")[0] == "slave")
    present = Client(first.redis)  # Made with a follower.
    wait_until("clients of the leader leave", lambda: is_closed(former))
    check(present.call("PING") == "PONG", "those that came to a follower stay")
    wait_until("the heir leads", lambda: role(second) == "leads")
    first.kill()
    first.start()
    check(role(first) == "follows", "a directory that has stepped down follows")
    second.call("SET", "key", "after")
    wait_until("it has the write", lambda: first.call("GET", "key") == "after")


def refused(first, second):
    """The second one leads."""
    for leader, words, part in ((second, ["eu-9"], "no member eu-9"),
                                (second, ["eu-2"], "is this one"),
                                (first, [], "this member follows")):
        done = hand_over(leader, *words)
        check(done.returncode == 1 and part in done.stderr, done)
    first.kill()
    wait_until("nobody can take the lead", lambda: "no direct link" in hand_over(
        second, "eu-1").stderr)
    check(role(second) == "leads", "nothing has changed")
    second.call("SET", "key", "goes on")


def main():
    new_random()
    with World() as world:
        us = world.start("us")
        first = started(world, "eu-1", peers=[us])
        second = started(world, "eu-2", ["--follower"], peers=[us, first])
        under_load(world, first, second, us)
        after_a_start(first, second)
        refused(first, second)


if __name__ == "__main__":
    main()
