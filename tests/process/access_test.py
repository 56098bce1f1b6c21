#!/usr/bin/env python3
"""Access from outside: redis-cli and anabranch over TLS as users, wrong passwords and certificates,
files that are wrong at the start and at a renewal, strangers from another address, a socket on a
path, and what thousands of idle connections cost."""

import os
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess

from certificates import Root, own_address
from leaders import LONG, Leader, World, check, run, skip, wait_until
from resp import Client, ServerError

PASSWORD = "a-long-password"
USERS = f"""user default off
user app on >{PASSWORD} ~* &* +@all
user reader on >{PASSWORD} ~shown:* resetchannels -@all +@read +@connection
"""


def write(path, text, mode=0o600):
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def log_of(leader):
    with open(leader.log_path, errors="replace") as log:
        return log.read()


def tls_address(leader):
    found = re.search(r"with TLS on (\S+)", log_of(leader)).group(1)
    return found.replace("0.0.0.0:", "127.0.0.1:")


def context_of(root):
    return ssl.create_default_context(cafile=root.certificate)


class TlsClient(Client):
    def __init__(self, address, context):
        host, port = address.rsplit(":", 1)
        plain = socket.create_connection((host, int(port)), 10)
        self.socket = context.wrap_socket(plain, server_hostname=host)
        self.file = self.socket.makefile("rb")


def refused(text, call):
    try:
        call()
    except ServerError as error:
        check(text in str(error), f"the error says {text!r}: {error}")
        return
    raise AssertionError(f"no error, but {text!r} was expected")


def redis_cli(address, *words, secrets=None):
    host, port = address.rsplit(":", 1)
    done = subprocess.run(["redis-cli", "-h", host, "-p", port, *words], capture_output=True,
                          text=True, timeout=30, stdin=subprocess.DEVNULL, check=False,
                          env={**os.environ, **(secrets or {})})
    return done.stdout + done.stderr


def try_redis_cli(leader, root):
    if shutil.which("redis-cli") is None:
        print("no redis-cli on this machine: not tried", flush=True)
        return
    at = tls_address(leader)
    tls = ["--tls", "--cacert", root.certificate]
    app = {"REDISCLI_AUTH": PASSWORD}
    check(redis_cli(at, *tls, "--user", "app", "SET", "shown:a", "1", secrets=app) == "OK\n",
          "redis-cli writes as app")
    read = redis_cli(at, *tls, "--user", "reader", "GET", "shown:a", secrets=app)
    check(read.strip() == "1", f"redis-cli reads as reader: {read!r}")
    denied = redis_cli(at, *tls, "--user", "reader", "SET", "shown:a", "2", secrets=app)
    check(denied.startswith("NOPERM"), f"a reader does not write: {denied!r}")
    stranger = redis_cli(at, *tls, "GET", "shown:a")
    check(stranger.startswith("NOAUTH"), f"no password: {stranger!r}")
    wrong = redis_cli(at, *tls, "--user", "app", "GET", "shown:a", secrets={"REDISCLI_AUTH": "x"})
    check("WRONGPASS" in wrong and "NOAUTH" in wrong, f"a wrong password: {wrong!r}")
    distrusted = redis_cli(at, "--tls", "PING")
    check("Could not connect" in distrusted, f"redis-cli without the root: {distrusted!r}")


def try_commands(world, leader, root):
    at = tls_address(leader)
    file = write(os.path.join(world.folder, "password"), PASSWORD + "\n")
    tls = ["--redis", at, "--tls", "--tls-ca-file", root.certificate]
    done = run("status", "--json", *tls, "--user", "app", "--password-file", file)
    check(done.returncode == 0 and '"region"' in done.stdout, f"status over TLS: {done}")
    done = run("status", *tls, "--user", "app",
               environment={"ANABRANCH_PASSWORD": PASSWORD + "\r\n"})
    check(done.returncode == 0, f"a password with a newline: {done.stderr}")
    done = run("status", *tls, "--user", "app", environment={"ANABRANCH_PASSWORD": "x"})
    check(done.returncode == 1 and "WRONGPASS" in done.stderr, f"a wrong password: {done.stderr}")
    done = run("status", *tls, "--user", "reader", "--password-file", file)
    check(done.returncode == 1 and "NOPERM" in done.stderr, f"no right: {done.stderr}")
    done = run("status", "--redis", at, "--tls", "--user", "app", "--password-file", file)
    check(done.returncode == 1 and "is not accepted" in done.stderr, f"no root: {done.stderr}")
    done = run("status", "--redis", at, "--user", "app", "--password-file", file)
    check(done.returncode == 1 and done.stderr, f"no TLS: {done.stderr}")


