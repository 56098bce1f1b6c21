"""Counts, by callgrind, the instructions that a program executes between two marks, and its calls
of functions that allocate memory. All threads are counted together.

    counter = Counter(folder, "name", clock, mark="a_function")
    process = subprocess.Popen(counter.command(["program", "argument"]))
    ...                     # The program calls a_function() for the first time.
    counter.next()          # The cost up to that call.
    ...                     # The program calls a_function() once more.
    cost = counter.next()   # The cost between the two calls.

The counts of callgrind do not depend on the speed of the machine or on other processes. The
preloaded clock (cost/clock.cc) ensures that a slow program executes the same instructions. valgrind
presents each processor with AVX2 as the same one (a Haswell), so libraries choose the same
functions everywhere.
"""

import os
import re
from typing import NamedTuple

# The first occurrence of a name in a file is spelled out, later ones are numbers.
FUNCTION = re.compile(r"(c?fn)=\((\d+)\)(?: (.*))?")
ALLOCATES = re.compile(r"(malloc|calloc|realloc|aligned_alloc|posix_memalign|memalign"
                       r"|operator new(\[\])?\(.*\))('\d+)?$")


class Cost(NamedTuple):
    instructions: float
    allocations: float

    def each_of(self, times):
        return Cost(self.instructions / times, self.allocations / times)


def read_dump(path):
    """Returns the cost in a file of callgrind. An allocator that calls another one (operator new
    calls malloc) counts as one allocation."""
    names, instructions, allocations = {}, 0, 0
    caller_allocates = callee_allocates = False
    with open(path, errors="replace") as file:
        for line in file:
            found = FUNCTION.match(line)
            if found:
                kind, number, name = found.groups()
                if name is not None:
                    names[number] = ALLOCATES.match(name) is not None
                if kind == "fn":
                    caller_allocates = names[number]
                else:
                    callee_allocates = names[number]
            elif line.startswith("calls=") and callee_allocates and not caller_allocates:
                allocations += int(line[len("calls="):].split()[0])
            elif line.startswith("totals:"):
                instructions = int(line.split()[1])
    return Cost(instructions, allocations)


def read_functions(path):
    """Returns {function: instructions} of a file of callgrind, without those of the functions that it
    calls."""
    names, functions = {}, {}
    function, is_of_callee = None, False
    with open(path, errors="replace") as file:
        for line in file:
            found = FUNCTION.match(line)
            if found:
                kind, number, name = found.groups()
                if name is not None:
                    names[number] = name
                if kind == "fn":
                    function = names[number]
            elif line.startswith("calls="):
                is_of_callee = True
            elif line[:1] in "+-*0123456789" and function is not None:
                if not is_of_callee:
                    functions[function] = functions.get(function, 0) + int(line.split()[1])
                is_of_callee = False
    return functions


class Counter:
    def __init__(self, folder, name, clock, mark):
        """`mark` is a function of the program, by its name or by a pattern."""
        self.path = os.path.join(folder, name + ".callgrind")
        self.clock, self.mark = clock, mark
        self.read = 0

    def command(self, words):
        return ["env", "LD_PRELOAD=" + self.clock, "valgrind", "--tool=callgrind",
                "--dump-before=" + self.mark, "--callgrind-out-file=" + self.path, *words]

    def next(self, name=None):
        """Returns the cost between the next two marks not returned yet, or up to the first mark.
        With a name, renames callgrind's file to it."""
        self.read += 1
        dump = f"{self.path}.{self.read}"
        if not os.path.exists(dump):
            raise SystemExit(f"{dump} is missing: {self.mark} was not called")
        if name is not None:
            dump = os.rename(dump, f"{self.path}.{name}") or f"{self.path}.{name}"
        return read_dump(dump)
