#!/usr/bin/env python3
"""The command line asks a running leader: status, show, digest, verify, peer, region, policy, conflicts. Binary data is escaped, and
JSON is for programs. Configuration comes from file, environment and flags, the later wins."""

import json
import os
import re
import time

from leaders import ANABRANCH, World, check, run, wait_until


def told(leader, *words):
    done = run(*words, "--redis", leader.redis)
    check(done.returncode == 0 and done.stderr == "", f"{words}: {done}")
    return done.stdout


def shows(leader, key, *patterns):
    text = told(leader, "show", key)
    for pattern in patterns:
        check(re.search(pattern, text, re.MULTILINE), f"show {key}: no {pattern!r} in\n{text}")


def show(eu, us):
    eu.call("SET", "text", 'Zürich\n"quoted" \\')
    eu.call("SET", "binary", b"\x00\xff\x1b[2J")
    eu.call("INCRBY", "count", 41)
    eu.call("SADD", "set", "lake", b"\xfe")
    eu.call("HSET", "map", "name", "ada", "age", "36")
    shows(eu, "text", r'^value +"Zürich\\n\\"quoted\\" \\\\"$', r"^1 value, no conflict:$",
          r"^eu +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} ")
    shows(eu, "binary", r'^value +"\\x00\\xff\\x1b\[2J"$')
    shows(eu, "count", r"^type +string$", r'^value +"41"$', r"^counter +41$")
    shows(eu, "set", r"^type +set$", r"^count +2$", r'^"lake" +eu +\d', r'^"\\xfe" +eu +\d')
    shows(eu, "map", r"^type +hash$", r'^"name" +string +"ada" +0 +eu +\S+ \S+ +"ada"$')
    shows(eu, "nothing", r"^type +none$")
    for command in (("SELECT", "7"), ("SET", "text", "of seven"), ("SELECT", "0")):
        check(eu.call(*command) == "OK", f"{command}")
    text = told(eu, "show", "--db", "7", "text")
    check(re.search(r'^database +7$', text, re.MULTILINE) and '"of seven"' in text, text)
    shows(eu, "text", r"^database +0$", r"Zürich")
    refused = run("show", "--db", "16", "text", "--redis", eu.redis)
    check(refused.returncode == 1 and "DB index is out of range" in refused.stderr, str(refused))
    check(json.loads(told(eu, "show", "count", "--json"))["counter"] == 41, "JSON of show")
    wait_until("us has all of it", lambda: us.applied() == eu.applied())
    check(told(eu, "show", "map") == told(us, "show", "map"), "both show the same")
    check(told(eu, "digest") == told(us, "digest"), "equal digests")
    check(re.fullmatch(r"[0-9a-f]{32}\n", told(eu, "digest")), "a digest is 32 digits")


def status_and_peers(eu, us):
    text = told(us, "status")
    check(re.search(r"^region +us$", text, re.MULTILINE), text)
    check(f"{eu.listen}  {eu.origin}" in text and " connected" in text, text)
    status = json.loads(told(us, "status", "--json"))
    check(status["region"] == "us" and status["peers"][0]["region"] == "eu", status)
    for name in ("eu", eu.listen):  # By region and by address.
        check(told(us, "peer", "pause", name) ==
              f"{name} paused, until it is resumed or the leader starts again\n", "pause")
        check(json.loads(told(us, "status", "--json"))["peers"][0]["paused"], "it is paused")
        value = "while paused by " + name
        eu.call("SET", "during", value)
        check(us.call("GET", "during") != value, "a paused link carries nothing")
        check(told(us, "peer", "resume", name) == f"{name} resumed\n", "resume")
        wait_until("the write arrives", lambda value=value: us.call("GET", "during") == value)


