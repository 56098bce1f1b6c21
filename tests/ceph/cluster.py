"""A small cluster of Ceph for tests: a monitor, a manager and OSDs in a folder, on loopback alone."""
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid

POOL = "logs"
BLOCK_BYTES = 2 << 30  # Of an OSD; the file is sparse.


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """As a context: a cluster that serves, with a pool. Its processes end with it."""

    def __init__(self, folder, osds=3):
        self.folder = pathlib.Path(folder)
        self.conf = self.folder / "ceph.conf"
        self.port = free_port()
        self.fsid = str(uuid.uuid4())
        self.osds = osds
        self.processes = {}

    def __enter__(self):
        try:
            self.configure()
            self.start_monitor()
            self.start("mgr.x", "ceph-mgr", "-i", "x")
            for number in range(self.osds):
                self.make_osd(number)
                self.start_osd(number)
            self.ceph("osd", "pool", "create", POOL, "8", "8")
            return self
        except BaseException:
            self.close()
            raise

    def __exit__(self, *error):
        self.close()

    def configure(self):
        for name in ("mon", "mgr", "run", "log", *(f"osd{n}" for n in range(self.osds))):
            (self.folder / name).mkdir()
        osds = "".join(f"[osd.{n}]\nosd data = {self.folder}/osd{n}\n" for n in range(self.osds))
        self.conf.write_text(f"""[global]
fsid = {self.fsid}
mon host = [v2:127.0.0.1:{self.port}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
auth cluster required = none
auth service required = none
auth client required = none
run dir = {self.folder}/run
admin socket = {self.folder}/run/$name.asok
log file = {self.folder}/log/$name.log
mon cluster log file = {self.folder}/log/cluster.log
osd pool default size = {self.osds}
osd pool default min size = {self.osds // 2 + 1}
osd crush chooseleaf type = 0
osd heartbeat grace = 6
osd heartbeat interval = 2
mon osd min down reporters = 1
mon osd adjust heartbeat grace = false
osd objectstore = bluestore
bluestore block create = true
bluestore block size = {BLOCK_BYTES}
bluestore cache size = 67108864
osd op num shards = 2
osd op num threads per shard = 1
[client]
log file =
admin socket =
[mon.a]
mon data = {self.folder}/mon
[mgr.x]
mgr data = {self.folder}/mgr
{osds}""")

    def run(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=240)
        if done.returncode != 0:
            raise RuntimeError(f"{command}: {done.stdout}{done.stderr}")
        return done.stdout

    def ceph(self, *words):
        return self.run("ceph", "-c", str(self.conf), "--connect-timeout", "200", *words)

    def start(self, name, program, *options):
        """Starts a process of the cluster in the foreground of its own group."""
        log = open(self.folder / "log" / f"{name}.out", "ab")
        self.processes[name] = subprocess.Popen(
            [program, "-f", "-c", str(self.conf), *options], stdout=log, stderr=log,
            stdin=subprocess.DEVNULL, start_new_session=True)
        log.close()

    def start_monitor(self):
        table = str(self.folder / "monmap")
        self.run("monmaptool", "--create", "--addv", "a", f"[v2:127.0.0.1:{self.port}]",
                 "--fsid", self.fsid, table)
        self.run("ceph-mon", "--mkfs", "-i", "a", "--monmap", table, "-c", str(self.conf))
        self.start("mon.a", "ceph-mon", "-i", "a")

    def make_osd(self, number):
        name = str(uuid.uuid4())
        self.ceph("osd", "new", name, str(number))
        self.ceph("osd", "crush", "add", f"osd.{number}", "1", "root=default", f"host=h{number}")
        self.run("ceph-osd", "--mkfs", "-i", str(number), "--osd-uuid", name, "-c", str(self.conf))

    def start_osd(self, number):
        self.start(f"osd.{number}", "ceph-osd", "-i", str(number))

    def kill(self, name):
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def close(self):
        for name in list(self.processes):
            self.kill(name)
        for pid in (self.folder / "run").glob("*.pid"):
            pid.unlink()


if __name__ == "__main__":  # Runs a command beside a cluster.
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as made, Cluster(made) as cluster:
        print(f"serves after {time.monotonic() - began:.1f} s", flush=True)
        os.environ |= {"ANABRANCH_TEST_CEPH_CONF": str(cluster.conf),
                       "ANABRANCH_TEST_CEPH_POOL": POOL}
        sys.exit(subprocess.run(sys.argv[1:]).returncode)
