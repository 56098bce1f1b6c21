"""Commands with a name, a log and a limit of time, also beside each other."""
import collections
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

LOGS = pathlib.Path("build/log")
LOOK = 0.2  # Seconds between two looks whether a stage has reached its limit.
TAIL = 40  # Lines of a stage beside others that are shown when it fails.
GRACE = 10  # Seconds between the request to end and the end by force.

# `stopped`: the limit of time ended it.
Outcome = collections.namedtuple("Outcome", "passed stopped seconds")


class Stages:
    """Runs stages and collects what the report says of them. `began` is the time.time() of the
    whole run. Threads may run stages at once; `end_all` ends these and lets no other begin."""

    def __init__(self, began):
        self.began = began
        self.report = []  # Of (name, seconds), in the order of their ends.
        self.failed = []  # Names of stages, and other reasons to fail.
        self._lock = threading.Lock()
        self._running = set()
        self._ended = False

    def elapsed(self):
        return time.time() - self.began + skew()

    def log_of(self, name):
        return LOGS / f"{name.replace(' ', '-')}.log"

    def run(self, name, command, until=None, beside=False, may_stop=False,
            may_fail=False):
        """Runs the command: its output goes to a log, and to the terminal unless it runs `beside`
        another stage, then at a low priority. At second `until` of the whole run it is stopped,
        with all its children, and that is a failure unless it `may_stop`."""
        words = ["timeout", "0"]  # For its own process group; the limit may come sooner.
        words += ["nice"] if beside else []
        self._say(f"== {name}{' (beside others)' if beside else ''}\n".encode())
        began = time.monotonic()
        process = self._start(words + [str(each) for each in command])
        if process is None:
            return Outcome(False, True, 0)
        reader = threading.Thread(target=self._copy, args=(process, name, beside), daemon=True)
        reader.start()
        stopped = self._wait(process, until)
        status = process.returncode
        reader.join(GRACE)  # What the command leaves running may keep the pipe open.
        seconds = time.monotonic() - began
        with self._lock:
            self._running.discard(process)
            self.report.append((name, seconds))
            if status != 0 and not self._ended and not may_fail and not (
                    stopped and may_stop):
                self.failed.append(name)
        if status != 0 and not stopped and beside:
            self._say(f"== {name} failed:\n{tail(self.log_of(name))}\n".encode())
        return Outcome(status == 0, stopped, seconds)

    def _wait(self, process, until):
        """Waits for the end; returns whether the limit of time brought it."""
        while True:
            try:
                process.wait(LOOK)
                return False
            except subprocess.TimeoutExpired:
                if until is not None and self.elapsed() >= until:
                    end(process)
                    return True

    def _start(self, words):
        with self._lock:
            if self._ended:
                return None
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT)
            self._running.add(process)
            return process

    def _copy(self, process, name, beside):
        with open(self.log_of(name), "wb") as log:
            for line in process.stdout:
                log.write(line)
                log.flush()
                if not beside:
                    self._say(line)

    def _say(self, text):
        with self._lock:
            sys.stdout.buffer.write(text)
            sys.stdout.buffer.flush()

    def fail(self, reason):
        with self._lock:
            self.failed.append(reason)

    def end_all(self):
        """Ends the stages that run, with their children: `timeout` passes the signal on."""
        with self._lock:
            self._ended = True
            running = list(self._running)
        for process in running:
            process.terminate()
        for process in running:
            end(process)


def skew():
    """Seconds that the clock is ahead, of a file: run_test.py waits for no minute 80."""
    file = os.environ.get("ANABRANCH_RUN_SKEW")
    return float(pathlib.Path(file).read_text() or 0) if file and os.path.exists(file) else 0


def end(process):
    """Ends the process group of `timeout`, which passes signals on, at last by force."""
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def tail(log):
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(lines[-TAIL:])


def keep(file, stage_log):
    """Keeps a copy of ctest's own log beside that of the stage: the next ctest of the tree writes
    another one. An interrupted ctest leaves it under a name of its own."""
    for found in (pathlib.Path(f"{file}.tmp"), pathlib.Path(file)):
        if found.exists():
            shutil.copy(found, stage_log.with_suffix(".last"))
            return
