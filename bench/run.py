"""One run of all measurements: where, how large, and the table with its figures."""

import contextlib
import os
import shutil
import sys
import tempfile

from goals import GOALS
from table import Table


class Run:
    """Sizes are those of the goals, or small ones, which only show that all of it works."""

    def __init__(self, is_smoke, with_peers, rounds):
        self.build = os.environ["ANABRANCH_TEST_BUILD"]
        self.is_smoke = is_smoke
        self.with_peers = with_peers
        self.table = Table({} if is_smoke else GOALS)
        self.rounds = 1 if is_smoke else rounds
        self.keys = 10_000 if is_smoke else 100_000
        self.many_keys = 20_000 if is_smoke else 1_000_000
        self.loaded_keys = 40_000 if is_smoke else 10_000_000
        # Memory of the store that is flushed at once; as it is by default.
        self.flush_mib = 1 if is_smoke else 64
        # Writes that a leader has missed, and requests of each sample while one stands still.
        self.missed = 20_000 if is_smoke else 1_000_000
        self.outage_requests = 5_000 if is_smoke else 200_000
        # The number of requests in one sample, by pipeline.
        self.requests = {1: 3_000, 16: 16_000} if is_smoke else {1: 50_000, 16: 400_000}

    @contextlib.contextmanager
    def section(self):
        """A folder for the data of one section, and what runs in it: all ends with the section."""
        os.makedirs("build", exist_ok=True)
        with contextlib.ExitStack() as running:
            folder = tempfile.mkdtemp(prefix="bench-", dir="build")
            running.callback(shutil.rmtree, folder, ignore_errors=True)
            yield folder, running

    def progress(self, what):
        print(f"  {what} ...", file=sys.stderr, flush=True)
