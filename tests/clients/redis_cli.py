#!/usr/bin/env python3
"""redis-cli in its modes: HOST PORT."""

import subprocess
import sys

from calls import call

CLI = ["redis-cli", "-h", sys.argv[1], "-p", sys.argv[2]]


def said(*words, given=""):
    """What it prints on both, without the blank lines and the end."""
    done = subprocess.run([*CLI, *words], input=given.encode(), capture_output=True, timeout=60)
    return (done.stdout + done.stderr).decode(errors="replace").strip()


def has(*parts):
    return lambda text: all(part in text for part in parts) and "ERR" not in text


def resp(*words):
    return f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)


def main():
    call("FLUSHALL", lambda: said("FLUSHALL"), "OK")
    call("one shot", lambda: said("SET", "k", "v"), "OK")
    call("GET", lambda: said("GET", "k"), "v")
    call("-x", lambda: said("-x", "SET", "x", given="from outside"), "OK")
    call("-X", lambda: said("-X", "tag", "SET", "y", "tag", given="y value"), "OK")
    call("what -x wrote", lambda: said("MGET", "x", "y"), "from outside\ny value")
    call("--no-raw", lambda: said("--no-raw", "INCR", "n"), "(integer) 1")
    call("--raw", lambda: said("--raw", "MGET", "k", "none"), "v")
    call("-3", lambda: said("-3", "--no-raw", "HGETALL", "none"), "(empty hash)")
    call("HSET", lambda: said("HSET", "h", "f", "v", "g", "w"), "2")
    call("SADD", lambda: said("SADD", "s", "a", "b"), "2")
    call("--csv", lambda: said("--csv", "HGETALL", "h"), '"f","v","g","w"')
    call("--json", lambda: said("--json", "HGETALL", "h"), '{"f":"v","g":"w"}')
    call("-r", lambda: said("-r", "3", "INCR", "n"), "2\n3\n4")
    call("-r -i", lambda: said("-r", "2", "-i", "0.01", "PING"), "PONG\nPONG")
    call("-n", lambda: said("-n", "3", "SET", "three", "1"), "OK")
    call("-n keeps apart", lambda: said("EXISTS", "three"), "0")
    call("-d", lambda: said("-d", ";", "MGET", "k", "x"), "v;from outside")
    call("commands on input", lambda: said(given="SET i 1\nGET i\n"), "OK\n1")
    call("a transaction on input", lambda: said(given="MULTI\nINCR i\nGET i\nEXEC\n"),
         "OK\nQUEUED\nQUEUED\n2\n2")
    call("--pipe", lambda: said("--pipe", given="".join(resp("SET", f"p{i}", "v")
                                                       for i in range(1000))),
         has("errors: 0, replies: 1000"))
    call("--pipe, inline", lambda: said("--pipe", given="SET a 1\r\nSET b 2\r\n"),
         has("errors: 0, replies: 2"))
    call("--scan", lambda: len(said("--scan").split("\n")), 1000 + 9)
    call("--scan --pattern", lambda: said("--scan", "--pattern", "p99?").count("\n"), 9)
    call("--bigkeys", lambda: said("--bigkeys"), has("Biggest string", "Biggest   hash"))
    call("--memkeys", lambda: said("--memkeys"), has("Biggest", "summary"))
    call("--latency", lambda: said("--raw", "--latency", "-i", "0.01"),
         lambda text: len(text.split()) == 4)
    call("--intrinsic-latency", lambda: said("--intrinsic-latency", "1"), has("Max latency"))
    call("INFO", lambda: said("INFO"), has("redis_version", "# Keyspace"))
    call("CLIENT LIST", lambda: said("CLIENT", "LIST"), has("addr="))
    call("COMMAND DOCS", lambda: said("COMMAND", "DOCS", "set"), has("arguments", "string"))
    call("ACL WHOAMI", lambda: said("ACL", "WHOAMI"), "default")
    call("-u", lambda: said("-u", f"redis://{sys.argv[1]}:{sys.argv[2]}/3", "GET", "three"), "1")
    call("--user --pass", lambda: said("--user", "default", "--pass", "x", "--no-auth-warning",
                                       "GET", "k"), "v")
    call("--eval", lambda: said("EVAL", "return 1", "0"), "1")
    call("RPUSH", lambda: said("RPUSH", "l", "a"), "1")
    call("PUBLISH", lambda: said("PUBLISH", "c", "m"), "0")


main()