def try_wrong_files(world, own):
    certificate, key = own
    folder = world.folder
    absent = os.path.join(folder, "absent")
    nonsense = write(os.path.join(folder, "nonsense"), "nonsense\n")
    readable = os.path.join(folder, "readable.key")
    shutil.copy(key, readable)
    os.chmod(readable, 0o644)
    base = ["--region", "eu", "--data", os.path.join(folder, "never")]

    def fails(part, *words):
        redis = [] if "--redis" in words else ["--redis", "127.0.0.1:0"]
        done = run("serve", *base, *redis, *words)
        check(done.returncode == 78 and part in done.stderr and done.stderr.count("\n") == 1,
              f"serve {words}: exit {done.returncode}, {done.stderr!r} without {part!r}")

    tls = ["--redis-tls", "127.0.0.1:0"]
    fails("TLS needs a certificate", *tls)
    fails("TLS needs a key", *tls, "--tls-cert-file", certificate)
    fails(f"the certificate {absent}: No such file", *tls, "--tls-cert-file", absent,
          "--tls-key-file", key)
    fails(f"the certificate {nonsense}: ", *tls, "--tls-cert-file", nonsense, "--tls-key-file", key)
    fails("chmod 600", *tls, "--tls-cert-file", certificate, "--tls-key-file", readable)
    fails("must be no, optional or yes", *tls, "--tls-clients", "perhaps")
    fails("refused without TLS", "--redis", "0.0.0.0:0")
    fails("refused without passwords", "--redis-tls", "0.0.0.0:0", "--tls-cert-file", certificate,
          "--tls-key-file", key)
    users = write(os.path.join(folder, "bad.users"), "user default on\nuser x +nope\n")
    fails("bad.users:2: ", "--acl-file", users)
    os.chmod(users, 0o644)
    fails("chmod 600", "--acl-file", users)
    fails("No such file", "--acl-file", absent)
    fails("that is no socket", "--redis-socket", nonsense)
    done = run("config", "check",
               write(os.path.join(folder, "c.toml"),
                     f'region = "eu"\ndata = "{folder}/d"\nredis_tls = "127.0.0.1:0"\n'
                     f'tls_cert_file = "{absent}"\ntls_key_file = "{key}"\n'))
    check(done.returncode == 78 and absent in done.stdout + done.stderr, f"config check: {done}")


def try_renewal(leader, root, own, hosts):
    """SIGHUP reads the certificates again; wrong ones change nothing."""
    context = context_of(root)

    def name():
        with TlsClient(tls_address(leader), context) as client:
            return dict(field[0] for field in client.socket.getpeercert()["subject"])["commonName"]

    check(name() == "server", "the first certificate")
    old = TlsClient(tls_address(leader), context)
    for fresh, place in zip(root.sign("renewed", hosts), own):
        os.rename(fresh, place)
    leader.process.send_signal(signal.SIGHUP)
    wait_until("the new certificate is shown", lambda: name() == "renewed")
    check(old.call("AUTH", "app", PASSWORD) == "OK", "old connections go on")
    check("that of this server is valid until" in log_of(leader), "the log tells until when")
    kept = own[0] + ".kept"
    os.rename(own[0], kept)
    leader.process.send_signal(signal.SIGHUP)
    wait_until("the log says that the file is not there",
               lambda: "the certificates stay as they were: the certificate" in log_of(leader))
    check(name() == "renewed", "the certificate that was read stays")
    os.rename(kept, own[0])


