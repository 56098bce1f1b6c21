#!/usr/bin/env python3
"""The HTTP port of a server, from outside: every address; refusals; many connections and slow
readers; acting; figures beside those of `status --json`; a region that is killed is shown as away
within 3 s; metrics read by Debian's python3-prometheus-client."""

import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import time

from leaders import ANABRANCH, World, check, run, wait_until

HTTP = re.compile(r"ready: .*, http on http://(\S+)")
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


class Port:
    """The HTTP port of a leader."""

    def __init__(self, leader):
        self.leader = leader
        with open(leader.log_path, errors="replace") as log:
            self.address = HTTP.findall(log.read())[-1]
        self.host, port = self.address.rsplit(":", 1)
        self.port = int(port)

    def ask(self, method, path, body=None, timeout=60, **headers):
        """One request on a connection of its own: status, headers, text."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.request(method, path, body,
                               {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def json(self, path):
        status, headers, text = self.get(path)
        check(status == 200 and headers["Content-Type"] == "application/json", (path, status, text))
        return json.loads(text)

    def token(self):
        with open(os.path.join(self.leader.data, "http-token")) as file:
            return file.read().strip()

    def act(self, path, body, **headers):
        headers = {"Content_Type": "application/json", "Authorization": "Bearer " + self.token(),
                   **headers}
        return self.ask("POST", path, json.dumps(body), **headers)

    def connect(self):
        return socket.create_connection((self.host, self.port), 60)


def log_of(leader):
    with open(leader.log_path, errors="replace") as log:
        return log.read()


def every_address(port):
    for path in ("/status", "/history", "/losers?limit=5"):
        port.json(path)
    for path in ("/healthz", "/readyz"):
        status, _, text = port.get(path)
        check((status, text) == (200, "ok\n"), (path, status, text))
    status, headers, text = port.get("/")
    check(status == 200 and headers["Content-Type"].startswith("text/html"), headers)
    check("default-src 'self'" in headers["Content-Security-Policy"], headers)
    check(headers["Cache-Control"] == "no-cache" and "<html" in text, text)
    status, _, text = port.get("/", If_None_Match=headers["ETag"])
    check((status, text) == (304, ""), status)
    for name in re.findall(r'(?:src|href)="/?([\w.-]+\.(?:js|css))"', text):
        check(port.get("/" + name)[0] == 200, name)


def refusals(port):
    gets = ("/", "/status", "/events", "/history", "/losers", "/metrics", "/healthz", "/readyz")
    posts = ("/put-back", "/pause", "/resume")
    for path in gets:
        for method in ("POST", "PUT", "DELETE"):
            check(port.ask(method, path, "{}")[0] in (403, 405), (method, path))
        check(port.get(path, Host="evil.example")[0] == 403, path)
        check("Access-Control-Allow-Origin" not in port.get("/healthz", Origin="http://x")[1], path)
    for path in posts:
        check(port.get(path)[0] == 405, path)
        field = {"id": "1.1"} if path == "/put-back" else {"peer": "us"}
        check(port.act(path, field, Authorization="Bearer " + "0" * 64)[0] == 401, path)
        check(port.act(path, field, Host="evil.example")[0] == 403, path)
        check(port.act(path, field, Origin="http://evil.example")[0] == 403, path)
        check(port.act(path, field, Content_Type="text/plain")[0] == 415, path)
        check(port.act(path, {"other": 1})[0] == 400, path)
    for path in ("/nothing", "/../http-token", "/http-token", "/data.mdb",
                 "/%2e%2e/data.mdb"):
        check(port.get(path)[0] in (403, 404), path)
    check(port.get("/losers?limit=1001")[0] == 400, "a limit")
    check(port.act("/pause", {"peer": "x" * 20000})[0] == 413, "a long body")
    check("HTTP: refused a request of 127.0.0.1" in log_of(port.leader), "a line in the log")
    check(port.json("/status")["http"]["refused"] > 10, "counted")
    mode = stat.S_IMODE(os.stat(os.path.join(port.leader.data, "http-token")).st_mode)
    check(mode == 0o600, oct(mode))


def broken_requests(port):
    for text in (b"\r\n\r\n", b"GET\r\n\r\n", b"\x00" * 64, b"GET / HTTP/1.1\r\nHost: a",
                 b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
                 b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
                 b"POST /pause HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
                 b"POST /pause HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n"):
        with port.connect() as client:
            try:
                client.sendall(text)
            except OSError:
                pass  # It has closed the connection, as it may.
        check(port.get("/healthz")[0] == 200, text[:40])


def many_connections(port):
    """300 connections: those that came first give way, the rest are served; then all is as before."""
    clients = [port.connect() for _ in range(300)]
    for client in clients:
        try:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        except OSError:
            pass
    answers = 0
    for client in clients:
        try:
            answers += client.recv(4096).startswith(b"HTTP/1.1 200")
        except ConnectionError:
            pass
    check(200 <= answers <= 256, answers)
    check(port.leader.status()["http"]["connections"] <= 256, "bounded")
    for client in clients:
        client.close()
    wait_until("they are gone", lambda: port.leader.status()["http"]["connections"] < 3)
    check(port.get("/healthz")[0] == 200, "served again")


def held_connections(port):
    """Health is told beside any number of connections that do whatever they like."""
    line = b"%s HTTP/1.1\r\nHost: localhost\r\n"
    upgrade = (b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
               b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n")
    for name, text in (("silent", b""), ("half a request", line % b"GET /healthz"),
                       ("half a body", line % b"POST /pause" + b"Content-Length: 99\r\n\r\nx"),
                       ("streams", line % b"GET /events" + b"\r\n"),
                       ("WebSockets", line % b"GET /events" + upgrade + b"\r\n"),
                       ("unread", line % b"GET /" + b"\r\n"),
                       ("tunnels", line % b"CONNECT a:1" + b"\r\n")):
        with contextlib.ExitStack() as clients:
            for _ in range(400):
                client = clients.enter_context(port.connect())
                with contextlib.suppress(OSError):
                    client.sendall(text)
            for _ in range(3):
                begun = time.monotonic()
                check(port.ask("GET", "/healthz", timeout=10)[0] == 200, name)
                print(f"health beside 400 {name}: {time.monotonic() - begun:.3f} s")
        wait_until("they are gone", lambda: port.leader.status()["http"]["connections"] < 3)


def a_body_in_small_parts(port):
    begun = time.monotonic()
    with port.connect() as client, contextlib.suppress(OSError):
        client.sendall(b"POST /pause HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n")
        while time.monotonic() - begun < 50:
            client.sendall(b"x")
            time.sleep(0.1)
    check(time.monotonic() - begun < 50, "a request has 5 s to be whole")


class Stream:
    """A stream of events."""

    def __init__(self, port):
        self.socket = port.connect()
        self.socket.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.file = self.socket.makefile("rb")
        while self.file.readline() not in (b"\r\n", b""):
            pass

    def next(self):
        """The status of the next event."""
        check(self.file.readline() == b"event: status\n", "an event of the status")
        data = self.file.readline()
        check(data.startswith(b"data: {") and self.file.readline() == b"\n", data[:40])
        return json.loads(data[6:])

    def close(self):
        self.file.close()
        self.socket.close()


def streams(port):
    """Ten streams get the same; one that does not read holds nobody up, and is not left behind."""
    slow = Stream(port)
    others = [Stream(port) for _ in range(10)]
    for _ in range(3):
        told = [each.next()["digest"] for each in others]
    check(len(told) == 10, told)
    port.leader.call("SET", "told", "now")
    digest = port.leader.status()["digest"]
    wait_until("a stream tells it", lambda: others[0].next()["digest"] == digest)
    wait_until("so does a slow one", lambda: slow.next()["digest"] == digest)
    check(port.json("/status")["http"]["streams"] == 11, "figures")
    for each in [slow, *others]:
        each.close()
    wait_until("they are gone", lambda: port.leader.status()["http"]["streams"] == 0)


# Figures that are not of the state: they go on by themselves.
MOVING = ("http", "clients", "commands", "lookups", "log_age_ms", "statistics", "presence",
          "memory_bytes", "disk_free_bytes", "cards")


def still(status):
    status = {name: value for name, value in status.items() if name not in MOVING}
    for peer in status["peers"]:
        for name in ("lag_ms", "clock_ahead_ms", "round_trip_ms", "equal_ago_ms"):
            peer.pop(name)
    for region in status["regions"]:
        region.pop("pinned_ms")
    for member in status["members"]:
        member.pop("age_ms")
    return status


def same_figures(port):
    def agree():
        shown = json.loads(run("status", "--json", "--data", port.leader.data).stdout)
        return still(port.json("/status")) == still(shown)
    wait_until("both tell the same", agree)
    shown = run("status", "--data", port.leader.data).stdout
    check(re.search(r"^http\s+.*requests", shown, re.MULTILINE), shown)
    for number in range(50):
        port.leader.call("SET", f"k{number}", "v")
        port.leader.call("GET", f"k{number}")

    def has(name):
        return sum(filter(None, port.json("/history")[name])) > 0
    wait_until("the history has writes and reads", lambda: has("writes") and has("reads"))


PARSE = """
import json, sys
from prometheus_client.parser import text_string_to_metric_families
print(json.dumps([[family.name, family.type, sample.name, sample.labels, sample.value]
                  for family in text_string_to_metric_families(sys.stdin.read())
                  for sample in family.samples]))
