#!/usr/bin/env python3
"""`anabranch doctor` finds nothing in what is well, and names what is wrong with a remedy: in
running leaders, a configuration, a directory."""

import os
import re
import subprocess

from leaders import ANABRANCH, World, check, run, wait_until


def looked(*words):
    return run("doctor", *words, timeout=60)


def well(*words):
    done = looked(*words)
    check(done.returncode == 0 and done.stdout.endswith("all is well\n"), f"{words}: {done}")
    check("wrong:" not in done.stdout, done.stdout)


def ill(words, *parts):
    done = looked(*words)
    check(done.returncode == 1 and "wrong: " in done.stdout and "  do: " in done.stdout,
          f"{words}: {done}")
    for part in parts:
        check(part in done.stdout, f"{part!r} expected: {done.stdout}")


def leaders(world):
    eu = world.start("eu")
    us = world.start("us", peers=[eu])
    wait_until("both are connected", lambda: eu.is_connected(us) and us.is_connected(eu))
    wait_until("nothing is wrong", lambda: looked("--redis", eu.redis).returncode == 0)
    well("--redis", eu.redis, "--redis", us.redis)
    well("--data", eu.data)
    us.call("ANABRANCH", "PEER", "PAUSE", "eu")
    ill(["--redis", us.redis], "region us: the exchange with region eu", "peer resume eu")
    us.call("ANABRANCH", "PEER", "RESUME", "eu")
    us.call("ANABRANCH", "DRAIN", "START")
    ill(["--redis", us.redis], "drain --undo")
    us.call("ANABRANCH", "DRAIN", "STOP")
    check(eu.stop() == 0, "a clean end")
    wait_until("the reason is there",
               lambda: "connection refused" in looked("--redis", us.redis).stdout)
    ill(["--redis", us.redis], "start its leader", "  see: docs/operations/alarms.md#away\n")
    ill(["--redis", eu.redis], "start the leader")
    ill(["--data", eu.data], "no leader runs", "its data are read", "--offline")
    well("--data", eu.data, "--offline")
    os.chmod(eu.data, 0o755)
    ill(["--data", eu.data, "--offline"], "open to other users", f"chmod 700 {eu.data}")
    other = world.start("other", flags=["--mesh", "another"])
    ill(["--redis", us.redis, "--redis", other.redis], "2 meshes")


def files(folder):
    path = os.path.join(folder, "leader.toml")

    def file_of(text):
        with open(path, "w") as file:
            file.write(text)

    data = os.path.join(folder, "data")
    file_of(f'region = "eu"\ndata = "{data}"\n')
    ill(["--config", path], "no leader runs")
    well("--config", path, "--offline")
    file_of(f'region = "eu"\ndata = "{data}"\nlisten = 7\npears = []\n')
    ill(["--config", path], f"{path}:3:10", "pears", "peers")
    file_of(f'region = "eu"\ndata = "{data}"\nlisten = "tcp://127.0.0.1:7400"\n'
            'peers = ["tcp://127.0.0.1:7400"]\n')
    note = looked("--config", path, "--offline")
    check(note.returncode == 0 and "note: " in note.stdout and
          "where this leader itself listens" in note.stdout, note)
    for words in (["--offline"], ["--offline", "--redis", "127.0.0.1:1", "--data", data]):
        check(looked(*words).returncode == 2, words)
    file_of('region = "eu"\n')
    ill(["--config", path], "--data")
    ill(["--data", os.path.join(folder, "no", "parent")], "mkdir -p")
    ill(["--data", path], "is no directory")
    ill(["--data", folder], "no data.mdb")