def verify(eu, us):
    wait_until("they have applied the same", lambda: us.applied() == eu.applied())
    text = told(eu, "verify", "us")
    check(re.fullmatch(r"us: equal: \d+ rows, digest [0-9a-f]{32}, applied( [0-9a-f]{16}:\d+)+\n",
                       text), text)
    check(f"digest {eu.digest()}" in text, "verify computes the digest that is kept")
    verdicts = json.loads(told(us, "verify", "--json"))
    check([(each["region"], each["state"]) for each in verdicts] == [("eu", "equal")], verdicts)
    done = run("verify", "us", "nobody", "--redis", eu.redis)
    check(done.returncode == 1 and "there is no other region 'nobody'" in done.stderr, done)
    told(us, "peer", "pause", "eu")
    eu.call("SET", "only", "here")
    done = run("verify", "--redis", us.redis, timeout=60)
    check(done.returncode == 1 and "eu: not compared: one of the two is far behind" in done.stdout,
          done)
    told(us, "peer", "resume", "eu")
    wait_until("the write arrives", lambda: us.call("GET", "only") == "here")


def retirement(leader, region):
    listed = json.loads(told(leader, "region", "list", "--json"))
    return [each["retirement"] for each in listed if each["region"] == region]


def regions(eu, us):
    wait_until("no log is kept for us", lambda: re.search(
        r"^us +connected +- +-$", told(eu, "region", "list"), re.MULTILINE))
    for words, why in ((["retire", "us", "--lost"], "region us is connected, so it is not lost"),
                       (["retire", "us", "--lost", us.origin],
                        f"origin {us.origin} of region us is connected, so it is not lost"),
                       (["retire", "us", "--lost", "12"], "no member 12 of region us"),
                       (["retire", "nobody"], "there is no region 'nobody'"),
                       (["retire", "eu"], "this leader cannot retire its own region")):
        done = run("region", *words, "--redis", eu.redis)
        check(done.returncode == 1 and why in done.stderr, done)
    for words, why in (([us.origin], "add --lost"), (["--lost", "1", "2"], "one member or origin at a time")):
        done = run("region", "retire", "us", *words, "--redis", eu.redis)
        check(done.returncode == 2 and why in done.stderr, done)
    check(told(eu, "region", "retire", "us") == "us is retired\n", "retire")
    wait_until("us has heard of it", lambda: retirement(us, "us") == ["retired"])
    check("retired, connected" in told(eu, "region", "list"), "it is there all the same")
    check(told(eu, "region", "restore", "us") == "us counts again\n", "restore")
    wait_until("us has heard of it", lambda: retirement(us, "us") == [""])


def check_directory(leader):
    check(run("check", "--data", leader.data).returncode == 1, "a running leader has its directory")
    rows, digest = leader.status()["rows"], leader.digest()
    check(leader.stop() == 0, "it ends as it should")
    done = run("check", "--data", leader.data)
    check(done.returncode == 0 and done.stderr == "", done)
    check(f"region {leader.region}: {rows} rows with digest {digest}, " in done.stdout, done)
    check("all is well" in done.stdout, done)
    done = run("check", "--data", leader.data + "-nowhere")
    check(done.returncode == 1 and "is no data directory" in done.stderr, done)
    check(run("check").returncode == 2, "it must be told which directory")


def policies(eu, us):
    check(told(eu, "policy", "list") ==
          "no policies: of concurrent values the last written is shown\n", "there are none")
    check(told(eu, "policy", "set", "max", "bids/") == 'the policy for "bids/" is set\n', "set")
    check(told(us, "policy", "set", "lww", "", "--base", "--db", "3") ==
          'the policy for "" is set\n', "for all keys of a database")
    wait_until("both have both", lambda: len(json.loads(told(eu, "policy", "list", "--json"))) == 2
               and told(eu, "policy", "list") == told(us, "policy", "list"))
    text = told(us, "policy", "list")
    check(re.search(r'^ *0 +"bids/" +max +set +yes *$', text, re.MULTILINE), text)
    check(re.search(r'^ *3 +"" +lww\+base +set +yes *$', text, re.MULTILINE), text)
    us.call("SET", "bids/1", "9")
    shows(us, "bids/1", r'^policy +max, of "bids/"$')
    check(told(us, "policy", "remove", "bids/") == 'the policy for "bids/" is removed\n', "remove")
    for words, why in ((["set", "most", "k"], "there is no kind of policy 'most'"),
                       (["set", "native:nearest", "k"], "this leader has no function"),
                       (["remove", "nothing/"], "there is no policy of database 0"),
                       (["set", "max", "k", "--db", "16"], "there is no database '16'")):
        done = run("policy", *words, "--redis", eu.redis)
        check(done.returncode == 1 and why in done.stderr, done)


