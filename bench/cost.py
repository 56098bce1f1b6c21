#!/usr/bin/env python3
"""Counts the instructions and the allocations of one operation, independent of the load of the
machine, and compares them with limits.

    bench/cost.py              prints the table
    bench/cost.py --check      the same, and fails when a figure is above its limit, also when counted
                               again
    bench/cost.py --renew      the same, and makes these figures the limits
    bench/cost.py --keep PATH  leaves the files of callgrind in that folder, for callgrind_annotate

README.md explains the rows. $ANABRANCH_TEST_BUILD names the build tree (build/release). Takes
20 seconds of one core; needs valgrind (package valgrind), and without it reports that and ends with 77 (0
without --check). redis-server is counted too if it is installed, and the plugin of examples/plugins/highest_bid if
clang and lld can compile it.
"""

import argparse
import glob
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import callgrind
import servers

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.abspath(os.environ.get("ANABRANCH_TEST_BUILD",
                                       os.path.join(ROOT, "build", "release")))
CLOCK = os.path.join(BUILD, "bench", "cost_clock.so")
LIMITS = os.path.join(ROOT, "bench", "cost", "limits.txt")
RENEW = "bench/cost.py --renew"
SKIPPED = 77
ABOVE = 1.05     # Instructions over this multiple of their limit fail; the inverse is reported.
ROUNDING = 0.02  # Two runs differ in allocations by no more: one in fifty operations.
# But for calls of a function that the machine interrupts for 10 ms: each is an alarm, and has a text.
ALARMS = {"embedded get, conflict", "embedded get, plugin"}
ABOVE_WITH_ALARMS = 1.2
ROUNDING_WITH_ALARMS = 0.6
COUNTS = 3       # So often is a figure above its limit counted; the least one is compared.
EXCESS = 5       # Functions that are printed when two counts differ.

KEYS = 10_000
TIMES = 2_000
PIPELINE = 100  # Requests of one write and of one turn: under 16 KiB, read whole by both servers.
FREE_BYTES = 1 << 30
VALUE = b"x" * servers.VALUE_BYTES


def request(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word)
                                              for word in words)


def key(number):
    return b"key:%012d" % number


