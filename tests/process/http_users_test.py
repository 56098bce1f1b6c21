#!/usr/bin/env python3
"""The HTTP port with users and certificates, from outside: the rights of each user at each address;
strangers, wrong passwords, pages of other sites; users that go, certificates that are renewed; what
may not be listened on; names and addresses of this machine."""

import base64
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import time

from certificates import Root, own_address
from leaders import Leader, World, check, run, skip, wait_until
from resp import Client

HTTP = re.compile(r"ready: .*, http on (https?)://(\S+)")
PASSWORD = "a-long-password"
USERS = f"""user default off
user none on >{PASSWORD}
user reader on >{PASSWORD} +@anabranch-read
user looker on >{PASSWORD} ~* +@anabranch-read
user pauser on >{PASSWORD} +anabranch|peer|pause
user actor on >{PASSWORD} ~* +@anabranch-act
user all on >{PASSWORD} ~* &* +@all
user off off >{PASSWORD} ~* &* +@all
user open on nopass ~* &* +@all
"""
STATUS = ("/", "/dashboard.js", "/status", "/history", "/metrics", "/events", "/nothing")
# What each user may do. CONFLICTS LIST and PUTBACK are for users who may read all keys.
MAY = {
    "none": (),
    "reader": STATUS,
    "looker": (*STATUS, "/losers"),
    "pauser": ("/pause",),
    "actor": ("/pause", "/resume", "/put-back"),
    "all": (*STATUS, "/losers", "/pause", "/resume", "/put-back"),
}
ACTS = {"/pause": {"peer": "us"}, "/resume": {"peer": "us"}, "/put-back": {"id": "1.1"}}


def basic(user, password=PASSWORD):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def log_of(leader):
    with open(leader.log_path, errors="replace") as log:
        return log.read()


