#!/usr/bin/env python3
"""systemctl for the machines of machines.py, where no systemd runs: starts and stops services as their
units and drop-ins say, as far as these matter to a leader. A service runs as its user, with its own
folders, finds all others read only (ProtectSystem=strict, ReadWritePaths), and has started when it
says so (Type=notify). What services print is in /var/log/NAME.log."""

import glob
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time

FOLDERS = ["/etc/systemd/system", "/usr/lib/systemd/system"]
BOOKS = "/run/systemctl"  # The process of each service that runs.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"

# Its words: the folders that can be written, then "--", then the program.
SANDBOX = """set -e
umask 0077
ulimit -n 16384
while [ "$1" != -- ]; do mount --bind "$1" "$1"; shift; done
shift
mount -t tmpfs none /tmp
mount -o remount,bind,ro /
cd /
exec "$@"
"""


class Unit:
    def __init__(self, name):
        self.name = name
        files = [path for folder in FOLDERS for path in [os.path.join(folder, name)]
                 if os.path.exists(path)]
        if not files:
            sys.exit(f"Unit {name} not found.")
        self.settings = {}
        for path in [files[0], *sorted(glob.glob(f"{FOLDERS[0]}/{name}.d/*.conf"))]:
            self.read(path)

    def read(self, path):
        with open(path) as file:
            lines = [line.strip() for line in file]
        for line in lines:
            if "=" not in line or line.startswith("#"):
                continue
            key, value = line.split("=", 1)
            if value == "":
                self.settings[key] = []
            else:
                self.settings.setdefault(key, []).append(value)

    def last(self, key, default=None):
        return self.settings.get(key, [default])[-1]

    def words(self, key):
        return [word for value in self.settings.get(key, []) for word in value.split()]

    def commands(self, key):
        return [shlex.split(value.replace("%%", "%")) for value in self.settings.get(key, [])]


class Service:
    def __init__(self, name):
        self.unit = Unit(name if "." in name else name + ".service")
        self.name = self.unit.name
        self.book = os.path.join(BOOKS, self.name)
        os.makedirs(BOOKS, exist_ok=True)

    def pid(self):
        """The process that runs, else None."""
        try:
            with open(self.book) as book:
                pid = int(book.read())
            with open(f"/proc/{pid}/stat") as stat:
                return None if stat.read().rsplit(")", 1)[1].split()[0] == "Z" else pid
        except (OSError, ValueError):
            return None

    def folders(self):
        """Makes the folders of its own, and returns all that it may write to."""
        user = self.unit.last("User", "root")
        made = []
        for key, base in (("StateDirectory", "/var/lib"), ("RuntimeDirectory", "/run")):
            for word in self.unit.words(key):
                path = os.path.join(base, word)
                os.makedirs(path, exist_ok=True)
                shutil.chown(path, user, user)
                made.append(path)
        return made + self.unit.words("ReadWritePaths")

    def spawn(self, command, notify):
        user = self.unit.last("User", "root")
        setpriv = ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--"]
        if self.unit.last("ProtectSystem") == "strict":
            sandbox = ["unshare", "-m", "sh", "-c", SANDBOX, "sh", *self.folders(), "--"]
        else:
            sandbox = []
        environment = {"PATH": PATH, **({"NOTIFY_SOCKET": notify} if notify else {})}
        with open(f"/var/log/{self.name.removesuffix('.service')}.log", "ab") as log:
            return subprocess.Popen([*sandbox, *setpriv, *command], stdin=subprocess.DEVNULL,
                                    stdout=log, stderr=log, env=environment, start_new_session=True)

    def start(self):
        if self.name.endswith(".timer") or self.pid() is not None:
            return
        if self.unit.last("Type") == "oneshot":
            for command in self.unit.commands("ExecStart") + self.unit.commands("ExecStartPost"):
                if self.spawn(command, None).wait() != 0:
                    sys.exit(f"Job for {self.name} failed.")
            return
        path = self.book + ".notify"
        if os.path.exists(path):
            os.remove(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            os.chmod(path, 0o777)
            manager.settimeout(0.05)
            process = self.spawn(self.unit.commands("ExecStart")[0], path)
            with open(self.book, "w") as book:
                book.write(str(process.pid))
            while process.poll() is None:
                try:
                    if b"READY=1" in manager.recv(4096).splitlines():
                        return
                except TimeoutError:
                    pass
        sys.exit(f"Job for {self.name} failed with {process.returncode}.")

    def stop(self):
        pid = self.pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 60
        while self.pid() is not None:
            if time.monotonic() > deadline:
                sys.exit(f"{self.name} does not stop")
            time.sleep(0.01)

    def reload(self):
        for command in self.unit.commands("ExecReload"):
            words = [word.replace("$MAINPID", str(self.pid())) for word in command]
            subprocess.run(words, check=True)


def act(verb, service, now):
    if verb == "enable":
        verb = "start" if now else "is-enabled"
    if verb == "disable":
        verb = "stop" if now else "is-enabled"
    if verb in ("restart", "try-restart"):
        if verb == "restart" or service.pid() is not None:
            service.stop()
            service.start()
    elif verb == "is-active":
        sys.exit(0 if service.pid() is not None else 3)
    elif verb == "is-enabled":
        print("enabled")
    else:
        {"start": service.start, "stop": service.stop, "reload": service.reload}[verb]()


def main():
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    if words[0] == "daemon-reload":
        return
    for name in words[1:]:
        act(words[0], Service(name), "--now" in sys.argv)


if __name__ == "__main__":
    main()
