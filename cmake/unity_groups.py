#!/usr/bin/env python3
"""Groups source files that one translation unit can hold, for trees with ANABRANCH_UNITY.

    cmake/unity_groups.py MOST FILE...      prints "group<TAB>file" for each file
    cmake/unity_groups.py --check FOLDER    judges the groups of all targets of a build tree

A group holds at most MOST files and as many times 167 lines, in the order given. No two files of a
group define the same name in an unnamed namespace or alias the same name, and all have the same
using-directives: each would see the names of the others. The names of a test stand in a namespace
that is called as the file and are the file's own, so any tests may stand together. A local name
that a header of the project declares, too, is kept apart from files that use it: without a word
from the compiler they would call the local function (`show` of conflict_verbs.cc in verbs.cc).

--check reads the files FOLDER/TARGET.txt, which list the files of one target each. It fails if a
target has more groups than its files and lines need and two for names, and prints the name that
keeps the most files apart.

The names are found by a scan of the tokens, without a preprocessor. A conflict that the scan
overlooks is nearly always an error of the compiler. The preset dev compiles each file alone.
"""

import collections
import functools
import math
import pathlib
import re
import sys

LINES_A_FILE = 167  # A group of 30 files has 5,000 lines, a compiler of it needs about 1.2 GB.
FOR_NAMES = 2

TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|^[ \t]*#(?:[^\n]*\\\n)*[^\n]*'  # comments and directives
    r'|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|"(?:[^"\\\n]|\\.)*"|(?<!\w)\'(?:[^\'\\\n]|\\.)+\''
    r'|[A-Za-z_]\w*|::|[^\s\w]|\d[\w.\']*', re.DOTALL | re.MULTILINE)
DEFINE = re.compile(r'\s*#\s*define\s+(\w+)')
NAME = re.compile(r'[A-Za-z_]\w*')
EXPRESSION = {"return", "else", "case", "throw", "co_return", "not", "and", "or"}
NO_NAMES = re.compile(r'catch|TEST_\w+|TYPE_TO_STRING|BENCHMARK\w*|static_assert')


class Scan:
    """The names that a source file makes visible in its whole translation unit."""

    def __init__(self, file, is_header=False):
        text = pathlib.Path(file).read_text()
        self.local = set()  # Of these names those in unnamed namespaces.
        self.lines = text.count("\n")
        stem = pathlib.Path(file).stem
        self._own_namespace = stem if stem.endswith("_test") else None
        self.names = {}  # {name: what it stands for}; None: a definition of the file's own
        self.directives = set()
        self._is_header = is_header
        tokens = []
        for match in TOKEN.finditer(text):
            token = match.group()
            if token.lstrip().startswith("#") and token != "#":
                defined = DEFINE.match(token)
                if defined:
                    self.names[defined.group(1)] = None
            elif not token.startswith(("//", "/*")):
                tokens.append(token)
        self.used = used(tokens)
        self._scope(tokens, 0, local=False)

    def _scope(self, tokens, at, local):
        """Reads the declarations of a namespace from `at`; returns where the namespace ends."""
        start = at
        while at < len(tokens) and tokens[at] != "}":
            if tokens[at] == ";":
                self._declaration(tokens[start:at], local)
                at += 1
                start = at
            elif tokens[at] == "{" and "namespace" in tokens[start:at]:
                if tokens[at - 1] == self._own_namespace:  # Its names are nobody else's.
                    at = start = closing(tokens, at) + 1
                    continue
                at = self._scope(tokens, at + 1, local or tokens[at - 1] == "namespace") + 1
                start = at
            elif tokens[at] == "{":
                end = closing(tokens, at)
                head = tokens[start:at]
                if "enum" in head and not {"class", "struct"} & set(head):
                    self._enumerators(tokens[at + 1:end])
                self._declaration(head, local)
                at = end + 1
                if at < len(tokens) and tokens[at] in (";", ",", "("):  # A variable or a type.
                    while at < len(tokens) and tokens[at] != ";":
                        at = closing(tokens, at) + 1 if tokens[at] in "({[" else at + 1
                    at += 1
                start = at
            elif tokens[at] in ("(", "["):
                at = closing(tokens, at) + 1
            else:
                at += 1
        return at

    def _enumerators(self, tokens):
        first = True
        for token in tokens:
            if first and NAME.fullmatch(token):
                self.names[token] = None
            first = token == ","

    def _declaration(self, tokens, local):
        """Adds the name that one declaration makes."""
        tokens = without_templates(tokens)
        if not tokens:
            return
        if tokens[:2] == ["using", "namespace"]:
            self.directives.add("".join(tokens[2:]))
        elif tokens[0] == "using":
            name = tokens[1] if "=" in tokens else tokens[-1]
            self.names[name] = "".join(tokens)
        elif tokens[0] in ("class", "struct", "enum", "union", "concept", "namespace"):
            names = [each for each in tokens[1:4] if NAME.fullmatch(each)
                     and each not in ("class", "struct", "final")]
            if names:
                self._add(names[0], local)
        elif (local or self._is_header or "static" in tokens or "constexpr" in tokens
              or tokens[0] == "const"):
            ends = [at for at, each in enumerate(tokens) if each in ("(", "=", "[")]
            end = ends[0] if ends else len(tokens)
            name = tokens[end - 1] if end else ""
            qualified = end > 1 and tokens[end - 2] == "::"
            if NAME.fullmatch(name) and not NO_NAMES.fullmatch(name) and not qualified:
                self._add(name, local or "static" in tokens)

    def _add(self, name, local):
        self.names[name] = None
        if local:
            self.local.add(name)


