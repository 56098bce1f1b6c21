#!/usr/bin/env python3
"""`anabranch doctor` finds nothing in what is well, and names what is wrong with a remedy: in
running leaders, a configuration, a directory."""

import os

from leaders import World, check, run, wait_until


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
    ill(["--redis", us.redis], "start its leader")
    ill(["--redis", eu.redis], "start the leader")
    well("--data", eu.data)
    os.chmod(eu.data, 0o755)
    ill(["--data", eu.data], "open to other users", f"chmod 700 {eu.data}")
    other = world.start("other", flags=["--mesh", "another"])
    ill(["--redis", us.redis, "--redis", other.redis], "2 meshes")


def files(folder):
    path = os.path.join(folder, "leader.toml")

    def file_of(text):
        with open(path, "w") as file:
            file.write(text)

    data = os.path.join(folder, "data")
    file_of(f'region = "eu"\ndata = "{data}"\n')
    well("--config", path)
    file_of(f'region = "eu"\ndata = "{data}"\nlisten = 7\npears = []\n')
    ill(["--config", path], f"{path}:3:10", "pears", "peers")
    file_of(f'region = "eu"\ndata = "{data}"\nlisten = "tcp://127.0.0.1:7400"\n'
            'peers = ["tcp://127.0.0.1:7400"]\n')
    ill(["--config", path], "where this leader itself listens")
    file_of('region = "eu"\n')
    ill(["--config", path], "--data")
    ill(["--data", os.path.join(folder, "no", "parent")], "mkdir -p")
    ill(["--data", path], "is no directory")
    ill(["--data", folder], "no data.mdb")


def damage(world):
    leader = world.start("torn")
    leader.call("SET", "key", "x" * 100_000)
    check(leader.stop() == 0, "a clean end")
    with open(os.path.join(leader.data, "data.mdb"), "r+b") as file:
        file.truncate(5000)
    done = looked("--data", leader.data)
    check(done.returncode in (1, 3) and "Damaged files" in done.stdout + done.stderr or
          done.returncode == 3, done)


def main():
    with World() as world:
        leaders(world)
        files(world.folder)
        damage(world)


if __name__ == "__main__":
    main()
