#!/usr/bin/env python3
"""After its story, three_regions.sh stays up, says how to connect, and Ctrl-C ends it cleanly: all
processes and the data are gone."""

import os
import re
import signal
import subprocess
import urllib.request

from leaders import check
from resp import Client


def main():
    # A terminal's Ctrl-C goes to the whole process group, here one of its own.
    story = subprocess.Popen(["examples/three_regions.sh"], stdout=subprocess.PIPE, text=True,
                             start_new_session=True,
                             preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    told = ""
    while "Ctrl-C stops them.\n" not in told:
        line = story.stdout.readline()
        check(line != "", f"the story ended by itself:\n{told}")
        told += line
    folder = re.search(r"data in (\S+)\)", told).group(1)
    ports = re.findall(r"^  redis-cli -p (\d+) ", told, re.MULTILINE)
    check(len(ports) == 2, f"two servers to connect to: {ports}")
    for port in ports:
        with Client(f"127.0.0.1:{port}") as client:
            check(client.call("GET", "trip/name") == "Danube", "they are up")
    pages = re.findall(r"^  (http://127\.0\.0\.1:\d+)/?   the dashboard of", told, re.MULTILINE)
    check(len(pages) == 3, f"three dashboards: {pages}")
    for page in pages:
        with urllib.request.urlopen(page, timeout=10) as answer:
            check("Anabranch" in answer.read().decode(), page)
    os.killpg(story.pid, signal.SIGINT)
    code = story.wait(15)
    check(code == 0, f"Ctrl-C ended it with {code}: {story.stdout.read()}")
    check(not os.path.exists(folder), "its data is left over")
    for port in ports:
        try:
            Client(f"127.0.0.1:{port}").close()
            check(False, "a server is left over")
        except ConnectionRefusedError:
            pass


if __name__ == "__main__":
    main()