class Port:
    """The HTTP port of a leader, for clients that trust a root; without one they speak no TLS."""

    def __init__(self, leader, root=None, host=None):
        self.leader = leader
        scheme, address = HTTP.findall(log_of(leader))[-1]
        check(scheme == ("https" if root else "http"), scheme)
        self.host, port = address.rsplit(":", 1)
        self.host = host or self.host
        self.port = int(port)
        self.root = root

    def context(self):
        return ssl.create_default_context(cafile=self.root)

    def connect(self):
        client = socket.create_connection((self.host, self.port), 30)
        if not self.root:
            return client
        return self.context().wrap_socket(client, server_hostname=self.host)

    def ask(self, method, path, body=None, user=None, password=PASSWORD, **headers):
        """One request on a connection of its own: status, headers, text. Of a stream the head."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        connection.sock = self.connect()
        if user is not None:
            headers["Authorization"] = basic(user, password)
        try:
            connection.request(method, path, body,
                               {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            stream = answer.headers["Content-Type"] == "text/event-stream"
            return answer.status, answer.headers, "" if stream else answer.read().decode()
        finally:
            connection.close()

    def get(self, path, user=None, **headers):
        return self.ask("GET", path, None, user, **headers)

    def act(self, path, user=None, **headers):
        return self.ask("POST", path, json.dumps(ACTS[path]), user,
                        **{"Content_Type": "application/json", **headers})

    def try_one(self, path, user=None, **headers):
        """The status of a request that fits the path."""
        return (self.act if path in ACTS else self.get)(path, user, **headers)[0]


def rights(port):
    for user, may in MAY.items():
        for path in (*STATUS, "/losers", *ACTS):
            got = port.try_one(path, user)
            # There is no loser 1.1; "/nothing" is nothing for those who may read.
            fine = (200, 400, 404) if path in ("/put-back", "/nothing") else (200,)
            check(got in fine if path in may else got == 403, (user, path, got))
    status, headers, text = port.get("/losers", "reader")
    check(json.loads(text)["error"] == "the user reader has no right to ANABRANCH CONFLICTS LIST",
          (status, text))
    check("WWW-Authenticate" not in headers, "another password would not help")
    check(port.get("/history", "reader")[1]["Anabranch-User"] == "reader", "the page learns it")
    log = log_of(port.leader)
    check("eu: HTTP: pause us, by the user all from 127.0.0.1" in log, log[-2000:])
    denied = port.leader.call("ACL", "LOG")
    check(any("anabranch|conflicts|list" in str(entry) and "reader" in str(entry)
              for entry in denied), denied)


def strangers(port):
    for path in (*STATUS, "/losers", "/healthzz", "/http-token"):
        status, headers, text = port.get(path)
        check((status, text) == (401, '{"error":"this leader has users: say who you are"}'),
              (path, status, text))
        check(headers["WWW-Authenticate"] == 'Basic realm="Anabranch", charset="UTF-8"', headers)
    for path in ACTS:
        check(port.act(path)[0] == 401, path)
    for path in ("/healthz", "/readyz"):
        check(port.get(path)[2] == "ok\n", path)
        check(port.get(path, Host="balancer.example")[0] == 200, path)
    check(port.get("/status", Authorization="Bearer " + "0" * 64)[0] == 401, "no token")
    check(port.get("/status", Authorization="Basic !")[0] == 401, "no words")
    check(not os.path.exists(os.path.join(port.leader.data, "http-token")), "no token is made")


def other_sites(port):
    """Pages of other sites, in the browser of a user."""
    own = ("https" if port.root else "http") + f"://{port.host}:{port.port}"
    for headers, status in (({"Origin": "http://evil.example"}, 403), ({"Origin": "null"}, 403),
                            ({"Sec_Fetch_Site": "cross-site"}, 403),
                            ({"Sec_Fetch_Site": "same-site"}, 403),
                            ({"Content_Type": "text/plain"}, 415),
                            ({"Host": "evil.example"}, 403),
                            ({"Origin": own, "Sec_Fetch_Site": "same-origin"}, 200)):
        check(port.try_one("/pause", "all", **headers) == status, headers)
    check(port.try_one("/resume", "all") == 200, "as before")
    check(port.get("/status", "all", Host="evil.example")[0] == 403, "another name")
    headers = port.get("/status", "all", Origin="http://evil.example")[1]
    check(headers["Cross-Origin-Resource-Policy"] == "same-origin", headers)
    check("Access-Control-Allow-Origin" not in headers, headers)


def wrong_passwords(port):
    """They wait, longer each time; a right one does not, and is not held up."""
    took = []
    for user in ("all", "nobody", "off", "all", "all"):
        begun = time.monotonic()
        status, headers, text = port.ask("GET", "/status", None, user, "wrong")
        took.append(time.monotonic() - begun)
        check((status, text) == (401, '{"error":"the user or the password is wrong"}'), text)
        check(headers["WWW-Authenticate"].startswith("Basic"), headers)
    check(took[0] >= 0.05 and took[3] >= 0.1 and took[4] >= 0.2, took)
    waiting = [port.connect() for _ in range(40)]
    for client in waiting:
        client.sendall((f"GET /status HTTP/1.1\r\nHost: {port.host}\r\nAuthorization: "
                        f"{basic('all', 'wrong')}\r\n\r\n").encode())
    for _ in range(40):
        begun = time.monotonic()
        check(port.get("/status", "all")[0] == 200, "a right one is never refused")
        check(time.monotonic() - begun < 2, "nor does it wait with the wrong ones")
    check(port.get("/healthz")[0] == 200, "health waits for nobody")
    for client in waiting:
        client.close()
    status = port.leader.status()
    check(status["http"]["refused"] >= 4, status["http"])
    check("HTTP: refused a request of 127.0.0.1" in log_of(port.leader), "a line in the log")
    check("a-long-password" not in log_of(port.leader), "no password")


class Stream:
    def __init__(self, port, user):
        self.socket = port.connect()
        self.socket.sendall((f"GET /events HTTP/1.1\r\nHost: {port.host}\r\nAuthorization: "
                             f"{basic(user)}\r\n\r\n").encode())
        self.file = self.socket.makefile("rb")
        check(b"200" in self.file.readline(), user)
        wait_until("its head", lambda: self.file.readline() in (b"\r\n", b""))

    def event(self):
        """The next line of data; empty at the end."""
        while True:
            line = self.file.readline()
            if line.startswith(b"data:") or not line:
                return line

    def ends(self):
        for _ in range(5):
            if not self.event():
                return True
        return False


def users_that_go(port, admin):
    streams = {user: Stream(port, user) for user in ("reader", "looker", "all")}
    check(all(stream.event() for stream in streams.values()), "each is told")
    admin.call("ACL", "SETUSER", "reader", "-@anabranch-read")
    check(streams["reader"].ends(), "without the right")
    check(port.get("/status", "reader")[0] == 403, "without the right")
    admin.call("ACL", "DELUSER", "looker")
    check(port.get("/status", "looker")[0] == 401, "without the user")
    check(streams["looker"].ends(), "without the user")
    admin.call("ACL", "SETUSER", "all", ">another", f"<{PASSWORD}")
    check(streams["all"].ends(), "with an old password")
    check(port.ask("GET", "/status", None, "all", "another")[0] == 200, "with the new one")
    admin.call("ACL", "LOAD")
    check(port.get("/status", "all")[0] == 200, "as in the file")


def shown_certificate(port):
    with port.connect() as client:
        return client.getpeercert(binary_form=True)


def versions(port):
    for version, good in ((ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True),
                          (ssl.TLSVersion.TLSv1_3, True)):
        context = port.context()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        with socket.create_connection((port.host, port.port), 30) as client:
            try:
                context.wrap_socket(client, server_hostname=port.host).close()
                check(good, version)
            except (ssl.SSLError, ConnectionError):
                check(not good, version)
    with socket.create_connection((port.host, port.port), 30) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try:
            check(not plain.recv(100).startswith(b"HTTP/1.1 200"), "plain text")
        except ConnectionError:
            pass


def renewal(port, root, own, hosts):
    """By SIGHUP; what is connected stays, also while the files are wrong."""
    stream = Stream(port, "all")
    before = shown_certificate(port)
    shutil.copy(own[1], own[1] + ".old")
    with open(own[1], "w") as key:
        key.write("nothing")
    port.leader.signal(signal.SIGHUP)
    wait_until("it says so", lambda: "the certificates stay as they were" in log_of(port.leader))
    check(shown_certificate(port) == before, "as before")
    fresh = root.sign("renewed", [*hosts, "new.example"], kind="rsa")
    shutil.copy(fresh[0], own[0])
    shutil.copy(fresh[1], own[1])
    check(port.get("/status", "all", Host="new.example")[0] == 403, "not yet a name")
    port.leader.signal(signal.SIGHUP)
    wait_until("it is shown", lambda: shown_certificate(port) != before)
    check(port.get("/status", "all", Host="new.example")[0] == 200, "a name by now")
    check(stream.event(), "the stream goes on")


def client_certificates(world, root, own):
    leader = serve(world, "client", ["--http", "127.0.0.1:0", "--http-tls", *tls(own),
                                     "--tls-ca-file", root.certificate, "--tls-clients", "yes",
                                     "--acl-file", users_file(world)])
    port = Port(leader, root.certificate)
    try:
        status = port.get("/healthz")[0]
        check(False, f"served without a certificate: {status}")
    except (ssl.SSLError, ConnectionError, http.client.HTTPException):
        pass
    shown = root.sign("browser", ["127.0.0.1"])
    plain = port.context
    def with_certificate():
        context = plain()
        context.load_cert_chain(*shown)
        return context
    port.context = with_certificate
    check(port.get("/status", "all")[0] == 200, "with a certificate")
    leader.stop()


def tls(own):
    return ["--tls-cert-file", own[0], "--tls-key-file", own[1]]


def users_file(world):
    path = os.path.join(world.folder, "users")
    with open(path, "w") as file:
        file.write(USERS)
    os.chmod(path, 0o600)
    return path


def serve(world, name, flags):
    leader = Leader(world, "eu", name)
    world.leaders[name] = leader
    leader.flags = flags
    return leader.start()


def refusals(world, own):
    """Each is a mistake of configuration, and `config check` says the same."""
    users = users_file(world)
    loose = os.path.join(world.folder, "loose.key")
    shutil.copy(own[1], loose)
    os.chmod(loose, 0o644)
    everywhere = {"http": "0.0.0.0:0", "data": os.path.join(world.folder, "refused"),
                  "region": "eu", "redis": "127.0.0.1:0"}
    secure = {"http_tls": True, "tls_cert_file": own[0], "tls_key_file": own[1]}
    for settings, words in (
            ({}, "is refused without TLS"),
            ({"acl_file": users}, "is refused without TLS"),
            (secure, "is refused without passwords"),
            ({"http_tls": True, "acl_file": users}, "TLS needs a certificate"),
            ({**secure, "acl_file": users, "tls_key_file": loose}, "others can read it"),
            ({**secure, "acl_file": users, "http": "unix:/tmp/x"}, "http_tls is for HOST:PORT"),
            ({"http": "example.org:80"}, "the HTTP address must be HOST:PORT"),
            ({"http_hosts": ["https://x"]}, "must be host names")):
        settings = {**everywhere, **settings}
        path = os.path.join(world.folder, "refused.toml")
        with open(path, "w") as file:
            file.writelines(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
        for done in (run("serve", "--config", path), run("config", "check", path)):
            check(done.returncode == 78 and words in done.stderr, (words, done.stderr))


def elsewhere(world, root, own, host):
    """At all addresses: who has no password stays outside."""
    leader = serve(world, "elsewhere", ["--http", "0.0.0.0:0", "--http-tls", *tls(own),
                                        "--http-host", "proxy.example", "--acl-file",
                                        users_file(world)])
    port = Port(leader, root.certificate, host)
    check(port.get("/status")[0] == 401, "a stranger")
    check(port.get("/status", "all")[0] == 200, "a user")
    check(port.get("/status", "open")[0] == 401, "a user without a password, from elsewhere")
    near = Port(leader, root.certificate, "127.0.0.1")
    check(near.get("/status", "open")[0] == 200, "the same one from this machine")
    for name, status in (("proxy.example", 200), ("PROXY.example:443", 200), ("localhost", 200),
                         (host, 200), ("192.0.2.7", 200), ("other.example", 403),
                         ("proxy.example.evil.example", 403), ("", 403)):
        got = port.get("/status", "all", Host=name)[0]
        check(got == status or (name == "" and got != 200), (name, got))
    leader.stop()


def insecure(world, host):
    leader = serve(world, "insecure", ["--http", "0.0.0.0:0", "--http-insecure"])
    port = Port(leader, None, host)
    check(port.get("/status")[0] == 200, "all may read")
    check(port.act("/pause")[0] == 401, "acting needs the token")
    with open(os.path.join(leader.data, "http-token")) as file:
        bearer = "Bearer " + file.read().strip()
    check(port.act("/pause", Authorization=bearer)[0] == 400, "there is no peer")
    check(port.get("/status", Host="evil.example")[0] == 403, "another name")
    # From the moment on that there is a password, users are asked for.
    stream = socket.create_connection((port.host, port.port), 30)
    stream.sendall(f"GET /events HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    check(stream.recv(100).startswith(b"HTTP/1.1 200"), "a stream")
    leader.call("ACL", "SETUSER", "default", ">secret")
    wait_until("nobody reads", lambda: port.get("/status")[0] == 401)
    check(port.act("/pause", Authorization=bearer)[0] == 401, "no token any more")
    check(port.ask("GET", "/status", None, "", "secret")[0] == 200, "the default user")
    wait_until("the stream ends", lambda: not stream.recv(1 << 20))
    leader.stop()


def main():
    if shutil.which("openssl") is None:
        skip("no openssl on this machine")
    with World() as world:
        host = own_address()
        hosts = ["127.0.0.1", "localhost", *([host] if host else [])]
        root = Root(world.folder, "root")
        own = root.sign("server", hosts)
        refusals(world, own)
        leader = Leader(world, "eu")
        us = world.start("us")
        leader.peers = [us.listen]
        leader.flags = ["--http", "127.0.0.1:0", "--http-tls", *tls(own), "--acl-file",
                        users_file(world)]
        world.leaders["eu"] = leader
        leader.start()
        leader.call("AUTH", "all", PASSWORD)
        wait_until("they are connected", lambda: leader.is_connected(us))
        port = Port(leader, root.certificate)
        strangers(port)
        rights(port)
        other_sites(port)
        wrong_passwords(port)
        versions(port)
        renewal(port, root, own, hosts)
        with_keys = Client(leader.redis)
        with_keys.call("AUTH", "all", PASSWORD)
        users_that_go(port, with_keys)
        client_certificates(world, root, own)
        if host:
            elsewhere(world, root, own, host)
            insecure(world, host)
        leader.stop()
    print("ok")


if __name__ == "__main__":
    main()
