#!/usr/bin/env python3
"""Leaders with keys: they link and converge, also through a third one; strangers, expired and
removed keys and plain text get one clear line and a count, and hurt nobody; keys are added and
removed without a restart."""

import json
import os
import signal
import socket

from leaders import Leader, World, check, run, wait_until


def check_made(keys):
    for region, line in keys.lines.items():
        check(line.split()[0] == region and len(line.split()) == 3, f"a public line: {line!r}")
        check(os.stat(keys.secrets[region]).st_mode & 0o777 == 0o600, "secrets are for their owner")


def start_plain(world, peer):
    """A leader without keys."""
    plain = Leader(world, "plain")
    plain.peers = [peer.listen]
    world.leaders["plain"] = plain
    return plain.start()


def refused(leader, what):
    return leader.status()["refused"][what]


def says(leader, *parts):
    with open(leader.log_path, errors="replace") as log:
        lines = [line for line in log if all(part in line for part in parts)]
    return len(lines)


def refused_starts(world):
    secret = world.keys.secrets["eu"]
    data = ["--region", "eu", "--data", os.path.join(world.folder, "never"), "--redis",
            "127.0.0.1:0"]
    keys = world.keys.flags("eu")

    def fails(words, *parts):
        done = run("serve", *data, *words)
        check(done.returncode == 78 and all(part in done.stderr for part in parts),
              f"serve {words}: exit {done.returncode}, said {done.stderr!r}, not {parts}")

    fails(keys[:2], "peers_keys_file")
    fails([*keys, "--peer", "tcp://127.0.0.1:7400"], "REGION@tcp://127.0.0.1:7400")
    fails(["--listen", "tcp://0.0.0.0:0"], "keys new")
    fails(["--peer", "tcp://192.0.2.1:7400"], "will not dial")
    os.chmod(secret, 0o644)
    fails(keys, "chmod 600")
    os.chmod(secret, 0o600)
    again = run("keys", "new", "eu", "--out", secret)
    check(again.returncode == 1 and "is there already" in again.stderr, "keys are kept")
    absent = os.path.join(world.folder, "absent")
    for out in (os.path.join(absent, "eu.keys"), absent + "/"):
        lost = run("keys", "new", "eu", "--out", out)
        sentence = (f"anabranch: cannot make {absent}/eu.keys: there is no folder {absent}, "
                    "make it first\n")
        check(lost.returncode == 1 and lost.stderr == sentence, f"no folder: {lost.stderr!r}")
        check(not os.path.exists(absent) and lost.stdout == "", "nothing is made, no line printed")
    bad = run("keys", "new", "e u")
    check(bad.returncode == 2 and "is no name" in bad.stderr, f"a bad name: {bad.stderr}")


def members():
    """A follower with a key of its own, of the same region, follows, is promoted, and is believed."""
    with World(keyed=("eu", "us", "ap")) as world:
        keys = world.keys
        secret, line = keys.new("eu", "second")
        check(line.startswith("eu ") and line != keys.lines["eu"], "another key of eu")
        keys.know(*keys.lines.values(), line)
        eu = world.start("eu")
        us = world.start("us", peers=[eu])
        ap = world.start("ap", peers=[us])  # Believes what eu has signed, and us passes on.
        keys.secrets["eu"] = secret
        follower = world.start("eu", peers=[eu, us], flags=["--follower"], name="follower")
        eu.call("SET", "key", "of the leader")
        world.wait_equal([eu, us, ap, follower])
        eu.kill()
        done = run("promote", "--redis", follower.redis)
        check(done.returncode == 0, done.stderr)
        follower.call("SET", "key", "of the follower")
        wait_until("ap has it", lambda: ap.call("GET", "key") == "of the follower")
        keys.know(keys.lines["us"], keys.lines["ap"], line)  # The dead one's key was stolen.
        for leader in (us, ap, follower):
            check(run("keys", "reload", "--redis", leader.redis).returncode == 0, "reload")
        follower.call("SET", "key", "still believed")
        wait_until("ap has it", lambda: ap.call("GET", "key") == "still believed")


