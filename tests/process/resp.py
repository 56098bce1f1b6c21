"""A small client of the Redis protocol: one connection, blocking, bytes decoded as UTF-8."""

import socket


class ServerError(Exception):
    """The server answered with an error; its text is the message."""


class Client:
    def __init__(self, address, timeout=10.0):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def call(self, *words):
        """Sends a command and returns its answer: str, int, list or None."""
        self.send(*words)
        return self.answer()

    def send(self, *words):
        parts = [b"*%d\r\n" % len(words)]
        for word in words:
            data = word if isinstance(word, bytes) else str(word).encode()
            parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
        self.socket.sendall(b"".join(parts))

    def answer(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("closed by the server")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            raise ServerError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return self.bulk(int(rest))
        if kind == b"*":
            return None if int(rest) < 0 else [self.answer() for _ in range(int(rest))]
        raise ConnectionError("not the Redis protocol: %r" % line)

    def bulk(self, size):
        if size < 0:
            return None
        data = self.file.read(size + 2)
        if len(data) != size + 2:
            raise ConnectionError("closed by the server")
        return data[:-2].decode(errors="surrogateescape")