"""


def parsed_metrics(port):
    """The samples, as Debian's parser reads them."""
    status, headers, text = port.get("/metrics")
    kind = headers["Content-Type"]
    check(status == 200 and kind.startswith("text/plain; version=0.0.4"), kind)
    done = subprocess.run(["/usr/bin/python3", "-c", PARSE], input=text, capture_output=True,
                          text=True, timeout=60)
    check(done.returncode == 0, f"cmake/packages.sh test installs its parser: {done.stderr}")
    return json.loads(done.stdout)


def metrics(port):
    samples = parsed_metrics(port)
    status = port.leader.status()
    names = {sample[2] for sample in samples}
    check(len(names) > 80, names)
    check(all(kind in ("counter", "gauge") for _, kind, *_ in samples), samples)
    check(all(sample[3]["region"] == status["region"] for sample in samples), samples)
    value = lambda name, **labels: [each[4] for each in samples if each[2] == name and
                                    labels.items() <= each[3].items()]
    check(value("anabranch_rows") == [status["rows"]], "rows")
    check(value("anabranch_writable") == [1], "writable")
    check(value("anabranch_peer_connected", peer="us") == [1], samples)
    check(value("anabranch_redis_clients")[0] >= 1, "clients")
    return names


def acting(port, us):
    check(port.act("/pause", {"peer": "us"})[0] == 200, "pause")
    check(port.leader.status()["peers"][0]["paused"], "paused")
    log = log_of(port.leader)
    check("eu: HTTP: pause us, by 127.0.0.1" in log, log[-2000:])
    port.leader.call("SET", "title", "of eu")
    us.call("SET", "title", "of us")
    check(port.act("/resume", {"peer": "us"})[0] == 200, "resume")
    wait_until("both agree", lambda: port.leader.digest() == us.digest())
    wait_until("a loser is told", lambda: port.json("/losers?limit=1")["losers"])
    loser = port.json("/losers?limit=1")["losers"][0]
    listed = json.loads(run("conflicts", "list", "--json", "--data", port.leader.data).stdout)
    check(loser in (listed["losers"] if isinstance(listed, dict) else listed), listed)
    status, _, text = port.act("/put-back", {"id": loser["id"]})
    check(status == 200, text)
    check(port.leader.call("GET", "title") == loser["value"], loser)
    status, _, text = port.act("/pause", {"peer": "nobody\n"})
    check(status == 400 and "nobody" in json.loads(text)["error"], text)