def main():
    members()
    with World(keyed=("eu", "us", "ap")) as world:
        keys = world.keys
        lines = dict(keys.lines)
        check_made(keys)
        refused_starts(world)
        eu = world.start("eu")
        us = world.start("us", peers=[eu])
        ap = world.start("ap", peers=[us])  # Reaches eu through us only.
        eu.call("SET", "key", "of eu")
        ap.call("SADD", "set", "of ap")
        world.wait_equal([eu, us, ap])
        check(ap.call("GET", "key") == "of eu", "a write passed through us")
        check(eu.status()["keyed"], "status tells of keys")

        # A stranger in the name of us, who believes to know eu.
        keys.secrets["xx"], _ = keys.new("xx", "stranger")
        stranger = world.start("xx", peers=[eu])
        wait_until("the stranger is counted", lambda: refused(eu, "unknown_keys") >= 2)
        check(says(eu, "refused a connection", "nobody known has the key") == 1, "one clear line")
        check(says(stranger, "hung up on", "does not know the key") == 1, "it learns why")
        stranger.kill()

        # Plain text.
        plain = start_plain(world, eu)
        wait_until("plain text is counted", lambda: refused(eu, "failed_handshakes") >= 1)
        check(says(eu, "came to nothing") in (1, 2), "one clear line, or two while its host is unknown")
        plain.kill()
        before = refused(eu, "failed_handshakes")
        host, port = eu.listen[len("tcp://"):].rsplit(":", 1)
        with socket.create_connection((host, int(port))) as rubbish:
            rubbish.sendall(b"GET / HTTP/1.1\r\n\r\n")
            wait_until("rubbish is counted", lambda: refused(eu, "failed_handshakes") > before)

        # Removed: cut at once, and nothing passes. Added: back at once.
        keys.know(lines["eu"], lines["ap"])
        done = run("keys", "reload", "--redis", eu.redis)
        check(done.returncode == 0, f"reload: {done.stderr}")
        wait_until("us is cut", lambda: not eu.is_connected(us))
        check(says(eu, "cut the link of region us") == 1, "one clear line")
        eu.call("SET", "key", "later")
        keys.know(*lines.values())
        eu.signal(signal.SIGHUP)
        wait_until("us is back", lambda: eu.is_connected(us))
        world.wait_equal([eu, us, ap])
        check(us.call("GET", "key") == "later", "what was missed came")

        # Expired.
        keys.know(lines["eu"], lines["us"] + " - 2001-01-01", lines["ap"])
        eu.signal(signal.SIGHUP)
        wait_until("us is cut again", lambda: not eu.is_connected(us))
        wait_until("expiry is counted", lambda: refused(eu, "expired_keys") >= 2)
        not_valid = ("refused a connection", "of region us is not valid now")
        wait_until("it is said", lambda: says(eu, *not_valid) > 0)
        check(says(eu, *not_valid) == 1, "one line")

        # A list with a mistake changes nothing.
        keys.know(*lines.values())
        eu.signal(signal.SIGHUP)
        wait_until("us is there", lambda: eu.is_connected(us))
        keys.know("eu nonsense")
        done = run("keys", "reload", "--redis", eu.redis)
        check(done.returncode == 1 and f"{keys.list}:2: " in done.stderr, f"told: {done.stderr}")
        check(eu.is_connected(us), "and nothing is changed")
        status = run("status", "--redis", eu.redis)
        check("with keys" in status.stdout and "unknown keys" in status.stdout, status.stdout)
        check(json.loads(run("status", "--json", "--redis", eu.redis).stdout)["keyed"], "as JSON")
        for leader in (eu, us, ap):
            check(leader.stop() == 0, f"{leader.region} ends cleanly")


if __name__ == "__main__":
    main()
