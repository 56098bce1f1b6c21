"""What many rows cost a leader: bytes written, files, memory, opening, and the waits of others."""

import os
import signal
import socket
import subprocess
import threading
import time

import mesh
import servers

MIB = 1 << 20
LOG_MIB = 64


class Probe:
    """A client that asks for a key every 5 ms on a thread of its own, and keeps the longest wait."""

    def __init__(self, leader):
        self.leader = leader
        self.longest_ms = 0
        self.ends = False
        self.thread = threading.Thread(target=self.run)

    def run(self):
        with socket.create_connection(("127.0.0.1", self.leader.port), 60) as link:
            while not self.ends:
                begin = time.monotonic()
                link.sendall(b"EXISTS key:000000000001\r\n")
                link.recv(16)
                self.longest_ms = max(self.longest_ms, (time.monotonic() - begin) * 1000)
                time.sleep(0.005)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends = True
        self.thread.join()


class Filled:
    """A leader with keys in its tables; `write` counts the SETs that it does."""

    def __init__(self, run, folder, running, keys, flush_mib=None, fill=True):
        self.run, self.keys = run, keys
        flush_mib = flush_mib or run.flush_mib
        self.part = 300 * flush_mib  # The SETs of an eighth of a flush, about.
        self.leader = servers.Anabranch(
            run.build, folder, name=f"anabranch, flush at {flush_mib} MiB",
            flags=["--flush-bytes-max", str(flush_mib * MIB)])
        running.callback(self.leader.stop)
        self.writes = 0
        if fill:
            run.progress(f"filling with {keys:,} keys")
            self.leader.fill(keys)

    def write(self, requests):
        self.leader.write(requests, self.keys)
        self.writes += requests

    def flushes(self):
        """How many flushes have ended; waits for the one that is under way."""
        while True:
            status = self.leader.status()
            if not status["storage_flushing"]:
                return status["storage_flushes"]
            time.sleep(0.01)

    def write_until_flushes(self, more):
        """Writes until so many flushes have ended, and none is under way."""
        until = self.flushes() + more
        while self.flushes() < until:
            self.write(self.part)

    def bytes_of_a_set(self, flushes):
        """Bytes written for each SET until so many flushes have ended; begins where one has."""
        written, writes = self.leader.written_bytes(), self.writes
        self.write_until_flushes(flushes)
        return (self.leader.written_bytes() - written) / (self.writes - writes)

    def log_bytes(self):
        """The files of its log, once no more of them is removed."""
        before, now = None, self.leader.status()["storage_log_bytes"]
        while now != before:
            time.sleep(3)
            before, now = now, self.leader.status()["storage_log_bytes"]
        return now


def measure_many_rows(run):
    keys = run.many_keys
    with run.section() as (folder, running):
        few = Filled(run, folder, running, keys)
        measure_written(run, few, f"written for a SET, {keys:,} keys", flushes=2)
        measure_log(run, few)
        run.progress("waits while keys are overwritten")
        for _ in range(run.rounds):
            with Probe(few.leader) as probe:
                few.write(run.requests[16])
            run.table.add(f"GET while {keys:,} keys are overwritten, longest", "anabranch", "ms",
                          probe.longest_ms)
    with run.section() as (folder, running):
        filled = Filled(run, folder, running, keys)
        filled.write_until_flushes(1)
        log_bytes = filled.log_bytes()
        filled.leader.stop()
        run.table.add(f"tables of {keys:,} keys", "anabranch", "MB",
                      live_bytes(run, filled.leader) / 1e6)
        run.table.add("the log beside them", "anabranch", "MB", log_bytes / 1e6)
    with run.section() as (folder, running):
        large_flush = 4 * run.flush_mib
        large = Filled(run, folder, running, keys, large_flush)
        measure_written(run, large,
                        f"written for a SET, {keys:,} keys, flush at {large_flush} MiB", flushes=1)
        measure_opening(run, large)


def measure_written(run, filled, row, flushes):
    filled.write_until_flushes(1)
    for _ in range(run.rounds):
        run.progress(row)
        run.table.add(row, "anabranch", "bytes", filled.bytes_of_a_set(flushes))


def measure_log(run, filled):
    """The bytes of a SET in the log alone: no flush is under way meanwhile."""
    run.progress("log written for a SET")
    writes = filled.part // 2
    samples = 0
    while samples < run.rounds:
        flushes, written = filled.flushes(), filled.leader.written_bytes()
        filled.write(writes)
        written = filled.leader.written_bytes() - written
        if filled.flushes() == flushes:
            run.table.add("log written for a SET", "anabranch", "bytes", written / writes)
            samples += 1


def measure_opening(run, filled):
    log_bytes = (1 if run.is_smoke else LOG_MIB) * MIB
    leader = filled.leader
    for _ in range(min(run.rounds, 3)):
        run.progress("opening after a kill")
        filled.write_until_flushes(1)
        begin = leader.written_bytes()
        while leader.written_bytes() - begin < log_bytes:
            filled.write(5_000)
        leader.process.send_signal(signal.SIGKILL)
        leader.process.wait()
        forget_pages(tables_file(leader))
        begin = time.monotonic()
        leader.restart()
        run.table.add("opening after a kill", "anabranch", "s", time.monotonic() - begin)
        run.table.add("log that it reads", "anabranch", "MiB", log_bytes / MIB)


def measure_loading(run):
    with run.section() as (folder, running):
        loaded = Filled(run, folder, running, keys=10 ** 11, fill=False)
        waiting, memory = [0], [0]
        ends = threading.Event()

        def watch():
            while not ends.wait(0.1):
                waiting.append(loaded.leader.status()["storage_waiting_bytes"])
                memory.append(loaded.leader.own_bytes())

        watcher = threading.Thread(target=watch)
        run.progress(f"loading {run.loaded_keys:,} rows")
        watcher.start()
        begin = time.monotonic()
        try:
            with Probe(loaded.leader) as probe:
                loaded.write(run.loaded_keys)
            seconds = time.monotonic() - begin
        finally:
            ends.set()
            watcher.join()
        add = run.table.add
        add(f"loading {run.loaded_keys:,} rows", "anabranch", "s", seconds)
        add("memory with writes that wait", "anabranch", "MiB", max(waiting) / MIB)
        add("own memory of the leader", "anabranch", "MiB", max(memory) / MIB)
        add("GET while rows are loaded, longest", "anabranch", "ms", probe.longest_ms)
        loaded.flushes()
        loaded.leader.stop()
        add("file to live pages", "anabranch", "times",
            os.path.getsize(tables_file(loaded.leader)) / live_bytes(run, loaded.leader))


def tables_file(leader):
    return os.path.join(leader.directory(), "data.mdb")


def live_bytes(run, leader):
    """The bytes of pages in use in the tables of a directory that is not open."""
    done = subprocess.run([os.path.join(run.build, "bench", "embedded_bench"), "live-bytes",
                           leader.directory()], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"live-bytes: {done.stderr}")
    return int(done.stdout)


def forget_pages(path):
    """Drops a file from the page cache, as after a restart of the machine."""
    os.sync()
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
