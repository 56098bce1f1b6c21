"""A relay between leaders: TCP in user space, with faults at command.

    with Relays(random) as relays:
        link = relays.to(eu)                    # Dialled in the place of eu.
        us = world.start("us", peers=[link])
        link.cut()                              # Nothing passes; sockets stay open, no RST.
        link.heal()

A link has two ways: `out`, from who dialled to the leader, and `back`. Each has its own delay,
jitter, bandwidth, and cut, so that a link may be dead in one direction only. What is cut or slow is
not read, so that senders feel it as they would; what was under way arrives after healing, as TCP
has it. A close is passed on behind the data before it, and not through a cut.

A way can repeat: it knows the frames of ZMTP, records whole messages, and puts recorded ones
between others, also those of connections that are long gone.

All relays of a test share one thread, which carries out each call before it returns.
"""

import collections
import concurrent.futures
import selectors
import socket
import struct
import threading
import time

CHUNK_BYTES = 64 << 10
QUEUE_BYTES_MAX = 256 << 10   # Read ahead, of one way of one connection.
SMALL_BYTES = 16 << 10        # The same of a thin line.
RECORDED_MAX = 64             # Messages that a repeating way remembers.


class Way:
    """One direction of a link: its faults, and what has passed."""

    def __init__(self):
        self.delay = 0.0         # Seconds.
        self.jitter = 0.0        # Seconds more, at random; the order stays.
        self.bandwidth = None    # Bytes per second.
        self.queue_max = QUEUE_BYTES_MAX
        self.is_cut = False
        self.close_after = None  # Bytes to pass on, in the middle of a frame or not; then a close.
        self.repeats = 0.0       # How likely a message is followed by a recorded one.
        self.recorded = collections.deque(maxlen=RECORDED_MAX)
        self.passed = 0          # Bytes.
        self.repeated = 0        # Messages.
        self.closed = 0          # Connections, by close_after.


class Frames:
    """Finds the ends of messages in one direction of a ZMTP connection."""

    GREETING_BYTES = 64
    MORE, LONG, COMMAND = 1, 2, 4

    def __init__(self):
        self.buffer = bytearray()   # Of the message that has begun.
        self.parsed = 0             # Of the buffer: whole frames.
        self.skip = self.GREETING_BYTES

    def split(self, data):
        """Pieces of the data, in order, each with the whole message that it ends or None."""
        begin = 0
        for end, message in self.ends(data):
            yield data[begin:end], message
            begin = end
        if begin < len(data):
            yield data[begin:], None

    def ends(self, data):
        self.buffer += data
        before = len(self.buffer) - len(data)   # Of the buffer, what earlier data brought.
        if self.skip:
            skipped = min(self.skip, len(self.buffer))
            self.skip -= skipped
            del self.buffer[:skipped]
            before -= skipped
        while (flags := self.next_frame()) is not None:
            if flags & self.MORE:
                continue
            message = bytes(self.buffer[:self.parsed])
            del self.buffer[:self.parsed]
            before -= self.parsed
            self.parsed = 0
            yield -before, (None if flags & self.COMMAND else message)

    def next_frame(self):
        """Steps over a frame if it is there as a whole, and gives its flags."""
        rest = len(self.buffer) - self.parsed
        if rest < 2:
            return None
        flags = self.buffer[self.parsed]
        if flags & self.LONG:
            if rest < 9:
                return None
            size = 9 + struct.unpack_from(">Q", self.buffer, self.parsed + 1)[0]
        else:
            size = 2 + self.buffer[self.parsed + 1]
        if rest < size:
            return None
        self.parsed += size
        return flags


