"""The board of the examples as processes: three regions behind the example's relay.

    with Boards() as boards:
        page = boards.page("Frankfurt", "Ada")
        page.type(0, "Hello")
        boards.link("cut", "Frankfurt", "Virginia")
"""

import http.client
import json
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import uuid

from leaders import BUILD, check, wait_until

BOARD = os.path.join(BUILD, "examples", "board", "board")
RELAY = os.path.join(BUILD, "examples", "relay", "relay")
REGIONS = ["Frankfurt", "Virginia", "Sydney"]
LINKS = [("Frankfurt", "Virginia"), ("Frankfurt", "Sydney"), ("Virginia", "Sydney")]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


def new_id(letter="r"):
    return f"{letter}-{uuid.uuid4()}"


class Region:
    """One process, and requests to it."""

    def __init__(self, boards, name):
        self.boards = boards
        self.name = name
        self.port = free_port()
        self.listen = free_port()
        self.process = None

    def command(self):
        words = [BOARD, "--region", self.name, "--data", os.path.join(self.boards.folder, self.name),
                 "--http", f"127.0.0.1:{self.port}", "--listen", f"tcp://127.0.0.1:{self.listen}",
                 "--relay", str(self.boards.commands)]
        for (one, other), port in self.boards.ports.items():
            if one == self.name:
                words += ["--peer", f"tcp://127.0.0.1:{port}"]
        for other in self.boards.regions.values():
            words += ["--page", f"{other.name}=http://127.0.0.1:{other.port}"]
        return words + (["--welcome"] if self.name == REGIONS[0] else [])

    def start(self):
        path = os.path.join(self.boards.folder, self.name + ".log")
        with open(path, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log)
        wait_until(f"{self.name} serves", lambda: self.ask("GET", "/api/board")[0] == 200)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ask(self, method, path, body=None, headers=None, raw=None):
        """The status and the JSON of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            data = raw if raw is not None else None if body is None else json.dumps(body)
            every = {"Content-Type": "application/json"} if data is not None else {}
            connection.request(method, path, data, {**every, **(headers or {})})
            answer = connection.getresponse()
            text = answer.read()
            self.headers = answer.headers
            is_json = answer.headers.get("Content-Type") == "application/json"
            return answer.status, json.loads(text) if is_json and text else text
        finally:
            connection.close()

    def state(self, doc="canoe-trip"):
        status, state = self.ask("GET", f"/api/docs/{doc}")
        return state if status == 200 else None


class Page:
    """An open page: it keeps the text by the deltas alone, as a browser does."""

    def __init__(self, region, name, doc="canoe-trip"):
        self.region = region
        self.name = name
        self.doc = doc
        self.page = new_id("p")
        self.text = ""
        self.epoch = None
        self.v = 0
        self.newest = {}   # {event: data}
        self.counts = {}   # {event: how many came}
        self.requests = []  # Of own deltas, in their order.
        self.error = None
        self.lock = threading.Condition()
        self.connection = None
        self.open()

    def open(self, after=None):
        self.close()
        path = f"/api/events?doc={self.doc}&page={self.page}&name={self.name}"
        if after:
            path += f"&after={after}"
        self.counts = {}
        self.connection = socket.create_connection(("127.0.0.1", self.region.port), timeout=30)
        self.connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        threading.Thread(target=self.listen, args=[self.connection], daemon=True).start()
        wait_until("the stream begins", lambda: self.counts.get("text") or self.counts.get("resumed"))

    def close(self):
        if self.connection:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.connection.close()
            self.connection = None

    def listen(self, connection):
        try:
            event = data = None
            for line in connection.makefile("r", encoding="utf-8", newline="\n"):
                line = line.rstrip("\n")
                if line.startswith("event: "):
                    event = line[7:]
                elif line.startswith("data: "):
                    data = json.loads(line[6:])
                elif not line and event:
                    with self.lock:
                        self.take(event, data)
                    event = None
        except OSError:
            pass
        except Exception as error:   # Told by check().
            self.error = error

    def take(self, event, data):
        if event in ("text", "resumed"):
            self.text = data.get("text", self.text)
            self.epoch, self.v = data["epoch"], data["v"]
        if event == "delta":
            check(data["v"] == self.v + 1, f"a gap before {data['v']}: {self.v}")
            self.v = data["v"]
            units = self.text.encode("utf-16-le")
            for each in data["deltas"]:
                at, end = 2 * each["at"], 2 * (each["at"] + each["erase"])
                units = units[:at] + each["insert"].encode("utf-16-le") + units[end:]
            self.text = units.decode("utf-16-le")
            if data.get("page") == self.page:
                self.requests.append(data["request"])
        self.newest[event] = data
        self.counts[event] = self.counts.get(event, 0) + 1

    def post(self, what, request=None, **body):
        return self.region.ask("POST", f"/api/docs/{self.doc}/{what}",
                               {"page": self.page, "name": self.name,
                                "request": request or new_id(), **body})

    def done(self, what, **body):
        status, answer = self.post(what, **body)
        check(status == 200, f"{what}: {status} {answer}")
        return answer

    def version(self):
        with self.lock:
            return {"epoch": self.epoch, "v": self.v}

    def type(self, at, text, erase=0, **more):
        return self.done("text", **{**self.version(), **more},
                         edits=[{"at": at, "erase": erase, "insert": text}])

    def sees(self, event):
        return self.newest.get(event)


class Boards:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="anabranch-board-")
        self.regions = {}
        self.pages = []
        for name in REGIONS:
            self.regions[name] = Region(self, name)
        self.ports = {link: free_port() for link in LINKS}
        self.commands = 0
        self.relay = None

    def __enter__(self):
        words = [RELAY, "--commands", "0"]
        for (one, other), port in self.ports.items():
            words += [one, other, str(port), str(self.regions[other].listen)]
        self.relay = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        self.commands = int(re.search(r"commands on (\d+)", self.relay.stdout.readline()).group(1))
        for region in self.regions.values():
            region.start()
        for region in self.regions.values():
            wait_until(f"{region.name} has the document", lambda one=region: one.state())
        return self

    def __exit__(self, kind, *_):
        if kind:
            for name in REGIONS:
                with open(os.path.join(self.folder, name + ".log"), encoding="utf-8") as log:
                    print(log.read()[-2000:])
        for page in self.pages:
            page.close()
        for each in [self.relay, *(one.process for one in self.regions.values())]:
            if each and each.poll() is None:
                each.kill()
                each.wait()
        shutil.rmtree(self.folder)

    def __getitem__(self, name):
        return self.regions[name]

    def page(self, region, name, doc="canoe-trip"):
        page = Page(self.regions[region], name, doc)
        self.pages.append(page)
        return page

    def link(self, do, one, other, by="Frankfurt"):
        status, answer = self.regions[by].ask("POST", "/api/links", {"between": [one, other], "do": do})
        check(status == 200, answer)
        return {tuple(each["between"]): each["state"] for each in answer["links"]}

    def cut_all(self):
        for one, other in LINKS:
            self.link("cut", one, other)

    def heal_all(self):
        for one, other in LINKS:
            self.link("heal", one, other)

    def equal(self):
        """Whether all regions show the same, and all pages show what their region does."""
        states = [region.state() for region in self.regions.values()]
        def without_age(card):
            title = {key: value for key, value in card["title"].items() if key != "also"}
            return {**card, "title": title}
        same = all(state["text"] == states[0]["text"]
                   and without_age(state["card"]) == without_age(states[0]["card"])
                   for state in states)
        shown = {region.name: state["text"]
                 for region, state in zip(self.regions.values(), states)}
        return same and all(page.text == shown[page.region.name]
                            for page in self.pages if page.connection)

    def become_equal(self):
        wait_until("all regions are equal", self.equal)
        for page in self.pages:
            check(page.error is None, f"{page.name}: {page.error!r}")
