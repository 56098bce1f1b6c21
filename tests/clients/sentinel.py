"""A program of redis-py that finds its server by Sentinels: NAME HOST:PORT...; writes until a line
comes on its input. Then tells how many writes were acknowledged, and how many calls failed."""

import sys
import threading

from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError, ReadOnlyError, TimeoutError
from redis.retry import Retry
from redis.sentinel import MasterNotFoundError, Sentinel

name, places = sys.argv[1], [place.split(":") for place in sys.argv[2:]]
finder = Sentinel([(host, int(port)) for host, port in places], socket_timeout=0.5)
c = finder.master_for(name, socket_timeout=1.0, retry=Retry(ConstantBackoff(0.05), 200),
                      retry_on_error=[ConnectionError, TimeoutError, ReadOnlyError,
                                      MasterNotFoundError])
ends = threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), ends.set()), daemon=True).start()
written = failed = 0
while not ends.is_set():
    try:
        c.set(f"redis-py:{written}", "value")
        written += 1
    except (ConnectionError, TimeoutError, ReadOnlyError, MasterNotFoundError):
        failed += 1
print(written, failed, flush=True)
