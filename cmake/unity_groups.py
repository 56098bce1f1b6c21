#!/usr/bin/env python3
"""Groups source files that one translation unit can hold, for trees with ANABRANCH_UNITY.

    cmake/unity_groups.py MOST FILE...

Prints "group<TAB>file" for each file. A group holds at most MOST files, in the order given. No two
files of a group define the same name in an unnamed namespace or alias the same name, and all have
the same using-directives: each would see the names of the others. A file is alone if it has a
using-directive and a name that the public headers declare, too: other files may include those.

The names are found by a scan of the tokens at namespace scope, without a preprocessor. A conflict
that the scan overlooks is an error of the compiler, never a wrong program.
"""

import functools
import pathlib
import re
import sys

TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|^[ \t]*#(?:[^\n]*\\\n)*[^\n]*'  # comments and directives
    r'|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|"(?:[^"\\\n]|\\.)*"|(?<!\w)\'(?:[^\'\\\n]|\\.)+\''
    r'|[A-Za-z_]\w*|::|[^\s\w]|\d[\w.\']*', re.DOTALL | re.MULTILINE)
DEFINE = re.compile(r'\s*#\s*define\s+(\w+)')
NAME = re.compile(r'[A-Za-z_]\w*')
NO_NAMES = re.compile(r'TEST_\w+|TYPE_TO_STRING|BENCHMARK\w*|static_assert')


class Scan:
    """The names that a source file makes visible in its whole translation unit."""

    def __init__(self, text):
        self.names = {}  # {name: what it stands for}; None: a definition of the file's own
        self.directives = set()
        tokens = []
        for match in TOKEN.finditer(text):
            token = match.group()
            if token.lstrip().startswith("#") and token != "#":
                defined = DEFINE.match(token)
                if defined:
                    self.names[defined.group(1)] = None
            elif not token.startswith(("//", "/*")):
                tokens.append(token)
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
                self.names[names[0]] = None
        elif local or "static" in tokens or "constexpr" in tokens or "const" == tokens[0]:
            ends = [at for at, each in enumerate(tokens) if each in ("(", "=", "[")]
            end = ends[0] if ends else len(tokens)
            name = tokens[end - 1] if end else ""
            qualified = end > 1 and tokens[end - 2] == "::"
            if NAME.fullmatch(name) and not NO_NAMES.fullmatch(name) and not qualified:
                self.names[name] = None


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
def public_names():
    """Returns the names that the public headers declare."""
    headers = (pathlib.Path(__file__).resolve().parents[1] / "include/anabranch").glob("*.h")
    return {name for each in headers for name in Scan(each.read_text()).names}


class Group:
    """Files of one translation unit, and the names that all of them see."""

    def __init__(self, directives, most):
        self.files = []
        self._names = {}
        self._directives = directives
        self._most = most

    def takes(self, scan):
        """Returns whether a file with these names may come in."""
        both = self._names.keys() & scan.names.keys()
        return (len(self.files) < self._most and self._directives == scan.directives
                and all(self._names[each] is not None and self._names[each] == scan.names[each]
                        for each in both))

    def add(self, file, scan):
        """Adds a file that the group takes."""
        self.files.append(file)
        self._names |= scan.names


def groups_of(files, most):
    """Returns lists of files, each file in the first list that takes it."""
    groups = []
    for file in files:
        scan = Scan(pathlib.Path(file).read_text())
        is_alone = bool(scan.directives) and not public_names().isdisjoint(scan.names)
        group = None if is_alone else next((each for each in groups if each.takes(scan)), None)
        if group is None:
            group = Group(scan.directives, 1 if is_alone else most)
            groups.append(group)
        group.add(file, scan)
    return [group.files for group in groups]


def main():
    for number, files in enumerate(groups_of(sys.argv[2:], int(sys.argv[1]))):
        for file in files:
            print(f"{number}\t{file}")


if __name__ == "__main__":
    main()