def try_strangers(leader, root, host):
    """Another address of this machine stands for another machine."""
    if host is None:
        print("no other address on this machine: not tried", flush=True)
        return
    at = f"{host}:{tls_address(leader).rsplit(':', 1)[1]}"
    context = context_of(root)
    with TlsClient(at, context) as client:
        for words in (["PING"], ["GET", "a"], ["INFO"], ["ANABRANCH", "STATUS"], ["COMMAND"],
                      ["NOPE"], ["HELLO", "3"]):
            refused("NOAUTH", lambda words=words: client.call(*words))
        refused("WRONGPASS", lambda: client.call("AUTH", "app", "x"))
        check(client.call("AUTH", "app", PASSWORD) == "OK", "the right password")
        # An open default user is open for this machine only.
        check(client.call("ACL", "SETUSER", "default", "on", "nopass", "~*", "+@all") == "OK", "")
        with TlsClient(at, context) as other:
            refused("NOAUTH", lambda: other.call("GET", "a"))
            refused("WRONGPASS", lambda: other.call("AUTH", "default", "x"))
        with TlsClient("127.0.0.1:" + at.rsplit(":", 1)[1], context) as local:
            check(local.call("PING") == "PONG", "the default user of this machine")
        check(client.call("ACL", "SETUSER", "default", "reset") == "OK", "")


def resident(leader):
    with open(f"/proc/{leader.process.pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) * 1024


def is_instrumented():
    return "asan" in os.environ.get("ANABRANCH_TEST_BUILD", "")


def try_idle(leader, root):
    """Idle connections over TLS cost less than 40 KB each."""
    count = 9900 if LONG else 1000
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit[1] < count + 600:
        print(f"descriptors for {count} connections are lacking: not tried", flush=True)
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 600, limit[1]))
    context = context_of(root)
    at = tls_address(leader)
    first = TlsClient(at, context)
    first.call("AUTH", "app", PASSWORD)
    before = resident(leader)
    idle = []
    for _ in range(count):
        client = TlsClient(at, context)
        client.send("AUTH", "app", PASSWORD)
        idle.append(client)
    for client in idle:
        check(client.answer() == "OK", "each is a user")
    each = (resident(leader) - before) / count
    print(f"{count} idle connections over TLS: {each / 1024:.1f} KiB each", flush=True)
    check(is_instrumented() or each < 40_000, f"{each:.0f} bytes for an idle connection")
    check(first.call("PING") == "PONG", "others are served")
    for client in idle:
        client.close()


def main():
    if shutil.which("openssl") is None:
        skip("no openssl on this machine")
    with World() as world:
        host = own_address()
        hosts = ["127.0.0.1"] + ([host] if host else [])
        root = Root(world.folder, "root")
        own = root.sign("server", hosts)
        try_wrong_files(world, own)
        path = os.path.join(world.folder, "redis.sock")
        leader = Leader(world, "eu")
        world.leaders["eu"] = leader
        users = write(os.path.join(world.folder, "users"), "\ufeff" + USERS)
        everywhere = "0.0.0.0:0" if host else "127.0.0.1:0"
        leader.flags = ["--redis-tls", everywhere, "--tls-cert-file", own[0], "--tls-key-file",
                        own[1], "--acl-file", users, "--redis-socket", path,
                        "--redis-socket-mode", "0660"]
        leader.start()
        check(os.stat(path).st_mode & 0o777 == 0o660, "the mode of the socket")
        check(run("status", "--data", leader.data).returncode == 0, "the control socket")
        try_redis_cli(leader, root)
        try_commands(world, leader, root)
        try_strangers(leader, root, host)
        try_renewal(leader, root, own, hosts)
        try_idle(leader, root)
        leader.process.send_signal(signal.SIGTERM)
        check(leader.process.wait(20) == 0, "the server ends")
        check(not os.path.exists(path), "and takes its socket along")


if __name__ == "__main__":
    main()
