#!/usr/bin/env python3
"""A leader keeps its origin when its process is killed, and begins a new one when its directory was
copied or restored, when an operator wants it, and when peers have more of its origin than itself.
Nothing that was acknowledged and sent is lost, and all become equal."""

import shutil
import signal

from leaders import Leader, World, check, put_back, run, wait_until


def write(leader, key):
    leader.call("SET", key, key)
    leader.call("INCR", "writes")


def check_writes(leaders, keys):
    for leader in leaders:
        check(leader.call("MGET", *keys) == keys, f"{leader.region} lacks values")
        check(int(leader.call("GET", "writes")) == len(keys), f"{leader.region} counts wrongly")


def replaced():
    """An origin that a backup older than itself has replaced: all wait for it until it is lost."""
    with World() as world:
        eu = world.start("eu")
        us = world.start("us", peers=[eu])
        first = us.origin
        write(us, "first")
        world.wait_equal([eu, us])
        backup = us.data + "-backup"
        check(run("backup", backup, "--data", us.data).returncode == 0, "a backup")
        check(us.stop() == 0, "us ends cleanly")
        us.flags = ["--new-origin"]
        us.start()
        us.flags = []
        newer = us.origin
        write(us, "second")
        world.wait_equal([eu, us])
        us.kill()
        shutil.rmtree(us.data)
        check(run("restore", backup, "--data", us.data).returncode == 0, "restored")
        us.start()
        check(us.origin not in (first, newer), "under a third origin")
        write(us, "third")
        world.wait_equal([eu, us])

        def state(leader, origin):
            return [each["state"] for each in leader.status()["applied"]
                    if each["origin"] == origin]

        for leader in (eu, us):
            wait_until("the first one is settled", lambda: state(leader, first) == ["settled"])
            check(state(leader, newer) == [""], f"{leader.status()['applied']}")
        refused = run("region", "retire", "us", "--lost", "--redis", eu.redis)
        check(refused.returncode == 1 and "--lost ORIGIN" in refused.stderr, refused)
        refused = run("region", "retire", "us", "--lost", first, "--redis", us.redis)
        check(refused.returncode == 1 and "has ended with" in refused.stderr, refused)
        done = run("region", "retire", "us", "--lost", newer, "--redis", us.redis)
        check(done.returncode == 0 and done.stdout == f"origin {newer} of us is lost\n", done)
        for leader in (eu, us):
            wait_until("it is settled", lambda: state(leader, newer) == ["settled"])
        write(us, "fourth")
        world.wait_equal([eu, us])
        check_writes([eu, us], ["first", "second", "third", "fourth"])
        for leader in (eu, us):
            check(leader.stop() == 0, f"{leader.region} ends cleanly")


def main():
    replaced()
    with World() as world:
        eu = world.start("eu")
        us = world.start("us", peers=[eu])
        keys = []

        def wrote(leader, key):
            write(leader, key)
            keys.append(key)

        wrote(eu, "first")
        origin = eu.origin

        eu.kill()
        eu.start()
        check(eu.origin == origin, "killed: the same origin")
        check(eu.status()["origin_why"] == "", "nothing to explain")
        check(eu.stop() == 0, "ends cleanly")
        eu.start()
        check(eu.origin == origin, "stopped: the same origin")

        eu.flags = ["--new-origin"]
        eu.kill()
        eu.start()
        eu.flags = []
        check(eu.origin != origin, "--new-origin: another origin")
        check("operator" in eu.status()["origin_why"], eu.status()["origin_why"])
        wrote(eu, "second")
        world.wait_equal([eu, us])
        origin = eu.origin

        # A copy of the directory that is started beside the running original.
        shutil.copytree(eu.data, eu.data + "-copy", ignore=shutil.ignore_patterns("control"))
        copy = Leader(world, "eu")
        copy.data = eu.data + "-copy"
        copy.log_path = copy.data + ".log"
        copy.peers = [us.listen]
        world.leaders["copy"] = copy
        copy.start()
        check(copy.origin != origin, "a copy has another origin")
        check("copied" in copy.status()["origin_why"], copy.status()["origin_why"])
        wrote(copy, "third")
        wrote(eu, "fourth")
        world.wait_equal([eu, us, copy])
        check(eu.status()["origin"] == origin, "the original keeps its origin")
        check(copy.stop() == 0, "the copy ends cleanly")

        # A backup that is put back as a new directory.
        check(eu.stop() == 0, "eu ends cleanly")
        shutil.copytree(eu.data, eu.data + "-backup")
        eu.start()
        check(eu.origin == origin, "eu goes on")
        wrote(eu, "fifth")
        world.wait_equal([eu, us])
        eu.kill()
        shutil.rmtree(eu.data)
        shutil.copytree(eu.data + "-backup", eu.data)
        eu.start()
        check(eu.origin != origin, "restored: another origin")
        wrote(eu, "sixth")
        world.wait_equal([eu, us])
        origin = eu.origin

        # The same unnoticed: the files are written over. The peer has more, and says so.
        check(eu.stop() == 0, "eu ends cleanly")
        shutil.rmtree(eu.data + "-backup")
        shutil.copytree(eu.data, eu.data + "-backup")
        eu.start()
        check(eu.origin == origin, "eu goes on")
        wrote(eu, "seventh")
        world.wait_equal([eu, us])
        check(eu.stop() == 0, "eu ends cleanly")
        put_back(eu.data + "-backup", eu.data)
        us.signal(signal.SIGSTOP)
        eu.start()
        check(eu.origin == origin, "eu cannot know")
        us.signal(signal.SIGCONT)
        wait_until("eu begins a new origin", lambda: eu.status()["origin"] != origin)
        check("region us has writes" in eu.status()["origin_why"], eu.status()["origin_why"])
        wrote(eu, "eighth")
        world.wait_equal([eu, us])
        check_writes([eu, us], keys)
        for leader in (eu, us):
            check(leader.stop() == 0, f"{leader.region} ends cleanly")


if __name__ == "__main__":
    main()
