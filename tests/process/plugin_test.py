#!/usr/bin/env python3
"""`anabranch plugin`: a new project is written once; `check` says why a module is refused, finds the smallest conflict for each
kind of failure, and compares an author's cases; modules in rows decide in all regions. The modules are WebAssembly text, by wabt's wat2wasm."""

import json
import os
import re
import subprocess
import tempfile

from leaders import ANABRANCH, World, check, run, wait_until

MODULE = """(module
  (memory (export "memory") 1)
  (global $calls (mut i32) (i32.const 48))
  (func (export "alloc") (param $size i32) (result i32)
    (if (i32.lt_u (i32.shl (memory.size) (i32.const 16)) (i32.add (local.get $size) (i32.const 65536)))
      (then (drop (memory.grow (i32.add (i32.shr_u (local.get $size) (i32.const 16)) (i32.const 1))))))
    (i32.const 1024))
  %s
  (func (export "anabranch_resolve_1") (param $at i32) (param $size i32) (result i64)
    (if (i32.eq (i32.load8_u (i32.sub (i32.add (local.get $at) (local.get $size)) (i32.const 1)))
                (i32.const 122))
      (then %s))
    (i64.const -1)))"""


def compiled(folder, text):
    """Returns the file of a module in text."""
    path = os.path.join(folder, "module")
    with open(path + ".wat", "w") as out:
        out.write(text)
    subprocess.run(["wat2wasm", path + ".wat", "-o", path + ".wasm"], check=True)
    return path + ".wasm"


def module(folder, then, beside=""):
    """Returns the file of a module that does `then` where the last value ends in "z"; else it declines."""
    return compiled(folder, MODULE % (beside, then))


def projects(folder):
    def new(name):
        return subprocess.run([os.path.abspath(ANABRANCH), "plugin", "new", name], cwd=folder, capture_output=True,
                              text=True, timeout=20)
    check(new("my_rule").returncode == 0, "a new project")
    files = {os.path.join(base, name) for base, _, names in os.walk(os.path.join(folder, "my_rule")) for name in names}
    expected = {"my_rule.c", "cases.json", "Makefile", "README.md", "anabranch/guest/resolver.h"}
    check(files == {os.path.join(folder, "my_rule", name) for name in expected}, str(files))
    with open(os.path.join(folder, "my_rule/anabranch/guest/resolver.h")) as written:
        with open("include/anabranch/guest/resolver.h") as header:
            check(written.read() == header.read(), "the header of the repository")
    again = new("my_rule")
    check(again.returncode == 1 and again.stderr == "anabranch: my_rule is there already\n", str(again))
    for name in ("", "My", "a/b", "../a", "a b", "7"):
        refused = new(name)
        check(refused.returncode == 2 and not os.path.exists(os.path.join(folder, "My")), f"{name}: {refused}")


def refused(folder):
    done = run("plugin", "check", compiled(folder, '(module (import "env" "clock" (func)))'))
    check(done.returncode == 1 and done.stderr.endswith("is refused: it imports env.clock\n"), str(done))
    done = run("plugin", "check", os.path.join(folder, "absent"))
    check(done.returncode == 2 and "cannot read" in done.stderr, str(done))
    done = run("plugin", "check", "README.md")
    check(done.returncode == 1 and "is refused: it is malformed: bad magic value" in done.stderr, str(done))


def failures(folder):
    cases = [
        ("trap", "unreachable", ""),
        ("trap", "(i32.store (i32.const 0xfffffff0) (i32.const 1))", ""),
        ("trap", "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable", ""),
        ("out of stack", "(call $deeper)", "(func $deeper (call $deeper))"),
        ("out of fuel", "(loop $again (br $again))", ""),
        ("bad answer", "(return (i64.const 0xfffffff000000010))", ""),
        ("answer too large", "(drop (memory.grow (i32.const 40))) (return (i64.const 0x200000))", ""),
    ]
    for verdict, then, beside in cases:
        done = run("plugin", "check", module(folder, then, beside), "--tries", "300", timeout=60)
        check(done.returncode == 1 and "no answer for some conflicts" in done.stderr, f"{then}: {done}")
        check(re.search(rf"^{verdict}, the smallest: ", done.stdout, re.MULTILINE), f"{then}: {done.stdout}")
        lines = done.stdout.splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith(f"{verdict}, the smallest: "))
        found = json.loads(lines[at + 1])
        check(found["siblings"][-1]["value"].endswith("z"), f"{then}: {found}")


