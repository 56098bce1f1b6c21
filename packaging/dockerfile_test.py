#!/usr/bin/env python3
"""The names in the Dockerfile are names in the tree: files, options, presets, components, packages of
Debian, flags and variables of the program, its user and its directory. No image is built."""

import json
import os
import re
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
BUILD = os.environ.get("ANABRANCH_TEST_BUILD", os.path.join(ROOT, "build", "release"))
SERVER = os.path.join(BUILD, "server", "anabranch")


def check(condition, message):
    if not condition:
        raise SystemExit(f"dockerfile_test.py: {message}")


def read(*path):
    with open(os.path.join(ROOT, *path)) as file:
        return file.read()


def stages(text):
    """The instructions of each stage, as (name, words)."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    found = []
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if not line.strip():
            continue
        name, rest = line.split(None, 1)
        if name == "FROM":
            found.append([])
        found[-1].append((name, rest))
    return found


def commands(stage):
    return [part.split() for name, rest in stage if name == "RUN" for part in rest.split("&&")]


def copies(stage):
    for name, rest in stage:
        words = rest.split()
        if name != "COPY":
            continue
        for source in words[:-1]:
            if not words[0].startswith("--from="):
                check(os.path.exists(os.path.join(ROOT, source)), f"COPY {source}: no such file")


def packages(stage):
    """The packages of Debian that a stage installs."""
    for words in commands(stage):
        if "install" in words and words[0] == "apt-get":
            yield from (word for word in words[words.index("install") + 1:]
                        if not word.startswith("-") and "/" not in word)


def check_packages(names):
    """With the lists of apt, each package must be there; without them nobody can tell."""
    def known(name):
        done = subprocess.run(["apt-cache", "show", "--no-all-versions", name], capture_output=True,
                              text=True, timeout=60)
        return done.returncode == 0 and f"Package: {name}\n" in done.stdout
    if shutil.which("apt-cache") is None or not known("libc6") or not known("openssl"):
        print("the lists of apt are not here: packages were not looked up")
        return
    for name in names:
        check(known(name), f"there is no package {name}")


def check_build(stage):
    preset = {each["name"] for each in json.loads(read("CMakePresets.json"))["configurePresets"]}
    options = set(re.findall(r"^option\((\w+)", read("CMakeLists.txt"), re.MULTILINE))
    components = re.search(r"CPACK_COMPONENTS_ALL ([\w ]+)\)", read("packaging", "CMakeLists.txt"))[1]
    ran = set()
    for words in commands(stage):
        ran.add(words[0])
        for at, word in enumerate(words):
            if word == "--preset":
                check(words[at + 1] in preset, f"there is no preset {words[at + 1]}")
            if word.startswith("-DANABRANCH"):
                check(word[2:].split("=")[0] in options, f"there is no option {word}")
            if word.startswith("CPACK_COMPONENTS_ALL="):
                check(word.split("=")[1] in components.split(), f"there is no component {word}")
        if words[0] == "cmake/packages.sh":
            check(re.search(rf"1:{words[1]}\)", read("cmake", "packages.sh")), words)
    arguments = [rest.split("=")[0] for name, rest in stage if name == "ARG"]
    check(arguments == ["ANABRANCH_COMMIT"], arguments)
    told = subprocess.run([os.path.join(ROOT, "cmake", "commit.sh")], capture_output=True, text=True,
                          env={**os.environ, arguments[0]: "told"}, timeout=60)
    check(told.stdout == "told\n", f"commit.sh does not ask {arguments[0]}: {told}")
    check({"cmake", "cpack", "cmake/packages.sh"} <= ran, f"only {ran} were run")


def check_image(stage, text):
    said = dict(stage)
    check(f'u {said["USER"]} ' in read("packaging", "sysusers.conf"), said)
    check(f'd {said["VOLUME"]} ' in read("packaging", "tmpfiles.conf"), said)
    program, command = json.loads(said["ENTRYPOINT"])
    check(program == "anabranch", program)
    done = subprocess.run([SERVER, command, "--help"], capture_output=True, text=True, timeout=60)
    check(done.returncode == 0, f"{SERVER} {command} --help: {done.stderr}")
    for flag in re.findall(r" (--[a-z-]+) ", text.split("docker run", 1)[1].split("FROM", 1)[0]):
        check(flag in done.stdout or flag == "--network", f"serve has no flag {flag}")
    variable, value = said["ENV"].split("=")
    manual = subprocess.run([SERVER, "config", "new"], capture_output=True, text=True, timeout=60)
    words = " ".join(manual.stdout.replace("#", " ").split())
    check(f"variable {variable}." in words, f"there is no variable {variable}")
    check(value.startswith(said["VOLUME"] + "/"), f"the data would not be in the volume: {value}")
    from_build = next(rest for name, rest in stage if name == "COPY")
    check(from_build.startswith("--from=build "), from_build)


def main():
    text = read("packaging", "Dockerfile")
    build, image = stages(text)
    for stage in (build, image):
        copies(stage)
    check_build(build)
    check_image(image, text)
    check_packages([*packages(build), *packages(image)])
    ignored = read(".dockerignore").split()
    check("build" in ignored and ".git" in ignored, f".dockerignore has {ignored}")


if __name__ == "__main__":
    main()