class Pipe:
    """One way of one connection: what was read from `source` and is due at `sink`."""

    def __init__(self, connection, way, source, sink):
        self.connection = connection
        self.way = way
        self.source = source
        self.sink = sink
        self.queue = collections.deque()   # (due, bytes)
        self.queued = 0
        self.frames = Frames()
        self.ended = False     # The source will send no more.
        self.shut = False      # And the sink knows.
        self.last_due = 0.0
        self.allowance = 0.0   # Bytes that the bandwidth allows at once.
        self.refilled = time.monotonic()

    def wants_data(self):
        return not self.ended and not self.way.is_cut and self.queued < self.way.queue_max

    def read(self, now, random):
        try:
            data = self.source.recv(min(CHUNK_BYTES, self.way.queue_max))
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.ended = True
            return
        for piece, message in self.frames.split(data):
            self.put(piece, now, random)
            if self.way.repeats and message is not None:
                self.way.recorded.append(message)
                if random.random() < self.way.repeats:
                    self.way.repeated += 1
                    self.put(random.choice(self.way.recorded), now, random)

    def put(self, data, now, random):
        due = now + self.way.delay + self.way.jitter * random.random()
        self.last_due = max(due, self.last_due)
        self.queue.append((self.last_due, data))
        self.queued += len(data)

    def refill(self, now):
        if self.way.bandwidth is not None:
            more = (now - self.refilled) * self.way.bandwidth
            self.allowance = min(self.allowance + more, max(self.way.bandwidth * 0.05, 1.0))
        self.refilled = now

    def write(self, now):
        """Passes on what is due; gives when it has more to do, or None."""
        self.refill(now)
        while self.queue and not self.way.is_cut:
            due, data = self.queue[0]
            if due > now:
                return due
            size = len(data)
            if self.way.bandwidth is not None:
                size = min(size, int(self.allowance))
                if size == 0:
                    return now + max(0.002, 1 / self.way.bandwidth)
            if self.way.close_after is not None:
                size = min(size, self.way.close_after)
            if not self.send(data, size):
                return None
            if self.way.close_after == 0:
                self.close_here()
                return None
        if self.ended and not self.queue and not self.shut and not self.way.is_cut:
            self.shut = True
            shut(self.sink)
        return None

    def send(self, data, size):
        """Sends so much of the first piece; false when the sink takes nothing more."""
        try:
            sent = self.sink.send(memoryview(data)[:size]) if size else 0
        except BlockingIOError:
            return False
        except OSError:
            self.connection.is_over = True
            return False
        self.way.passed += sent
        self.queued -= sent
        self.allowance -= sent
        if self.way.close_after is not None:
            self.way.close_after -= sent
        due, _ = self.queue.popleft()
        if sent < len(data):
            self.queue.appendleft((due, data[sent:]))
        return sent == size

    def close_here(self):
        self.way.close_after = None
        self.way.closed += 1
        self.connection.is_over = True

    def blocked(self, now):
        """Whether it waits for room at the sink."""
        return (self.queue and not self.way.is_cut and self.queue[0][0] <= now
                and self.way.bandwidth is None)


def make_small(one):
    """Has the system queue little at a socket."""
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        one.setsockopt(socket.SOL_SOCKET, option, SMALL_BYTES)


def shut(sink):
    try:
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Connection:
    def __init__(self, link, dialled, leader):
        self.link = link
        self.sockets = (dialled, leader)
        self.out = Pipe(self, link.out, dialled, leader)
        self.back = Pipe(self, link.back, leader, dialled)
        self.is_over = False

    def reset(self):
        """Ends it with an RST on both sides."""
        for one in self.sockets:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.is_over = True


class Link:
    """A place to dial instead of a leader. Closes and cuts concern all connections through it."""

    def __init__(self, relays, leader):
        self.relays = relays
        self.leader = leader
        self.out = Way()
        self.back = Way()
        self.connections = []
        self.is_small = False
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.listener.setblocking(False)
        self.listen = "tcp://127.0.0.1:%d" % self.listener.getsockname()[1]

    def ways(self):
        return self.out, self.back

    def set(self, *ways, **faults):
        """Sets fields of these ways, or of both, at once."""
        def carry_out():
            for way in ways or self.ways():
                for name, value in faults.items():
                    setattr(way, name, value)
        self.relays.call(carry_out)

    def cut(self, *ways):
        """Cuts these ways, or both."""
        self.set(*ways, is_cut=True)

    def heal(self):
        """Takes all faults away."""
        self.set(delay=0.0, jitter=0.0, bandwidth=None, is_cut=False, close_after=None, repeats=0.0)

    def slow_down(self, delay=0.0, jitter=0.0, bandwidth=None):
        self.set(delay=delay, jitter=jitter, bandwidth=bandwidth)

    def narrow(self, bandwidth):
        """A thin line: little waits in its queues, those of the system included."""
        self.set(bandwidth=bandwidth, queue_max=SMALL_BYTES)

        def shrink():
            self.is_small = True
            for one in [self.listener, *(each for all in self.connections for each in all.sockets)]:
                make_small(one)
        self.relays.call(shrink)

    def reset(self):
        """Ends all connections with RST."""
        self.relays.call(lambda: [one.reset() for one in self.connections])

    def close_after(self, size, way=None):
        """Closes a connection once so many more bytes have passed this way (`out`)."""
        self.set(way or self.out, close_after=size)

    def repeat(self, likely):
        self.set(repeats=likely)

    def dial_leader(self):
        host, port = self.leader.listen.removeprefix("tcp://").rsplit(":", 1)
        return socket.create_connection((host, int(port)), timeout=1)


