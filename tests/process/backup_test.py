#!/usr/bin/env python3
"""Backups of leaders that run: consistent while writes go on, whole or not there at all whoever is
killed, verified without a leader, and restored so that nothing is lost and no origin is used twice."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time

from leaders import ANABRANCH, World, check, run, wait_until


def start_tool(*words):
    return subprocess.Popen([ANABRANCH, "backup", *words], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def is_whole(folder):
    return run("backup", "verify", folder).returncode == 0


class Load:
    """Pairs of a key and a counter, each written in one transaction, until stopped."""

    def __init__(self, leader, name):
        from resp import Client
        self.client = Client(leader.redis)
        self.name = name
        self.acknowledged = 0
        self.stopping = False
        self.thread = threading.Thread(target=self.write, daemon=True)
        self.thread.start()

    def write(self):
        while not self.stopping:
            try:
                number = self.acknowledged + 1
                self.client.call("MULTI")
                self.client.call("SET", f"{self.name}:{number}", "v" * 500)
                self.client.call("INCR", f"{self.name}:count")
                self.client.call("EXEC")
                self.acknowledged = number
            except OSError:
                return

    def stop(self):
        self.stopping = True
        self.thread.join(20)


def keys_of(leader, name):
    """How many keys of a load a leader has, which must be the first ones, and its counter."""
    count = int(leader.call("GET", f"{name}:count") or 0)
    found = int(leader.call("EXISTS", *[f"{name}:{i}" for i in range(1, count + 2)]))
    return found, count


def check_consistent(leader, name):
    found, count = keys_of(leader, name)
    check(found == count, f"a transaction was torn: {found} keys, a count of {count}")
    return count


def fill(leader, count):
    for begin in range(0, count, 500):
        words = []
        for i in range(begin, begin + 500):
            words += [f"fill:{i}", os.urandom(150).hex()]
        leader.call("MSET", *words)


def under_load(world):
    """A backup while writes go on is one state between two transactions."""
    eu = world.start("eu")
    us = world.start("us", peers=[eu])
    fill(eu, 3000)
    folder = os.path.join(world.folder, "b1")
    load = Load(eu, "load")
    wait_until("there is some load", lambda: load.acknowledged > 20)
    before = load.acknowledged
    made = run("backup", folder, "--data", eu.data)
    check(made.returncode == 0, made.stderr)
    check("written and verified in" in made.stdout, made.stdout)
    check(load.acknowledged > before, "writes went on")
    load.stop()
    verified = run("backup", "verify", folder)
    check(verified.returncode == 0 and "all is well" in verified.stdout, verified.stdout)
    check("unfinished" not in os.listdir(folder), "no mark is left")
    again = run("backup", folder, "--data", eu.data)
    check(again.returncode == 1 and "has a backup already" in again.stderr, again.stderr)
    inside = run("backup", os.path.join(eu.data, "b"), "--data", eu.data)
    check(inside.returncode == 1 and "data directory" in inside.stderr, inside.stderr)
    relative = run("backup", "relative", "--redis", eu.redis)
    check(relative.returncode == 2 and "absolute" in relative.stderr, relative.stderr)
    by_port = run("backup", os.path.join(world.folder, "b2"), "--redis", eu.redis, "--json")
    check(by_port.returncode == 0, by_port.stderr)
    check(json.loads(by_port.stdout)["state"] == "done", by_port.stdout)
    world.wait_equal([eu, us])
    return eu, us, folder, before


def beside_living(world, eu, us, folder, before):
    """One region is restored while the other lives: it gets all that it lacks, under a new origin."""
    origin = eu.origin
    count = check_consistent(eu, "load")
    check(eu.stop() == 0, "eu ends")
    check(run("restore", folder, "--data", eu.data).returncode == 1, "there are data")
    shutil.rmtree(eu.data)
    damaged = folder + "-damaged"
    shutil.copytree(folder, damaged)
    rows = os.path.join(damaged, "rows-000001")
    with open(rows, "r+b") as file:
        file.seek(1000)
        byte = file.read(1)
        file.seek(1000)
        file.write(bytes([byte[0] ^ 1]))
    refused = run("restore", damaged, "--data", eu.data)
    check(refused.returncode == 1 and "rows-000001" in refused.stdout, refused.stdout)
    check(not os.path.exists(eu.data), "nothing was made")
    done = run("restore", folder, "--data", eu.data)
    check(done.returncode == 0 and "begins a new origin" in done.stdout, done.stdout + done.stderr)
    check(run("check", "--data", eu.data).returncode == 0, "the directory is sound")
    us.signal(signal.SIGSTOP)
    eu.start()
    check(eu.origin != origin, "a new origin")
    check("restored" in eu.status()["origin_why"], eu.status()["origin_why"])
    restored = check_consistent(eu, "load")
    check(before <= restored <= count, f"of the time of the backup: {before} {restored} {count}")
    eu.call("SET", "after the restore", "1")
    us.signal(signal.SIGCONT)
    world.wait_equal([eu, us])
    check(check_consistent(eu, "load") == count, "its own later writes came back")
    check(us.call("GET", "after the restore") == "1", "and it writes")


def killed(world, eu):
    """Whoever is killed: the leader is sound, and the folder has a whole backup or none."""
    for i in range(8):
        folder = os.path.join(world.folder, f"killed-{i}")
        tool = start_tool(folder, "--data", eu.data)
        time.sleep(0.004 * i)
        if i % 2 == 0:
            tool.kill()
            tool.wait()
            wait_until("the leader has finished", lambda: json.loads(
                eu.call("ANABRANCH", "BACKUP", "RESULT"))["state"] != "running")
        else:
            eu.kill()
            out, err = tool.communicate(timeout=30)
            check(tool.returncode in (0, 1), out + err)
            check(tool.returncode == 1 or is_whole(folder), "done means whole")
            eu.start()
        if os.path.exists(os.path.join(folder, "manifest")):
            check(is_whole(folder), "a manifest means whole")
            continue
        none = run("backup", "verify", folder)
        check(none.returncode == 1, none.stdout)
        check("not finished" in none.stderr or "no folder" in none.stderr or
              "no backup" in none.stderr, none.stderr)
        again = run("backup", folder, "--data", eu.data)
        check(again.returncode == 0, again.stderr)
        check(is_whole(folder), "the second attempt is whole")
    check(eu.stop() == 0, "eu ends")
    check(run("check", "--data", eu.data).returncode == 0, "eu is sound")
    eu.start()


def interrupted(world, eu):
    """A restoration that is killed leaves a directory that no leader opens; it is begun anew."""
    folder = os.path.join(world.folder, "b2")
    target = os.path.join(world.folder, "anew")
    for i in range(10):
        tool = subprocess.Popen([ANABRANCH, "restore", folder, "--data", target],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.005 * (i + 1))
        tool.kill()
        tool.wait()
        if os.path.exists(os.path.join(target, "data.mdb")):
            check(run("check", "--data", target).returncode == 0, "whole")
            shutil.rmtree(target)
        elif os.path.isdir(os.path.join(target, "restoring")):
            refused = run("serve", "--region", "eu", "--data", target, "--redis", "127.0.0.1:0")
            check(refused.returncode != 0 and "anabranch restore" in refused.stderr, refused.stderr)
        else:
            left = os.listdir(target) if os.path.exists(target) else []
            check(left == [], f"nothing that is taken for a new region: {left}")
    done = run("restore", folder, "--data", target)
    check(done.returncode == 0, done.stderr)
    check(sorted(os.listdir(target)) == ["data.mdb", "lock"], str(os.listdir(target)))


def offline(world, eu):
    """A directory that no leader has open."""
    check(eu.stop() == 0, "eu ends")
    folder = os.path.join(world.folder, "offline")
    made = run("backup", folder, "--data", eu.data)
    check(made.returncode == 0, made.stderr)
    check(is_whole(folder), "whole")
    with open("/dev/full", "w", encoding="utf-8") as full:
        lost_answer = subprocess.run([ANABRANCH, "check", "--data", eu.data], stdout=full,
                                     stderr=subprocess.PIPE, text=True, check=False)
    check(lost_answer.returncode == 1 and "cannot be written" in lost_answer.stderr,
          lost_answer.stderr)
    eu.start()
    without_log(world)
    gives_way(world)
    nowhere = run("backup", os.path.join(world.folder, "x"), "--data", world.folder)
    check(nowhere.returncode == 1, nowhere.stdout)


def without_log(world):
    """A directory whose log is gone: a backup of it has what is left, and says so."""
    lone = world.start("ap", name="lone")
    for i in range(100):
        lone.call("SET", f"lone:{i}", i)
    lone.kill()
    folder = os.path.join(world.folder, "without-log")
    shutil.rmtree(os.path.join(lone.data, "wal"))
    made = run("backup", folder, "--data", lone.data)
    check(made.returncode == 4 and "writes are missing" in made.stdout, made.stdout + made.stderr)
    check(run("doctor", "--data", lone.data, "--offline").returncode == 1, "doctor")


def gives_way(world):
    """A backup of a directory without a leader ends when a leader is to open the directory."""
    last = world.start("last")
    for i in range(40):
        last.call("SET", f"large:{i}", os.urandom(2 << 20))
    check(last.stop(60) == 0, "it ends")
    folder = os.path.join(world.folder, "given-way")
    tool = start_tool(folder, "--data", last.data)
    wait_until("it has begun", lambda: os.path.isdir(folder) and len(os.listdir(folder)) > 0)
    tool.send_signal(signal.SIGSTOP)
    refused = run("serve", "--region", "last", "--data", last.data, timeout=30)
    check(refused.returncode == 1 and "in use by another process" in refused.stderr, refused)
    check(not os.path.exists(os.path.join(last.data, "wanted")), "it is wanted no longer")
    starts = threading.Thread(target=last.start, args=(60,))
    starts.start()
    wait_until("it is wanted", lambda: os.path.exists(os.path.join(last.data, "wanted")))
    time.sleep(1.1)  # The backup looks once a second.
    tool.send_signal(signal.SIGCONT)
    out, err = tool.communicate(timeout=60)
    check(tool.returncode == 1 and "gives way" in err, f"{tool.returncode} {out} {err}")
    starts.join()
    check(last.call("STRLEN", "large:39") == 2 << 20, "it serves")
    check(not is_whole(folder), "unfinished")
    check(not os.path.exists(os.path.join(last.data, "wanted")), "it has it")
    done = run("backup", folder, "--data", last.data, timeout=60)
    check(done.returncode == 0 and "begun anew" in done.stdout, done)


def all_lost(world):
    """All regions come back from backups of different times: they agree on all that any has."""
    eu = world.start("eu", name="eu2")
    us = world.start("us", peers=[eu], name="us2")
    folders = {}
    for i in range(200):
        eu.call("SET", f"eu:{i}", i)
        us.call("INCR", "sum")
        if i == 60:
            world.wait_equal([eu, us])
            folders["eu"] = os.path.join(world.folder, "all-eu")
            check(run("backup", folders["eu"], "--data", eu.data).returncode == 0, "eu")
        if i == 140:
            world.wait_equal([eu, us])
            folders["us"] = os.path.join(world.folder, "all-us")
            check(run("backup", folders["us"], "--data", us.data).returncode == 0, "us")
    origins = {eu.origin, us.origin}
    for leader in (eu, us):
        leader.kill()
        shutil.rmtree(leader.data)
        done = run("restore", folders[leader.region], "--data", leader.data)
        check(done.returncode == 0, done.stderr)
    eu.start()
    us.start()
    check(not origins & {eu.origin, us.origin}, "no origin is used again")
    eu.call("SET", "new", "eu")
    us.call("INCR", "sum")
    world.wait_equal([eu, us])
    for leader in (eu, us):
        check(leader.call("EXISTS", *[f"eu:{i}" for i in range(200)]) == 141, "as of the newer one")
        check(leader.call("GET", "sum") == "142", leader.call("GET", "sum"))
        check(leader.call("GET", "new") == "eu", "and what is new")


def main():
    with World() as world:
        eu, us, folder, before = under_load(world)
        beside_living(world, eu, us, folder, before)
        killed(world, eu)
        interrupted(world, eu)
        offline(world, eu)
        world.wait_equal([eu, us])
        all_lost(world)


if __name__ == "__main__":
    main()
