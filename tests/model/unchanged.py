#!/usr/bin/env python3
"""Runs a program of this folder, unless it has passed before with the same files.

    unchanged.py FOLDER_OF_STAMPS PROGRAM ARGUMENT...

The programs draw from fixed seeds and read nothing but the files of this folder, so their result
depends on these, the arguments, and Python. With ANABRANCH_TEST_ALL set, as by `tests/run.sh --ci`
and `--long`, the program runs in any case.
"""
import hashlib
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def state(arguments):
    """A digest of all that the result depends on."""
    digest = hashlib.sha256(repr((sys.version, arguments)).encode())
    for file in sorted(HERE.rglob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def main():
    stamps, program, *arguments = sys.argv[1:]
    name = "_".join([program, *arguments]).replace("/", "_")
    stamp = pathlib.Path(stamps, f"{name}.passed")
    now = state([program, *arguments])
    if not os.environ.get("ANABRANCH_TEST_ALL") and stamp.exists() and stamp.read_text() == now:
        print(f"{program} has passed before with the same files")
        return 0
    status = subprocess.run([sys.executable, HERE / program, *arguments]).returncode
    if status == 0:
        stamp.write_text(now)
    return status


if __name__ == "__main__":
    sys.exit(main())