class Relays:
    def __init__(self, random):
        self.random = random
        self.links = []
        self.selector = selectors.DefaultSelector()
        self.watched = {}   # {socket: the events asked for}
        self.calls = collections.deque()
        self.waker, self.wakes = socket.socketpair()
        self.waker.setblocking(False)
        self.wakes.setblocking(False)
        self.selector.register(self.wakes, selectors.EVENT_READ)
        self.is_over = False
        self.error = None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.is_over = True
        self.wake()
        self.thread.join(10)
        if self.error is not None:
            raise self.error

    def to(self, leader):
        """A new link to a leader, who may be restarted while it keeps its port."""
        link = Link(self, leader)

        def add():
            self.links.append(link)
            self.selector.register(link.listener, selectors.EVENT_READ)
        self.call(add)
        return link

    def wake(self):
        try:
            self.waker.send(b"x")
        except BlockingIOError:
            pass

    def call(self, function):
        """Runs a function on the relays' thread and waits for it."""
        done = concurrent.futures.Future()
        self.calls.append((function, done))
        self.wake()
        return done.result(30)

    # ---- The thread.

    def run(self):
        try:
            self.serve_all()
        except Exception as error:
            self.error = error
            raise
        finally:
            for link in self.links:
                link.listener.close()
                for connection in link.connections:
                    self.close(connection)

    def serve_all(self):
        until = None
        while not self.is_over:
            timeout = None if until is None else max(0.0, until - time.monotonic())
            ready = {key.fileobj for key, mask in self.selector.select(timeout)
                     if mask & selectors.EVENT_READ}
            self.take_calls()
            now = time.monotonic()
            until = None
            for link in self.links:
                if link.listener in ready:
                    self.accept(link)
                for connection in list(link.connections):
                    next_due = self.serve(connection, ready, now)
                    if next_due is not None:
                        until = next_due if until is None else min(until, next_due)

    def take_calls(self):
        try:
            while self.wakes.recv(4096):
                pass
        except BlockingIOError:
            pass
        while self.calls:
            function, done = self.calls.popleft()
            try:
                done.set_result(function())
            except Exception as error:  # Told to whoever called.
                done.set_exception(error)

    def accept(self, link):
        try:
            dialled, _ = link.listener.accept()
        except OSError:
            return
        try:
            leader = link.dial_leader()
        except OSError:
            dialled.close()   # Nobody listens: whoever dialled tries again.
            return
        for one in (dialled, leader):
            one.setblocking(False)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if link.is_small:
                make_small(one)
        link.connections.append(Connection(link, dialled, leader))
        self.wake()

    def serve(self, connection, ready, now):
        pipes = (connection.out, connection.back)
        for pipe in pipes:
            if pipe.source in ready and pipe.wants_data():
                pipe.read(now, self.random)
        dues = [due for pipe in pipes if (due := pipe.write(now)) is not None]
        if connection.is_over or all(pipe.shut for pipe in pipes):
            connection.link.connections.remove(connection)
            self.close(connection)
            return None
        for reads, writes in (pipes, pipes[::-1]):
            self.watch(reads.source, selectors.EVENT_READ * reads.wants_data()
                       | selectors.EVENT_WRITE * bool(writes.blocked(now)))
        return min(dues, default=None)

    def watch(self, one, events):
        if self.watched.get(one, 0) == events:
            return
        if one in self.watched:
            self.selector.unregister(one)
            del self.watched[one]
        if events:
            self.selector.register(one, events)
            self.watched[one] = events

    def close(self, connection):
        for one in connection.sockets:
            self.watch(one, 0)
            one.close()
