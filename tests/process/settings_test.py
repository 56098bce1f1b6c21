#!/usr/bin/env python3
"""`config new` prints what `serve` takes, `config show` says where each setting comes from, and the
completion of bash and the pages of man name what there is."""

import json
import os
import shutil
import subprocess
import tempfile

from leaders import World, check, run


def shown(*words, environment=None):
    done = run("config", "show", *words, "--json", environment=environment)
    check(done.returncode == 0, done.stderr)
    return {each["setting"]: each for each in json.loads(done.stdout)}


def told(*words):
    done = run(*words)
    check(done.returncode == 0 and done.stderr == "", f"{words}: {done}")
    return done.stdout


def a_new_file_serves(world):
    path = os.path.join(world.folder, "anabranch.toml")
    data = os.path.join(world.folder, "made")
    with open(path, "w") as file:
        file.write(told("config", "new", "--region", "made", "--data", data,
                        "--redis", "127.0.0.1:0", "--log-bytes-max", "2GiB"))
    check(told("config", "check", path) == f"{path} is fine\n", "check")
    leader = world.start("made", flags=["--config", path])
    leader.call("SET", "key", "value")
    answer = leader.call("CONFIG", "GET", "*")
    has = dict(zip(answer[::2], answer[1::2]))
    for name, setting in shown("--config", path).items():
        value = setting["value"]
        wanted = ",".join(value) if isinstance(value, list) else value or ""
        if name not in ("redis", "listen", "region", "data"):  # Those are flags of world.start().
            check(has.get(name) == wanted, f"CONFIG GET {name}: {has.get(name)!r}, not {wanted!r}")
    check(has["region"] == "made" and has["log_bytes_max"] == "2GiB", has)
    check(leader.stop() == 0, "a clean end")
    where = shown("--config", path, "--mesh", "flag", environment={"ANABRANCH_ONCE_MS": "2h"})
    def is_from(setting):
        return where[setting]["value"], where[setting]["from"]
    check(is_from("log_bytes_max")[0] == "2GiB" and is_from("log_bytes_max")[1].startswith(path + ":"),
          where)
    check(is_from("once_ms") == ("2h", "ANABRANCH_ONCE_MS"), where)
    check(is_from("mesh") == ("flag", "--mesh"), where)
    check(is_from("log_age_ms_max") == ("7d", "default"), where)
    check(is_from("keys_file") == (None, "default"), where)
    text = told("config", "show", "--config", path)
    check("log_bytes_max" in text and f"{path}:" in text, text)


def mistakes(folder):
    done = run("config", "show", "--log-bytes-max", "2 gigabytes")
    check(done.returncode == 78 and "64MiB" in done.stderr, done)
    done = run("config", "show", "--log-bytes-max", "9999999TiB")
    check(done.returncode == 78 and "too large" in done.stderr, done)
    done = run("config", "new", "--region", "e u")
    check(done.returncode == 78 and "e u" in done.stderr and done.stdout == "", done)
    done = run("completion", "fish")
    check(done.returncode == 2 and "bash" in done.stderr, done)
    done = run("manual", "anabranch.9")
    check(done.returncode == 2 and "anabranch.1" in done.stderr, done)


def completed(script, *words):
    line = " ".join(f"'{word}'" for word in words)
    done = subprocess.run(
        ["bash", "-c", f"set -u; . {script}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; "
         "_anabranch 2>/dev/null; printf '%s\\n' \"${COMPREPLY[@]}\""],
        capture_output=True, text=True, timeout=20)
    check(done.returncode == 0, done.stderr)
    return done.stdout.split()


def completion(folder):
    script = os.path.join(folder, "completion")
    with open(script, "w") as file:
        file.write(told("completion", "bash"))
    check(completed(script, "anabranch", "sta") == ["status"], "a command")
    check(completed(script, "anabranch", "config", "") == ["check", "new", "show"], "a group")
    check(completed(script, "anabranch", "serve", "--region", "eu", "--mes") == ["--mesh"], "a flag")
    check(completed(script, "anabranch", "status", "--j") == ["--json"], "a flag of a command")
    check(completed(script, "anabranch", "peer", "pause", "--re") == ["--redis"], "of a group")
    check(completed(script, "anabranch", "serve", "--log-level", "w") == ["warning"], "a value")
    check(completed(script, "anabranch", "serve", "--log-format", "j") == ["json"], "a value")
    check(completed(script, "anabranch", "serve", "--data", folder[:-1]) == [folder], "a folder")


def manual():
    commands = [line.split()[0] for line in told("--help").splitlines() if line.startswith("  ")]
    page = told("manual", "anabranch.1")
    for name in commands:
        if not name.startswith("--"):
            check(f".SS \\fBanabranch {name}" in page, f"{name} has no section")
    settings = told("manual", "anabranch.toml.5")
    for name in shown():
        check(f"\\fB{name}\\fR" in settings, f"{name} has no paragraph")
    if shutil.which("groff") is None:
        print("without groff: the pages were not set", flush=True)
        return
    for text in (page, settings):
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=text, text=True,
                              capture_output=True, timeout=20)
        check(done.returncode == 0 and done.stderr == "", done.stderr)


def main():
    with World() as world:
        a_new_file_serves(world)
    with tempfile.TemporaryDirectory(prefix="anabranch-settings-") as folder:
        mistakes(folder)
        completion(folder)
    manual()


if __name__ == "__main__":
    main()