def good(folder):
    file = module(folder, "nop")
    done = run("plugin", "check", file)
    check(done.returncode == 0 and done.stderr == "", str(done))
    check(re.search(r"^declined +\d+$", done.stdout, re.MULTILINE), done.stdout)
    check(re.search(r"^the dearest: .* units of fuel, 0 %$", done.stdout, re.MULTILINE), done.stdout)
    check(run("plugin", "check", file).stdout == done.stdout, "one seed, one outcome")
    # State that lasts for one call only: '1' each time.
    counts = module(folder, "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))"
                            "(i32.store8 (i32.const 0) (global.get $calls)) (return (i64.const 1))")
    path = os.path.join(folder, "cases.json")
    with open(path, "w") as text:
        json.dump([{"siblings": ["a", "z"], "shows": "1"}] * 3 + [{"siblings": ["z", "a"], "shows": None}], text)
    done = run("plugin", "check", counts, "--cases", path)
    check(done.returncode == 0 and "4 cases are as they say" in done.stdout, str(done))
    check("warning: equal values show another value" in done.stdout, done.stdout)
    with open(path, "w") as text:
        json.dump([{"name": "twice", "siblings": ["a", "z"], "shows": "2"}], text)
    done = run("plugin", "check", counts, "--cases", path)
    check(done.returncode == 1 and 'case 1, twice: shows "1", not "2"' in done.stdout, str(done))


def wrong_cases(folder):
    file = module(folder, "nop")
    path = os.path.join(folder, "cases.json")
    for text, why in [("{", "is no JSON"), ("{}", "is no list of cases"), ("[7]", "case 1: it is no object"),
                      ('[{"siblings": ["a"]}]', "case 1: it has no list \"siblings\" of two or more"),
                      ('[{"siblings": ["a", "b"], "show": 1}]', 'case 1: "show" is no member of it'),
                      ('[{"siblings": ["a", {"hex": "0"}]}]', "case 1: a sibling has no pairs of hexadecimal digits"),
                      ('[{"siblings": ["a", 5]}]', 'case 1: a sibling is neither text nor {"hex": digits}')]:
        with open(path, "w") as out:
            out.write(text)
        done = run("plugin", "check", file, "--cases", path)
        check(done.returncode == 2 and done.stderr == f"anabranch: {path}: {why}\n", f"{text}: {done}")


def in_force(folder):
    """A module that eu adds decides in us, too."""
    text = MODULE.replace("(i64.const -1)))", "(i32.store8 (i32.const 0) (i32.const 120)) (i64.const 1)))")
    answer = compiled(folder, text % ("", "nop"))  # Shows "x".
    with World() as world:
        eu = world.start("eu")
        us = world.start("us", peers=[eu])
        wait_until("they are connected", lambda: eu.is_connected(us) and us.is_connected(eu))
        done = run("plugin", "add", answer, "--redis", eu.redis)
        check(done.returncode == 0 and re.fullmatch(r"[0-9a-f]{64}\n", done.stdout), str(done))
        name = done.stdout.strip()
        done = run("policy", "set", f"wasm1:{name}", "doc/", "--redis", eu.redis)
        check(done.returncode == 0, str(done))
        wait_until("us has it", lambda: us.applied() == eu.applied())
        listed = json.loads(run("plugin", "list", "--json", "--redis", us.redis).stdout)
        check([each["name"] for each in listed] == [name] and
              listed[0]["used_by"] == [{"database": 0, "prefix": "doc/"}], str(listed))
        check(run("peer", "pause", "us", "--redis", eu.redis).returncode == 0, "pause")
        eu.call("SET", "doc/1", "of eu")
        us.call("SET", "doc/1", "of us")
        check(run("peer", "resume", "us", "--redis", eu.redis).returncode == 0, "resume")
        for leader in (eu, us):
            wait_until("both show the answer", lambda of=leader: of.call("GET", "doc/1") == "x")
        refused = run("plugin", "remove", name, "--redis", us.redis)
        check(refused.returncode == 1 and "names the module" in refused.stderr, str(refused))
        check(run("policy", "remove", "doc/", "--redis", us.redis).returncode == 0, "policy remove")
        check(run("plugin", "remove", name, "--redis", us.redis).returncode == 0, "plugin remove")
        check(run("plugin", "list", "--redis", us.redis).stdout == "no plugins\n", "no plugins")
        names = set()
        for letter in "abcd":  # Of 0.6 MiB each: more than one page.
            large = "\n".join([f'(data (i32.const 2000) "{letter * 50_000}")'] * 12)
            done = run("plugin", "add", compiled(folder, MODULE % (large, "nop")), "--redis", us.redis)
            check(done.returncode == 0, str(done))
            names.add(done.stdout.strip())
        listed = json.loads(run("plugin", "list", "--json", "--redis", us.redis).stdout)
        check(len(listed) == 4 and {each["name"] for each in listed} == names, str(listed))
        refused = run("plugin", "add", "README.md", "--redis", us.redis)
        check(refused.returncode == 1 and "the module is refused: it is malformed" in refused.stderr, str(refused))


with tempfile.TemporaryDirectory() as temporary:
    projects(temporary)
    refused(temporary)
    failures(temporary)
    good(temporary)
    wrong_cases(temporary)
    in_force(temporary)
print("anabranch plugin does as it says")
