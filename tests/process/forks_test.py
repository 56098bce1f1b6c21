#!/usr/bin/env python3
"""A backup that was put back so that nobody can notice, and written to before any peer was met: the
origin has two histories. Both sides say so and list it, nothing that either wrote gets lost where it
was, and writes that depend on neither history go everywhere."""

import json
import re
import shutil

from leaders import World, check, put_back, run, wait_until

def forks(leader):
    return json.loads(leader.call("ANABRANCH", "FORK", "LIST"))


def log_of(leader):
    with open(leader.log_path, errors="replace") as log:
        return log.read()


def check_listed(leader, origin, common, other):
    listed = forks(leader)
    check(len(listed) == 1, f"{leader.region} lists {listed}")
    fork = listed[0]
    check(fork["origin"] == origin and fork["region"] == "eu", f"{leader.region}: {fork}")
    check(fork["common"] == common < fork["differs"], f"{leader.region}: {fork}")
    check(other in fork["others"], f"{leader.region}: {fork}")
    alarms = re.findall(r"warning .*has two histories", log_of(leader))
    check(1 <= len(alarms) <= len(fork["others"]), f"{leader.region} alarms: {alarms}")
    done = run("fork", "list", "--redis", leader.redis)
    check(done.returncode == 0 and origin in done.stdout, f"fork list: {done}")


def main():
    with World() as world:
        eu = world.start("eu")
        us = world.start("us", peers=[eu])
        origin = eu.origin
        eu.call("SET", "common", "1")
        world.wait_equal([eu, us])
        check(forks(eu) == [], "no forks yet")
        check(run("fork", "list", "--redis", eu.redis).stdout == "no forks\n", "told so")
        check(eu.stop() == 0, "eu ends cleanly")
        common = us.applied()[origin]
        shutil.copytree(eu.data, eu.data + "-backup")
        eu.start()
        for i in range(5):
            eu.call("SET", f"before{i}", "kept by us")
        world.wait_equal([eu, us])
        check(eu.stop() == 0, "eu ends cleanly")
        put_back(eu.data + "-backup", eu.data)
        check(us.stop() == 0, "us ends cleanly")
        eu.start()
        check(eu.origin == origin, "eu cannot know")
        for i in range(3):
            eu.call("SET", f"after{i}", "kept by eu")
        us.start()
        wait_until("both list the fork", lambda: forks(eu) and forks(us) and
                   all(fork["common"] == common for fork in forks(eu) + forks(us)))
        check_listed(eu, origin, common, "us")
        check_listed(us, origin, common, "eu")
        wait_until("eu begins a new origin", lambda: eu.status()["origin"] != origin)
        check(eu.call("GET", "after2") == "kept by eu", "eu keeps its history")
        check(us.call("GET", "before4") == "kept by us", "us keeps its history")
        check(us.call("GET", "after2") is None, "us does not take the other history")
        eu.call("SET", "more", "eu")
        us.call("SET", "more", "us")
        ap = world.start("ap")
        ap.call("SET", "free", "ap")
        check(ap.stop() == 0, "ap ends cleanly")
        ap.peers = [eu.listen, us.listen]
        ap.start()
        for leader in (eu, us):
            wait_until(f"{leader.region} has what depends on nothing",
                       lambda: leader.call("GET", "free") == "ap")
            check(leader.call("GET", "more") == leader.region, "writes go on")
        wait_until("waiting writes are listed", lambda: any(
            fork["waiting"] for fork in forks(eu) + forks(us) + forks(ap)))
        for leader in (eu, us, ap):
            check(leader.stop() == 0, f"{leader.region} ends cleanly")


if __name__ == "__main__":
    main()
