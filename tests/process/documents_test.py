#!/usr/bin/env python3
"""The documents for users name commands, flags, settings, figures and metrics that there are."""

import functools
import glob
import json
import os
import re
import shlex
import tempfile

from leaders import World, check, run, wait_until

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
# Of contributors, who also name files, functions and the flags of other programs.
OTHERS = {"architecture.md", "formats.md", "testing.md", "howto.md", "where.md", "names.md"}
OPERATIONS = os.path.join("docs", "operations")
COMMAND = re.compile(r"\banabranch ((?:[a-z-]+ )?[a-z-]+)\b([^`\n]*)")
NOBODY = "127.0.0.1:1"
WRONG_WORDS = 2
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def pages():
    """{path: text} of the documents for users. A command that goes on in the next line is one."""
    paths = [path for path in glob.glob(os.path.join(ROOT, "docs", "*.md"))
             if os.path.basename(path) not in OTHERS]
    paths += glob.glob(os.path.join(ROOT, OPERATIONS, "*.md"))
    paths += [os.path.join(ROOT, "README.md"), os.path.join(ROOT, "packaging", "README.md")]
    paths += glob.glob(os.path.join(ROOT, "examples", "*", "README.md"))
    texts = {}
    for path in paths:
        with open(path, encoding="utf-8") as page:
            texts[os.path.relpath(path, ROOT)] = page.read().replace("\\\n", " ")
    check(len(texts) > 33, sorted(texts))
    return texts


def told(*words):
    done = run(*words)
    check(done.returncode == 0, f"{words}: {done.returncode}, {done.stderr}")
    return done.stdout


@functools.cache
def helps():
    """{command: its help}, as "peer pause"."""
    listed = told("--help").split("Commands:\n")[1]
    names = [line[2:].split("  ")[0] for line in listed.splitlines() if re.match("  [a-z]", line)]
    commands = [" ".join(word for word in name.split() if word.islower()) for name in names]
    check(len(commands) > 30, commands)
    return {command: told(*command.split(), "--help") for command in commands}


def commands_and_flags(texts):
    known = helps()
    seen = set()
    for path, text in texts.items():
        for words, rest in COMMAND.findall(text):
            command = words if words in known else words.split()[0]
            if command not in known:
                continue  # "anabranch serves", in a sentence.
            seen.add(command)
            # Of a line of a table or a block the words behind two spaces explain.
            for flag in FLAG.findall(rest.split("   ")[0].split("|")[0].split(" && ")[0]):
                check(flag in known[command], f"{path}: anabranch {command} has no {flag}")
    check(len(seen) > 25, sorted(seen))


def flags_alone(texts):
    """`--data DIR` without its command: some command has it."""
    known = "\n".join(helps().values())
    foreign = {"--disable", "--component", "--target"}  # Of AssemblyScript, and of cmake.
    for path, text in texts.items():
        for span in re.findall(r"`(--[a-z-]+)[^`]*`", text):
            check(span in known or span in foreign, f"{path}: no command has {span}")


def words_of(line, folder):
    """The words of a line of a block: what stands behind two spaces explains, places are in a folder,
    and no leader answers."""
    command = re.split(r" {2,}| && | > | >|\s#", re.sub(r"\[[^\]]*\]", "", line.strip()))[0]
    command = command.replace("HOST:PORT", NOBODY).replace("/etc/anabranch", folder)
    return shlex.split(command)[1:]


def lines_are_taken(texts):
    """Each line of a block is one that the program takes: it goes on to look for leader or files."""
    known = helps()
    lines = 0
    for path, text in texts.items():
        for line in re.findall(r"^    (anabranch [a-z].*)$", text, re.MULTILINE):
            with tempfile.TemporaryDirectory() as folder:
                words = words_of(line, folder)
                command = next((name for name in (" ".join(words[:2]), words[0]) if name in known), None)
                if command in (None, "serve", "demo") or "--watch" in words:  # These go on.
                    continue
                if "--redis HOST" in known[command] and not {"--config", "--data", "--redis"} & set(words):
                    words += ["--redis", NOBODY]
                done = run(*words, folder=folder)
                lines += 1
                taken = done.returncode != WRONG_WORDS or "cannot read" in done.stderr
                check(taken, f"{path}: {line}: {done.stderr}")
    check(lines > 40, lines)
    print(f"{lines} lines of blocks are taken", flush=True)


def names_in(value):
    """The names of all fields in a value of JSON."""
    if isinstance(value, list):
        return set().union(*map(names_in, value))
    if not isinstance(value, dict):
        return set()
    return set(value).union(*map(names_in, value.values()))


def is_metric_of(name, fields):
    """`anabranch_opened_anew_total` is the metric of `opened_anew`."""
    return name.startswith("anabranch_") and re.sub("^anabranch_|_total$", "", name) in fields


def figures(texts):
    """Settings, fields of the status and of INFO, and metrics, on the pages for operators."""
    page = "\n".join(text for path, text in texts.items() if path.startswith(OPERATIONS))
    settings = {each["setting"] for each in json.loads(told("config", "show", "--json"))}
    with World() as world:
        leader = world.start("eu", flags=["--http", f"unix:{world.folder}/http"])
        other = world.start("us", peers=[leader])
        wait_until("us is connected", lambda: leader.is_connected(other))
        told("peer", "pause", "us", "--redis", leader.redis)  # So there is a warning.
        fields = names_in(json.loads(told("status", "--redis", leader.redis, "--json")))
        info = leader.call("INFO", "everything")
    told_by_info = {line.split(":")[0] for line in info.splitlines()}
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", page))
    check(len(named) > 60, sorted(named))
    named -= {name for name in named if is_metric_of(name, fields)}
    check(named <= settings | fields | told_by_info,
          f"neither settings nor figures: {sorted(named - settings - fields - told_by_info)}")
    listed = set(re.findall(r"`([a-z_]+)`", texts[os.path.join(OPERATIONS, "settings.md")]))
    check(settings <= listed, f"not in the table of settings: {sorted(settings - listed)}")
    counts = re.split(r"is counted under\s`refused`", page)[1].split("\n## ")[0]
    names = re.findall(r"^- \*\*([a-z ]+)\*\*:", counts, re.MULTILINE)
    check(len(names) > 7, names)
    for name in names:
        check(name.replace(" ", "_") in fields, f"`refused` in the status has no {name}")


def main():
    texts = pages()
    commands_and_flags(texts)
    flags_alone(texts)
    lines_are_taken(texts)
    figures(texts)


if __name__ == "__main__":
    main()
