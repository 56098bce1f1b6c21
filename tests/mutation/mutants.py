"""Wrong lines: finds lines of C++ that can be made wrong in one place, and writes them so that a number
at run time decides which of them is."""

import re
from dataclasses import dataclass

HEADER = "core/mutant.h"
CALL = "::anabranch::core::mutant({})"

# Tells which line is wrong in this process: ANABRANCH_MUTANT, read once; 0: none. The file that
# ANABRANCH_MUTANT_REACHED names is made when that line is first come to.
HEADER_TEXT = """#pragma once

#include <cstdio>
#include <cstdlib>

namespace anabranch::core {

inline const int chosen_mutant = [] {
  const char* const text = std::getenv("ANABRANCH_MUTANT");
  return text == nullptr ? 0 : std::atoi(text);
}();

inline bool mutant_reached() {
  const char* const path = std::getenv("ANABRANCH_MUTANT_REACHED");
  std::FILE* const file = path == nullptr ? nullptr : std::fopen(path, "w");
  if (file != nullptr) std::fclose(file);
  return true;
}

inline bool mutant(int number) {
  if (number != chosen_mutant) return false;
  static const bool reached = mutant_reached();
  return reached;
}

}  // namespace anabranch::core
"""

# What may be put in the place of what; the blanks keep templates, arrows and shifts out.
SWAPS = [(" < ", " <= "), (" <= ", " < "), (" > ", " >= "), (" >= ", " > "), (" == ", " != "),
         (" != ", " == "), (" && ", " || "), (" || ", " && "), (" + 1", ""), (" - 1", ""),
         (" + ", " - "), (" - ", " + "), ("std::min", "std::max"), ("std::max", "std::min"),
         ("true", "false"), ("false", "true"), ("any_of", "all_of"), ("all_of", "any_of"),
         ("none_of", "any_of"), ("first()", "last()"), ("last()", "first()")]


@dataclass
class Mutant:
    file: str
    line: int          # From 1.
    kind: str          # In words: "< is <=".
    before: str
    template: str      # The new line, with CALL's number left open as "@".
    number: int = 0

    def text(self):
        return self.template.replace("@", CALL.format(self.number))


def is_balanced(text):
    depth = 0
    in_text = False
    for at, c in enumerate(text):
        if c == '"' and (at == 0 or text[at - 1] != "\\"):
            in_text = not in_text
        if in_text:
            continue
        depth += c in "([{"
        depth -= c in ")]}"
        if depth < 0:
            return False
    return depth == 0 and not in_text


def wrong_expressions(expression):
    """(what was changed, the wrong expression), one for each place."""
    for old, new in SWAPS:
        for found in re.finditer(re.escape(old), expression):
            at = found.start()
            if old.isalpha() and (expression[at - 1:at].isalnum() or
                                  expression[at + len(old):][:1].isalnum()):
                continue
            yield (f"'{old.strip()}' is '{new.strip()}'",
                   expression[:at] + new + expression[at + len(old):])


def of_condition(match):
    """if (...) and while (...): the condition, behind what it may declare."""
    begin, condition, end = match.group(1), match.group(2), match.group(3)
    declared, semicolon, tested = condition.rpartition("; ")
    if re.match(r"(const )?(auto|std::)[^=]* = ", tested) or not is_balanced(condition):
        return
    head = begin + declared + semicolon
    for kind, wrong in wrong_expressions(tested):
        yield kind, f"{head}@ ? ({wrong}) : ({tested}){end}"
    yield "the condition is negated", f"{head}@ ? !({tested}) : ({tested}){end}"


def of_value(match):
    """return ...; and const bool name = ...;"""
    begin, value, end = match.group(1), match.group(2), match.group(3)
    if not is_balanced(value) or value.startswith("{"):
        return
    for kind, wrong in wrong_expressions(value):
        yield kind, f"{begin}@ ? ({wrong}) : ({value}){end}"


def of_statement(match):
    """A call or an assignment that is left out; not of what only saves time, or tells."""
    if re.search(r"\breserve\(|\blog_\w+\(", match.group(2)):
        return
    if is_balanced(match.group(2)):
        yield "the line is left out", f"{match.group(1)}if (!@) {match.group(2)}{match.group(3)}"


FORMS = [
    (re.compile(r"^(\s*(?:\} else )?(?:if|while) \()(.*)(\)(?: \{| [^()]*;| return .*;)?)$"),
     of_condition),
    (re.compile(r"^(\s*return )(.+)(;)$"), of_value),
    (re.compile(r"^(\s*const (?:bool|auto|std::size_t|core::Seq) \w+ = )(.+)(;)$"), of_value),
    (re.compile(r"^(\s+)((?!return|const|using|static|auto|case|break|continue|throw|ANABRANCH|"
                r"mark<|std::string|core::Seq|delete)[\w:.>\-\[\]*+]+(?:\(.*\)| [-+|&]?= .*|\+\+))(;)$"),
     of_statement),
]


def mutants_of(file, lines):
    """All mutants of a file; lines that go over several are left alone."""
    found = []
    for number, line in enumerate(lines, 1):
        code = line.rstrip("\n")
        if "//" in code or "planted(" in code or not complete_before(lines, number):
            continue
        for pattern, make in FORMS:
            match = pattern.match(code)
            if match is None:
                continue
            found += [Mutant(file, number, kind, code.strip(), text) for kind, text in make(match)]
            break
    return found


def complete_before(lines, number):
    """Whether the line begins a statement: what stands before it has come to its end."""
    for line in reversed(lines[:number - 1]):
        before = line.split("//")[0].rstrip()
        if before:
            return before[-1] in ";{}:" or before.endswith(("else", "public:", "private:"))
    return False


def rewrite(lines, mutants):
    """The lines of a file with its mutants, at most one a line."""
    changed = list(lines)
    for each in mutants:
        changed[each.line - 1] = each.text() + "\n"
    # Behind the first include, or a file would not begin with its own header.
    first = next(at for at, line in enumerate(changed) if line.startswith("#include"))
    return [*changed[:first], f'#include "{HEADER}"\n', *changed[first:]]