def conflicts(eu, us):
    check(told(eu, "conflicts", "list") == "no value has lost here\n", "there are none")
    told(eu, "peer", "pause", "us")
    eu.call("SET", "doc/1", "of eu")
    time.sleep(0.002)  # The value of us is the last by the clock that both share.
    us.call("SET", "doc/1", "of us")
    told(eu, "peer", "resume", "us")
    wait_until("eu has met it", lambda: json.loads(told(eu, "conflicts", "list", "--json")))
    text = told(eu, "conflicts", "list", "--prefix", "doc/")
    check(re.search(r'^1\.0 +met +0 +"doc/1" +"of eu" +eu +[-0-9]+ [:.0-9]+ +"of us" +lww *$', text,
                    re.MULTILINE), text)
    check(told(eu, "conflicts", "show", "1.0") == text, "the whole conflict")
    check(re.search(r"^conflicts +1 in the log, ", told(eu, "status"), re.MULTILINE), "status")
    check("settles" not in text, text)
    told(eu, "policy", "set", "min", "doc/")
    text = told(eu, "conflicts", "list")
    check(re.search(r'^1\.0 .* this one, now +lww *$', text, re.MULTILINE), text)
    check("Putting back one that is shown now settles its row" in text, text)
    told(eu, "policy", "remove", "doc/")
    check("written again" in told(eu, "conflicts", "put-back", "1.0"), "put back")
    wait_until("it is everywhere", lambda: us.call("GET", "doc/1") == "of eu")
    lines = told(eu, "conflicts", "export").splitlines()
    lost = [json.loads(line) for line in lines]  # "of eu" is not lost any more.
    check([(each["kind"], each["value"]) for each in lost] == [("put back", "of us")], lines)
    stats = told(eu, "conflicts", "stats")
    check(stats.startswith("2 conflicts in the log, ") and "0 dropped for want of room" in stats, stats)
    check(re.search(r'^lww +"" +1 +1 +0 +0 *$', stats, re.MULTILINE), stats)
    done = run("conflicts", "put-back", "9.9", "--redis", eu.redis)
    check(done.returncode == 1 and "there is no loser 9.9" in done.stderr, done)


def sources(world):
    path = os.path.join(world.folder, "leader.toml")
    with open(path, "w") as file:
        file.write('region = "file"\nmesh = "file"\nredis = "127.0.0.1:0"\n')
    os.environ.update(ANABRANCH_MESH="environment", ANABRANCH_REGION="environment")
    try:
        leader = world.start("flag", flags=["--config", path])
    finally:
        del os.environ["ANABRANCH_MESH"], os.environ["ANABRANCH_REGION"]
    check(leader.status()["region"] == "flag", "a flag wins")
    check(leader.status()["mesh"] == "environment", "the environment wins over the file")
    done = run("config", "check", path)
    check(done.returncode == 0 and "is fine" in done.stdout and "--data" in done.stdout, done)


def help_and_version():
    check(re.fullmatch(r"anabranch \d+\.\d+\.\d+ \([^()\s]+\)\n", run("--version").stdout),
          "a version, and its commit")
    text = run("--help").stdout
    for name in re.findall(r"^  ([a-z]+(?: [a-z]+)?) ", text, re.MULTILINE):
        done = run(*name.split(), "--help")
        check(done.returncode == 0 and "Usage:" in done.stdout, f"{name} --help: {done}")
    check("--log-bytes-max" in run("serve", "--help").stdout, "the help comes from the settings")


def main():
    check(os.access(ANABRANCH, os.X_OK), f"no program at {ANABRANCH}")
    help_and_version()
    with World() as world:
        eu = world.start("eu")
        us = world.start("us", peers=[eu])
        wait_until("they are connected", lambda: us.is_connected(eu))
        show(eu, us)
        status_and_peers(eu, us)
        verify(eu, us)
        regions(eu, us)
        policies(eu, us)
        conflicts(eu, us)
        sources(world)
        check_directory(us)


if __name__ == "__main__":
    main()
