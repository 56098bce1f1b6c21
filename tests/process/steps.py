"""Pages of docs that are followed: the commands of a block of `sh` run in a shell, and the block of
`text` behind it is their answer.

    shells = {"here": Shell("here", ["bash", "--norc"])}
    for step in steps_of(page, ["here"]):
        follow(step, shells)

Where there are several shells, the line above a block names those that it is for.
"""

import re
import subprocess
import time

from leaders import check

ANSWER_SECONDS = 60    # Until an answer is the one of the page.
KILLED = re.compile(r"bash: line \d+: +\d+ Killed ")


class Step:
    """A block of commands, the shells that it is for, and its answer, None where any will do. `way`
    is "package" or "plain" where another block has the same for those who go the other way. `waits`:
    the words above it speak of a moment, until which the answer may be another one."""

    def __init__(self, shells, way, waits, commands):
        self.shells, self.way, self.waits, self.commands = shells, way, waits, commands
        self.answer = None


def way_of(line):
    if re.search("with the package", line, re.IGNORECASE):
        return "package"
    return "plain" if re.search("without systemd", line, re.IGNORECASE) else None


def steps_of(page, names, way=None):
    """The steps of a page, or a part of one, for those who go this way. `names` are all shells."""
    steps = []
    pattern = re.compile(r"(?P<text>.*?)```(?P<kind>sh|text)\n(?P<block>.*?)```\n", re.DOTALL)
    for found in pattern.finditer(page):
        if found["kind"] == "text":
            check(steps and steps[-1].answer is None and not found["text"].strip(),
                  f"an answer without commands: {found['block']}")
            steps[-1].answer = found["block"]
            continue
        line = (found["text"].rstrip().splitlines() or [""])[-1]
        named = [name for name in re.findall(r"`([a-z0-9-]+)`", line) if name in names]
        if len(names) == 1:
            named = list(names)
        else:
            check(named and line.endswith(":"), f"in which shell? {found['block']}")
        steps.append(Step(named, way_of(line), "moment" in found["text"], found["block"]))
    return [step for step in steps if step.way in (None, way)]


def section_of(page, title):
    """The part of a page below a heading, up to the next one of the same rank."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^\1 |\Z)", page,
                      re.MULTILINE | re.DOTALL)
    check(found, f"there is no section {title}")
    return found[2]


def is_answer(said, shown, exact=False):
    """The page may write `...` where a line goes on, or where anything stands. Columns may be wider.
    Lines may stand before an answer that need not be exact."""
    def squeezed(text):
        return [re.sub(" {2,}", "  ", line) for line in text.rstrip().splitlines()]
    said, shown = squeezed(said), squeezed(shown)
    pattern = re.escape("\n".join(shown)).replace(r"\.\.\.", ".*")
    if exact:
        said = [line for line in said if not KILLED.match(line)]
    return re.fullmatch(pattern, "\n".join(said if exact else said[-len(shown):])) is not None


def follow(step, shells, strict=False, exact=False):
    """Commands with an answer are repeated until it comes: what they ask about takes a moment. With
    `exact` only where the page says so, and the answer is all that they print."""
    for name in step.shells:
        deadline = time.monotonic() + (ANSWER_SECONDS if step.waits or not exact else 0)
        while True:
            succeeded, said = shells[name].run(step.commands, strict)
            if step.answer is None:
                check(succeeded, f"on {name}: {step.commands}said {said}")
                break
            if (succeeded or exact) and is_answer(said, step.answer, exact):
                break
            check(time.monotonic() < deadline,
                  f"on {name}: {step.commands}said:\n{said}and the page shows:\n{step.answer}")
            time.sleep(0.05)


class Shell:
    def __init__(self, name, words, **options):
        self.name = name
        self.shell = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True, **options)

    def run(self, commands, strict=False):
        """Runs commands in the shell, and returns whether the last one succeeded, or all of them, and
        what they print."""
        if strict:
            commands = f"(set -e\n{commands}\n)"
        self.shell.stdin.write(f"{commands.rstrip()}\necho == end $?\n")
        self.shell.stdin.flush()
        text = ""
        while True:
            line = self.shell.stdout.readline()
            check(line, f"{self.name} has ended: {text}")
            if line.startswith("== end "):
                return line == "== end 0\n", text
            text += line

    def must(self, commands):
        """As run(); returns what they print, all of which succeed."""
        succeeded, said = self.run(commands, strict=True)
        check(succeeded, f"on {self.name}: {commands}\nsaid {said}")
        return said.rstrip("\n")

    def end(self):
        self.shell.kill()
        self.shell.wait()
