#!/usr/bin/env python3
"""Wrong input gives one clear line and an exit code, and leaves data and other connections alone:
flags, configuration, ports, data directories, values over a limit, and garbage on both ports."""

import os
import socket
import stat
import threading

from leaders import World, check, new_random, run, wait_until
from resp import Client, ServerError


def refused(words, code, *parts, environment=None):
    """Runs a command that must fail with this code and one line that has these parts."""
    done = run(*words, environment=environment)
    said = f"anabranch {' '.join(words)}: exit {done.returncode}, said {done.stderr!r}"
    check(done.returncode == code, f"exit code {code} expected: {said}")
    check(len(done.stderr.splitlines()) == 1 and done.stderr.startswith("anabranch: "),
          f"one line expected: {said}")
    for part in parts:
        check(part in done.stderr, f"{part!r} expected: {said}")
    check(done.stdout == "", f"nothing on standard output expected: {done.stdout!r}")


def wrong_flags(folder):
    data = ["--data", os.path.join(folder, "never")]
    refused([], 2, "which command")
    refused(["stauts"], 2, "stauts", "status")
    refused(["serve", "--regoin", "eu"], 2, "--regoin", "--region")
    refused(["serve", *data], 78, "--region")
    refused(["serve", "--region", "eu"], 78, "--data")
    refused(["serve", "--region"], 2, "--region")
    refused(["serve", "--region", "eu", *data, "--listen", "7400"], 78, "--listen", "7400")
    refused(["serve", "--region", "eu", *data, "--peer", "tcp://127.0.0.1"], 78, "--peer")
    refused(["serve", "--region", "eu", *data, "--redis", "127.0.0.1:http"], 78, "--redis")
    refused(["serve", "--region", "eu", *data, "--log-level", "loud"], 78, "--log-level", "loud")
    refused(["serve", "--region", "eu", *data, "--map-bytes", "much"], 78, "--map-bytes", "much")
    refused(["serve", "--region", "eu", *data], 78, "ANABRANCH_REDIS",
            environment={"ANABRANCH_REDIS": "nowhere"})
    refused(["serve", "--region", "eu\nus", *data, "--redis", "127.0.0.1:0"], 78)
    refused(["show"], 2, "KEY")
    refused(["status", "--redis", "127.0.0.1:1"], 1, "127.0.0.1:1")
    refused(["peer", "pause", "us", "--redis", "nonsense"], 1, "nonsense")
    check(not os.path.exists(data[1]), "a refused start made a data directory")


def wrong_files(folder):
    def file_of(text):
        path = os.path.join(folder, "leader.toml")
        with open(path, "w") as file:
            file.write(text)
        return path

    unknown = file_of('region = "eu"\n\nlisen = "tcp://127.0.0.1:7400"\n')
    refused(["config", "check", unknown], 78, f"{unknown}:3:1: ", "lisen", "listen")
    refused(["serve", "--config", unknown], 78, f"{unknown}:3:1: ", "lisen", "listen")
    wrong_type = file_of("\nregion = 7\n")
    refused(["config", "check", wrong_type], 78, f"{wrong_type}:2:10: ", "string")
    syntax = file_of('region = "eu"\npeers = [\n')
    refused(["serve", "--config", syntax], 78, f"{syntax}:")
    refused(["config", "check", os.path.join(folder, "absent.toml")], 78, "No such file")
    refused(["config", "check", folder], 78, "directory")


def contents(path):
    return {name: open(os.path.join(path, name), "rb").read() for name in sorted(os.listdir(path))}


def wrong_directories(world, leader):
    def serve(path, region="eu"):
        return ["serve", "--region", region, "--data", path, "--redis", "127.0.0.1:0"]

    refused(serve(leader.data), 1, leader.data)
    refused(serve(os.path.join(world.folder, "no", "parent")), 1, "parent")
    a_file = os.path.join(world.folder, "file")
    open(a_file, "w").close()
    refused(serve(a_file), 1, a_file)
    foreign = os.path.join(world.folder, "foreign")
    os.mkdir(foreign)
    for name in ("thesis.txt", "data.mdb"):
        with open(os.path.join(foreign, name), "w") as file:
            file.write("not ours")
    before = contents(foreign)
    refused(serve(foreign), 3, foreign)  # As a data file that is damaged.
    after = contents(foreign)
    check(all(after[name] == before[name] for name in before), "a foreign directory was changed")
    if os.geteuid() != 0:  # Nothing is unreadable for root.
        os.mkdir(unreadable := os.path.join(world.folder, "unreadable"), 0)
        refused(serve(unreadable), 1, unreadable)
        os.chmod(unreadable, stat.S_IRWXU)
    refused(serve("/proc/anabranch"), 1, "/proc/anabranch")