def other_configuration(world):
    """The file says another region, another mesh than the leader that has its directory."""
    leader = world.start("mine")
    path = os.path.join(world.folder, "mine.toml")
    for setting, part in (('region = "yours"', "region is yours"),
                          ('region = "mine"\nmesh = "yours"', "mesh is yours")):
        with open(path, "w") as file:
            file.write(f'data = "{leader.data}"\n{setting}\n')
        ill(["--config", path], part, "the leader that has the directory has")
    done = run("serve", "--region", "yours", "--data", leader.data, "--listen", "", timeout=30)
    check(done.returncode == 1 and "in use by another process" in done.stderr, done)
    check(leader.stop() == 0, "a clean end")
    for words in (["--region", "yours"], ["--region", "mine", "--mesh", "yours"]):
        done = run("serve", *words, "--data", leader.data)
        check(done.returncode == 78 and "the data belongs to" in done.stderr and
              "yours" in done.stderr, done)


def given_up(world):
    """A region that was declared lost is no link, whether it was met since the start or not."""
    lost = world.start("lost")
    left = world.start("left", peers=[lost], flags=["--http", "127.0.0.1:0"])
    wait_until("both are connected", lambda: left.is_connected(lost) and lost.is_connected(left))
    left.call("SET", "key", "value")
    lost.kill()
    wait_until("it is missed", lambda: "start its leader" in looked("--redis", left.redis).stdout)
    check(run("region", "retire", "lost", "--lost", "--redis", left.redis).returncode == 0, "retire")
    for _ in range(2):
        left.call("SET", "key", "other")
        well("--redis", left.redis)
        check(left.status()["peers"] == [], left.status()["peers"])
        listed = run("region", "list", "--redis", left.redis).stdout
        check(re.search(r"^lost +lost, away", listed, re.MULTILINE), listed)
        done = run("status", "--redis", left.redis, "--check")
        check(done.returncode == 0 and "peers=0 away=0" in done.stdout, done)
        check(left.stop() == 0, "a clean end")
        left.start()
    check(lost.start().origin, "it is started all the same")
    wait_until("it is there", lambda: any(peer["region"] == "lost" and peer["connected"]
                                          for peer in left.status()["peers"]))


def follows_alone(world):
    """A follower whose peers are of its own region is told of; with all regions as peers it is well."""
    eu = world.start("eu", name="leader")
    us = world.start("us", peers=[eu], name="other")
    wait_until("both are connected", lambda: eu.is_connected(us) and us.is_connected(eu))
    follower = world.start("eu", peers=[eu], flags=["--follower"], name="follower")
    wait_until("it is warned", lambda: "promoted, it would be alone" in
               looked("--redis", follower.redis).stdout)
    ill(["--redis", follower.redis], "it would be alone", "give it the peers of its leader")
    check(follower.stop() == 0, "a clean end")
    follower.peers.append(us.listen)
    follower.start()
    wait_until("nothing is wrong", lambda: looked("--redis", follower.redis).returncode == 0)
    well("--redis", eu.redis)


def not_allowed(world):
    """A directory of another user is told as that; root may look into all."""
    if os.geteuid() != 0:
        return
    nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    try:
        subprocess.run([ANABRANCH, "--version"], check=True, capture_output=True, **nobody)
    except PermissionError:
        return  # The build tree is hidden from others.
    leader = world.start("hidden")
    os.chmod(world.folder, 0o711)
    for word in ("doctor", "check", "salvage"):
        done = subprocess.run([ANABRANCH, word, "--data", leader.data], capture_output=True,
                              text=True, timeout=30, check=False, **nobody)
        told = done.stdout + done.stderr
        check(done.returncode == 1 and "by this user" in told or "this user may not" in told,
              f"{word}: {done}")
        check("mkdir" not in told and "no data directory" not in told, f"{word}: {done}")


def damage(world):
    leader = world.start("torn")
    leader.call("SET", "key", "x" * 100_000)
    check(leader.stop() == 0, "a clean end")
    with open(os.path.join(leader.data, "data.mdb"), "r+b") as file:
        file.truncate(5000)
    done = looked("--data", leader.data, "--offline")
    check(done.returncode in (1, 3) and "#damaged-files" in done.stdout + done.stderr or
          done.returncode == 3, done)


def main():
    with World() as world:
        leaders(world)
        files(world.folder)
        other_configuration(world)
        given_up(world)
        not_allowed(world)
        damage(world)
    with World() as world:
        follows_alone(world)


if __name__ == "__main__":
    main()