class Client:
    """One connection. A pipeline is one write, and is answered before the next one is sent."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def ask(self, requests):
        self.socket.sendall(b"".join(requests))
        for _ in requests:
            line = self.file.readline()
            if line[:1] not in (b"+", b":", b"$") or line == b"$-1\r\n":
                raise SystemExit(f"a server answered {line} in the measurement")
            if line[:1] == b"$":
                self.file.read(int(line[1:]) + 2)

    def ask_all(self, requests):
        for begin in range(0, len(requests), PIPELINE):
            self.ask(requests[begin:begin + PIPELINE])


class CountedAnabranch(servers.Anabranch):
    mark = request(b"PING")

    def __init__(self, folder):
        self.counter = callgrind.Counter(folder, "anabranch", CLOCK,
                                         "*::ping(anabranch::server::Call&)")
        # valgrind has no room for the usual address space.
        super().__init__(BUILD, folder, flags=["--map-bytes", str(1 << 30)])

    def launch(self, words):
        super().launch(self.counter.command(words))


class CountedRedis(servers.Redis):
    mark = request(b"DEBUG", b"SLEEP", b"0")

    def __init__(self, folder):
        self.counter = callgrind.Counter(folder, "redis", CLOCK, "nanosleep")
        super().__init__("everysec", folder)

    def launch(self, words):
        super().launch(self.counter.command([*words, "--enable-debug-command", "local"]))


def server_operations():
    """{operation: its requests}, in an order such that each finds its keys. INCR and SADD find
    their key or element half of the time."""
    pick = random.Random(1)
    operations = {
        "SET, existing key": [request(b"SET", key(pick.randrange(KEYS)), VALUE)
                              for _ in range(TIMES)],
        "SET, new key": [request(b"SET", key(KEYS + i), VALUE) for i in range(TIMES)],
        "INCR": [request(b"INCR", b"counter:" + key(i // 2)) for i in range(TIMES)],
        "SADD": [request(b"SADD", b"set", b"element:" + key(i // 2)) for i in range(TIMES)],
        "GET": [request(b"GET", key(pick.randrange(KEYS))) for _ in range(TIMES)],
    }
    for requests in operations.values():
        pick.shuffle(requests)
    return operations


def count_server(start, folder):
    """{operation: cost}."""
    server = start(folder)
    costs = {}
    try:
        client = Client(server.port)
        client.ask_all([request(b"SET", key(i), VALUE) for i in range(KEYS)])
        client.ask([server.mark])
        server.counter.next()
        for operation, requests in server_operations().items():
            client.ask_all(requests)
            client.ask([server.mark])
            costs[operation] = server.counter.next(file_name(operation)).each_of(len(requests))
    finally:
        server.stop()
    return costs


def plugin(folder):
    """Returns the file of a plugin as a list of words; an empty one without its compiler."""
    if not all(shutil.which(each) for each in ("make", "clang", "wasm-ld")):
        print("not counted: plugins, without make, clang and lld (cmake/packages.sh test)")
        return []
    path = os.path.join(folder, "highest_bid")
    shutil.copytree(os.path.join(ROOT, "examples", "plugins", "highest_bid"), path)
    subprocess.run(["make", "-s", "-C", path, f"PREFIX={ROOT}", "highest_bid.wasm"], check=True)
    return [os.path.join(path, "highest_bid.wasm")]


def count_embedded(folder):
    """Returns the build of the program, and {operation: cost}."""
    data = os.path.join(folder, "embedded")
    os.mkdir(data)
    counter = callgrind.Counter(folder, "embedded", CLOCK, "cost_mark")
    program = os.path.join(BUILD, "bench", "cost_embedded")
    done = subprocess.run(counter.command([program, data, *plugin(folder)]), capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"cost_embedded failed: {done.stdout}{done.stderr}")
    built_with, *lines = done.stdout.splitlines()
    costs = {}
    for line in lines:
        operation, times = line.split("\t")
        if int(times) == 0:
            counter.next()
        else:
            costs[operation] = counter.next(file_name(operation)).each_of(int(times))
    return built_with, costs


def file_name(operation):
    return operation.replace(",", "").replace(" ", "-")


def print_table(built_with, ours, redis):
    print(f"one operation, counted by callgrind ({built_with}):\n")
    line = "{:<28}{:>14}{:>14}{:>24}".format
    print(line("operation", "instructions", "allocations", "redis-server, instr."))
    for operation, cost in ours.items():
        other = f"{redis[operation].instructions:,.0f}" if operation in redis else ""
        print(line(operation, f"{cost.instructions:,.0f}", f"{cost.allocations:.2f}", other))


def read_limits():
    """Returns the build that the limits belong to, and {operation: cost}."""
    with open(LIMITS) as file:
        lines = [line for line in file.read().splitlines() if line and not line.startswith("#")]
    built_with, *rows = lines
    limits = {}
    for row in rows:
        operation, instructions, allocations = row.rsplit(None, 2)
        limits[operation] = callgrind.Cost(int(instructions), float(allocations))
    return built_with, limits


def write_limits(built_with, costs):
    with open(LIMITS, "w") as file:
        file.write("# What one operation may cost: instructions (5 % more pass), and allocations. The\n"
                   f"# first line names compiler and processor. {RENEW} writes this file.\n"
                   f"{built_with}\n")
        for operation, cost in costs.items():
            file.write(f"{operation:<28}{cost.instructions:>10.0f}{cost.allocations:>10.2f}\n")
    print(f"\nThese figures are the limits now, in {os.path.relpath(LIMITS)}.")


def compare(operation, cost, limit):
    """Returns sentences about figures above a limit, and about figures far below."""
    above, below = [], []
    alarms = operation in ALARMS
    instructions = limit.instructions * (ABOVE_WITH_ALARMS if alarms else ABOVE)
    allocations = limit.allocations + (ROUNDING_WITH_ALARMS if alarms else ROUNDING)
    for what, figure, most, passes in (
            ("instructions", cost.instructions, limit.instructions, instructions),
            ("allocations", cost.allocations, limit.allocations, allocations)):
        text = f"{operation}: {figure:,.2f} {what} each, and the limit is {most:,.2f}"
        if figure > passes:
            above.append(f"{text}. If that is meant to be, renew the limits: {RENEW}")
        elif figure < most / ABOVE:
            below.append(f"{text}. It costs less now: lower the limits by {RENEW}")
    return above, below


def too_costly(costs, limits):
    """Returns the operations with a figure above its limit."""
    return [each for each in costs if each in limits and compare(each, costs[each], limits[each])[0]]


def print_excess(operation, folder, other):
    """Prints the functions for which the count in `folder` has most instructions above the other one."""
    files = glob.glob(os.path.join(folder, f"*.callgrind.{file_name(operation)}"))
    [file] = [each for each in files if not os.path.basename(each).startswith("redis.")]
    functions = callgrind.read_functions(file)
    others = callgrind.read_functions(os.path.join(other, os.path.basename(file)))
    excess = {each: functions[each] - others.get(each, 0) for each in functions}
    print(f"\n{operation}: another count has fewer instructions. More, in all:")
    for each in sorted(excess, key=excess.get, reverse=True)[:EXCESS]:
        print(f"{excess[each]:>12,}  {each}")


def count_again(costs, folder):
    """Counts once more while a figure is above its limit. Returns for each operation its least cost."""
    _, limits = read_limits()
    for number in range(1, COUNTS):
        costly = too_costly(costs, limits)
        if not costly:
            break
        print(f"\nAbove their limits, so counted again: {', '.join(costly)}")
        _, again, _ = count(subfolder(folder, number))
        for each in costly:
            first, last = os.path.join(folder, "0"), os.path.join(folder, str(number))
            more, less = (first, last) if again[each] < costs[each] else (last, first)
            print_excess(each, more, less)
        costs = {each: callgrind.Cost(*map(min, costs[each], again[each])) for each in costs}
    return costs


def check(built_with, costs, folder):
    """Prints the figures above their limits, and returns the exit code. `folder` has the count's files
    in a folder `0`."""
    limits_of, limits = read_limits()
    if built_with != limits_of:
        print(f"\nskipped: the limits are of {limits_of}, and this tree is of {built_with}")
        return SKIPPED
    costs = count_again(costs, folder)
    failed = [f"{operation}: only the table or only the limits have it. Renew the limits: {RENEW}"
              for operation in sorted(costs.keys() ^ limits.keys())
              if operation in costs or "plugin" not in operation]
    print()
    for operation in (each for each in costs if each in limits):
        above, below = compare(operation, costs[operation], limits[operation])
        failed += above
        for each in below:
            print("note:", each)
    for each in failed:
        print("FAILED:", each)
    if not failed:
        print("All operations are within their limits.")
    return 1 if failed else 0


def make_folder():
    """Returns a new folder in memory, if there is room: the counts do not depend on the disk."""
    memory = "/dev/shm"
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > FREE_BYTES
    return tempfile.mkdtemp(prefix="anabranch-cost-", dir=memory if roomy else None)


def count(folder):
    built_with, embedded = count_embedded(folder)
    redis = count_server(CountedRedis, folder) if shutil.which("redis-server") else {}
    return built_with, {**count_server(CountedAnabranch, folder), **embedded}, redis


def subfolder(folder, number):
    path = os.path.join(folder, str(number))
    os.mkdir(path)
    return path


def keep_files(folder, path):
    os.makedirs(path, exist_ok=True)
    for name in os.listdir(folder):
        if ".callgrind." in name and not name.rsplit(".", 1)[1].isdigit():
            shutil.copy(os.path.join(folder, name), path)


def stop(signum, _frame):
    raise SystemExit(128 + signum)


def main():
    signal.signal(signal.SIGTERM, stop)
    parser = argparse.ArgumentParser(description="instructions and allocations of one operation")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--renew", action="store_true")
    parser.add_argument("--keep", metavar="PATH")
    arguments = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("skipped: valgrind (package valgrind) is not installed")
        return SKIPPED if arguments.check else 0
    folder = make_folder()
    try:
        built_with, ours, redis = count(subfolder(folder, 0))
        print_table(built_with, ours, redis)
        if arguments.keep:
            keep_files(os.path.join(folder, "0"), arguments.keep)
        if arguments.renew:
            write_limits(built_with, ours)
        return check(built_with, ours, folder) if arguments.check else 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