def used(tokens):
    """Returns the names that the tokens may look up in namespaces."""
    found, declared = set(), set()
    padded = ["", "", *tokens, ""]
    for at, token in enumerate(padded[2:-1], 2):
        before, behind = padded[at - 1], padded[at + 1]
        if not NAME.fullmatch(token) or before in (".", "::"):
            continue
        if before == ">" and padded[at - 2] == "-":
            continue
        is_declared = before in ("&", "*", ">") or (NAME.fullmatch(before)
                                                    and before not in EXPRESSION)
        if is_declared and behind != "(":
            declared.add(token)
        elif not is_declared:
            found.add(token)
    return found - declared


def without_templates(tokens):
    """Returns the tokens without attributes, and without what stands between < and >."""
    kept, depth = [], 0
    for at, token in enumerate(tokens):
        if token == "<" and kept and kept[-1] != "operator":
            depth += 1
        elif token == ">" and depth:
            depth -= 1
        elif not depth and token != "template":
            kept.append(token)
    while kept[:2] == ["[", "["]:
        kept = kept[closing(kept, 0) + 1:]
    return kept


def closing(tokens, at):
    """Returns the place of the bracket that closes the one at `at`."""
    depth = 0
    for end in range(at, len(tokens)):
        if tokens[end] in "([{":
            depth += 1
        elif tokens[end] in ")]}":
            depth -= 1
            if not depth:
                return end
    return len(tokens) - 1


@functools.cache
def names_of_headers():
    """Returns the names that headers of the project declare in namespaces."""
    root = pathlib.Path(__file__).resolve().parents[1]
    folders = [each for each in root.iterdir()
               if each.is_dir() and each.name not in ("build", ".git")]
    headers = [header for folder in folders for header in folder.rglob("*.h")]
    return {name for each in headers for name in Scan(each, True).names}


def hidden(one, other):
    """Returns names of a header that stand for a local name of `one` where `other` follows it."""
    names = (one.local & other.used) - other.names.keys()
    return names & names_of_headers() if names else names  # Headers are read only where it matters.


class Group:
    """Files of one translation unit, and the names that all of them see."""

    def __init__(self, directives):
        self.files = []
        self._scans = []
        self._lines = 0
        self._names = {}
        self._directives = directives

    def shared(self, scan):
        """Returns the names that keep a file out; an empty string stands for its directives."""
        both = self._names.keys() & scan.names.keys()
        apart = [each for each in both
                 if self._names[each] is None or self._names[each] != scan.names[each]]
        for each in self._scans:
            apart += hidden(each, scan) | hidden(scan, each)
        return apart + ([""] if self._directives != scan.directives else [])

    def has_room(self, scan, most):
        """Returns whether one more file fits."""
        return len(self.files) < most and self._lines + scan.lines <= most * LINES_A_FILE

    def add(self, file, scan):
        """Adds a file that the group takes."""
        self.files.append(file)
        self._scans.append(scan)
        self._lines += scan.lines
        self._names |= scan.names


def groups_of(files, most):
    """Returns groups, each file in the first that takes it, and how often a name kept one out."""
    groups, apart = [], collections.Counter()
    for file in files:
        scan = Scan(file)
        for group in groups:
            if not group.has_room(scan, most):
                continue
            names = group.shared(scan)
            if not names:
                break
            apart.update(names)
        else:
            group = Group(scan.directives)
            groups.append(group)
        group.add(file, scan)
    return groups, apart


def violations(folder, most=30):
    """Returns a sentence for each target that has more groups than it needs."""
    for each in sorted(pathlib.Path(folder).glob("*.txt")):
        files = each.read_text().split()
        lines = sum(Scan(file).lines for file in files)
        needed = max(math.ceil(len(files) / most), math.ceil(lines / (most * LINES_A_FILE)))
        allowed = needed + FOR_NAMES
        groups, apart = groups_of(files, most)
        if len(groups) > allowed:
            name, times = apart.most_common(1)[0]
            yield (f"{each.stem}: {len(groups)} groups of {len(files)} files, {allowed} would do; "
                   f"{name or 'using-directives'} kept files apart {times} times")


def main():
    if sys.argv[1:2] == ["--check"]:
        found = list(violations(sys.argv[2]))
        print("\n".join(found) or "no target has more groups than it needs")
        return 1 if found else 0
    groups, _ = groups_of(sys.argv[2:], int(sys.argv[1]))
    for number, group in enumerate(groups):
        for file in group.files:
            print(f"{number}\t{file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