def killed(port, us):
    """A region that is killed is away within 3 s, on a stream as well."""
    stream = Stream(port)
    check(stream.next()["peers"][0]["connected"], "connected")
    us.kill()
    killed_at = time.monotonic()
    while stream.next()["peers"][0]["connected"]:
        pass
    took = time.monotonic() - killed_at
    check(took < 3, f"{took:.1f} s")
    check(not port.json("/status")["peers"][0]["connected"], "and in the status")
    check(port.get("/healthz")[0] == 200 and port.get("/readyz")[0] == 200, "eu is well")
    stream.close()


def stopped(port):
    check(port.leader.stop() == 0, "a clean end, with the port")


def settings(world):
    for words, part in ((("--http", "0.0.0.0:0"), "is refused without TLS"),
                        (("--http", "127.0.0.1:0", "--no-control"), "control socket"),
                        (("--http", "127.0.0.1:0", "--http-ready-lag-ms", "x"), "ready")):
        done = run("serve", "--region", "xx", "--data", os.path.join(world.folder, "xx"),
                   "--redis", "127.0.0.1:0", *words)
        check(done.returncode == 78 and part in done.stderr, done)
    path = os.path.join(world.folder, "http.sock")
    leader = world.start("path", flags=["--http", "unix:" + path])
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: any\r\n\r\n")
        check(client.recv(4096).startswith(b"HTTP/1.1 200"), "served")
    check(stat.S_IMODE(os.stat(path).st_mode) == 0o600, "private")
    check(leader.stop() == 0 and not os.path.exists(path), "gone")


