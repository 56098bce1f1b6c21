#!/usr/bin/env python3
"""Directories as a loss of power leaves them, with each durability, half of them with a hole in the
log as an earlier version has left it: each command does with them what it does with any other."""

import json
import os
import shutil
import subprocess
import tempfile

from leaders import BUILD, LONG, World, check, new_random, run, wait_until

IMAGES = os.path.join(BUILD, "tests", "leader", "power_images")
EMBEDDED = os.path.join(BUILD, "tests", "process", "anabranch_embedded")


def succeeds(*words):
    done = run(*words, timeout=60)
    check(done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout


def back_up(data, work):
    """Backs up a directory that nobody has open, and restores that: all are well."""
    backup, copy = os.path.join(work, "backup"), os.path.join(work, "copy")
    well = succeeds("check", "--data", data)
    succeeds("backup", backup, "--data", data)
    succeeds("backup", "verify", backup)
    succeeds("restore", backup, "--data", copy)
    check(succeeds("check", "--data", copy) == well, "the copy is as the original")
    shutil.rmtree(backup)
    shutil.rmtree(copy)


def last_write(leader, image):
    """The number of the last write that a leader shows: a prefix of all."""
    last = int(leader.call("GET", "last") or 0)
    check(int(leader.call("GET", "count") or 0) == last, "each write counts once")
    check(leader.call("EXISTS", *[f"write/{n}" for n in range(1, last + 2)]) == last, "a prefix")
    check(last <= image["begun"], "nothing is shown that was not written")
    if image["durability"] == "sync":
        check(last >= image["acknowledged"], f"{image['acknowledged']} acknowledged, {last} there")
    return last


def watch(image, work, last):
    """A watch that goes on from a token of before the first write is told all of them."""
    data = os.path.join(work, "watched")
    shutil.copytree(image["data"], data)
    told = subprocess.Popen([EMBEDDED, data, "eu"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            text=True, env={**os.environ, "ANABRANCH_TEST_WATCH": image["token"]})
    try:
        lines = []
        while not lines or lines[-1] != "told written":
            lines.append(told.stdout.readline().strip())
            check(lines[-1], f"the watch ends: {lines}")
        numbers = [line[5:] for line in lines if line.startswith("told ")][:-1]
        check(numbers == [str(n) for n in range(1, last + 1)], f"{last} writes, told of {numbers}")
    finally:
        told.stdin.close()
        told.wait(20)


def serve(world, image, work):
    flags = ["--durability", image["durability"], "--scrub-ms", "2s"]
    eu = world.start("eu", data=image["data"], flags=flags)
    last = last_write(eu, image)
    check(eu.status()["log_lost"] == [], "nothing is lost that was on the disk")
    check("commits-missing" not in os.listdir(os.path.join(eu.data, "wal")), "nothing is missing")
    eu.call("SET", "of now", "eu")
    warned = {warning["kind"] for warning in eu.status()["warnings"]}
    check(warned <= {"log_kept"}, f"no more than that the region of its life is away: {warned}")
    succeeds("backup", os.path.join(work, "running"), "--redis", eu.redis)
    ap = world.start("ap", peers=[eu])
    ap.call("SET", "of ap", "ap")
    wait_until("they are linked", lambda: eu.call("GET", "of ap") == "ap")
    world.wait_equal([eu, ap])
    check(last_write(ap, image) == last, "the new region has all")
    succeeds("verify", "--redis", eu.redis)
    wait_until("all was read", lambda: eu.status()["scrub"]["finished_ms"] > 0)
    check(eu.status()["scrub"]["damaged"] == 0, "nothing is damaged")
    check(eu.status()["log_damage"] == [], eu.status()["log_damage"])
    for leader in (eu, ap):
        check(leader.stop() == 0, "it ends")
    return last


def judge(image):
    with World() as world:
        work = os.path.join(world.folder, "work")
        os.mkdir(work)
        back_up(image["data"], work)
        whole = os.path.join(work, "whole")
        shutil.copytree(image["data"], whole)
        last = serve(world, image, work)
        watch({**image, "data": whole}, work, last)
        back_up(image["data"], work)


def main():
    count = 12 if LONG else 6
    seed = new_random().randrange(2**32)
    folder = tempfile.mkdtemp(prefix="anabranch-process-")
    try:
        made = subprocess.run([IMAGES, folder, str(count), str(seed)], capture_output=True,
                              text=True, timeout=180)
        check(made.returncode == 0, made.stderr)
        images = [json.loads(line) for line in made.stdout.splitlines()]
        check(len(images) == count, made.stdout)
        for image in images:
            print(image["durability"], "acknowledged", image["acknowledged"], "hole",
                  image["hole"], flush=True)
            judge(image)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