def other_region(world):
    first = world.start("first")
    first.call("SET", "key", "value")
    check(first.stop() == 0, "a clean end")
    refused(["serve", "--region", "second", "--data", first.data, "--redis", "127.0.0.1:0"], 78,
            "first", "second")
    first.start()
    check(first.call("GET", "key") == "value", "a refused start lost data")


def ports_in_use(world, leader):
    data = ["--data", os.path.join(world.folder, "busy")]
    refused(["serve", "--region", "xx", *data, "--redis", leader.redis], 1, leader.redis)
    refused(["serve", "--region", "xx", *data, "--redis", "127.0.0.1:0",
             "--listen", leader.listen], 1, leader.listen)


def values_over_the_limit(world):
    leader = world.start("small", flags=["--value-bytes-max", "1000"])
    with Client(leader.redis) as client:
        client.call("SET", "key", "x" * 1000)
        for words in (["SET", "key", "y" * 1001], ["HSET", "map", "field", "y" * 1001]):
            try:
                client.call(*words)
                check(False, f"{words[0]} of 1001 bytes was accepted")
            except ServerError as error:
                check("1000" in str(error), f"the error names the limit: {error}")
        check(client.call("GET", "key") == "x" * 1000, "a refused write changed the value")
        check(client.call("EXISTS", "map") == 0, "a refused write made a map")
        check(client.call("PING") == "PONG", "the connection goes on")
    check(run("peer", "pause", "nobody", "--redis", leader.redis).returncode == 1, "no such peer")
    refused(["peer", "pause", "nobody", "--redis", leader.redis], 1, "nobody")


GARBAGE = [
    b"\x00" * 4096,
    b"GET / HTTP/1.1\r\nHost: here\r\n\r\n",
    b"*1000000000\r\n",
    b"*2\r\n$3\r\nGET\r\n$9999999999\r\n",
    b"*1\r\n$-5\r\nPING\r\n",
    b"*-1\r\n",
    b"$5\r\nhello\r\n",
    b"*1\r\n*1\r\n*1\r\n",
    b"x" * 200_000,
    b"\xff\x00\x00\x00\x00\x00\x00\x01\x7f",  # The greeting of ZeroMQ, and then nothing.
    b"\xff\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00NULL" + b"\x00" * 48 + b"\x04\x19" + b"z" * 5000,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # A TLS client.
]


def pour(address, data, held):
    """Sends bytes and leaves the connection to the far side's judgement."""
    host, port = address.rsplit("/", 1)[-1].rsplit(":", 1)
    connection = socket.create_connection((host, int(port)), 5)
    held.append(connection)
    try:
        connection.sendall(data)
    except OSError:
        pass  # It hung up, as it may.


class Witness(threading.Thread):
    """A well-behaved client, whose connection must survive all of it."""

    def __init__(self, leader):
        super().__init__(daemon=True)
        self.leader = leader
        self.ends = threading.Event()
        self.count = 0
        self.failure = None

    def run(self):
        try:
            with Client(self.leader.redis) as client:
                while not self.ends.is_set():
                    self.count += 1
                    check(client.call("INCR", "witness") == self.count, "a wrong answer")
        except (AssertionError, OSError, ServerError) as error:
            self.failure = error


def garbage_on_both_ports(world, random, leader):
    other = world.start("other", peers=[leader])
    wait_until("both are connected", lambda: other.is_connected(leader))
    witness = Witness(leader)
    witness.start()
    held = []
    noise = [random.randbytes(random.randrange(1, 5000)) for _ in range(60)]
    for data in GARBAGE + noise:
        pour(leader.redis, data, held)
        pour(leader.listen, data, held)
    served = witness.count
    wait_until("the other connection goes on",
               lambda: witness.failure is not None or witness.count > served + 100)
    other.call("SET", "after", "garbage")
    wait_until("writes arrive", lambda: leader.call("GET", "after") == "garbage")
    witness.ends.set()
    witness.join(20)
    check(witness.failure is None, f"another connection was hurt: {witness.failure}")
    for connection in held:
        connection.close()
    world.wait_equal([leader, other])
    print(f"{witness.count} additions by another client meanwhile", flush=True)


def main():
    random = new_random()
    with World() as world:
        wrong_flags(world.folder)
        wrong_files(world.folder)
        leader = world.start("eu")
        leader.call("SET", "key", "value")
        wrong_directories(world, leader)
        ports_in_use(world, leader)
        other_region(world)
        values_over_the_limit(world)
        garbage_on_both_ports(world, random, leader)
        check(leader.call("GET", "key") == "value", "data was left alone")
        check(leader.stop() == 0, "a clean end")


if __name__ == "__main__":
    main()