def documents(world):
    """Those that a package has put beside the program are served; without them it is named."""
    prefix = os.path.join(world.folder, "prefix")
    program = os.path.join(prefix, "bin", "anabranch")
    site = os.path.join(prefix, "share/doc/anabranch-doc/html")
    os.makedirs(os.path.dirname(program))
    shutil.copy(ANABRANCH, program)
    port = Port(world.start("documents", flags=["--http", "127.0.0.1:0"], program=program))
    status, _, text = port.get("/docs/")
    check(status == 404 and "the package anabranch-doc has them" in text, (status, text))
    os.makedirs(os.path.join(site, "operations"))
    for name in ("index.html", "operations/alarms.html"):
        with open(os.path.join(site, name), "w") as file:
            file.write(f"<h1>{name}</h1>")
    status, headers, text = port.get("/docs/operations/alarms.html")
    check(status == 200 and text == "<h1>operations/alarms.html</h1>", (status, text))
    check("default-src 'self'" in headers["Content-Security-Policy"], headers)
    status, headers, _ = port.get("/docs")
    check((status, headers["Location"]) == (301, "docs/"), (status, headers))
    up = "%2e%2e/" * 4
    for path in ("/docs/../../../../bin/anabranch", f"/docs/{up}bin/anabranch"):
        check(port.get(path)[0] in (403, 404), path)
    check(port.ask("POST", "/docs/", "{}")[0] in (403, 405), "they are read")


def main():
    with World() as world:
        eu = world.start("eu", flags=["--http", "127.0.0.1:0"])
        us = world.start("us", peers=[eu])
        wait_until("they are connected", lambda: eu.is_connected(us))
        port = Port(eu)
        every_address(port)
        refusals(port)
        broken_requests(port)
        same_figures(port)
        streams(port)
        many_connections(port)
        held_connections(port)
        a_body_in_small_parts(port)
        metrics(port)
        acting(port, us)
        killed(port, us)
        stopped(port)
        settings(world)
        documents(world)


if __name__ == "__main__":
    main()
