"""A program of redis-py that takes a region for a Redis Cluster: HOST:PORT...; writes until a line
comes on its input. Then tells how many writes were acknowledged, and how many calls failed."""

import logging
import sys
import threading

from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import RedisClusterException, RedisError

FAILURES = (RedisError, RedisClusterException)
logging.getLogger("redis").setLevel(logging.CRITICAL)


def connected():
    """Version 4.3 cannot ask the nodes anew while one is away (it copies a lock): it is made anew."""
    nodes = [ClusterNode(*place.split(":")) for place in sys.argv[1:]]
    return RedisCluster(startup_nodes=nodes, socket_timeout=1.0)


ends = threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), ends.set()), daemon=True).start()
c = connected()
written = failed = 0
while not ends.is_set():
    try:
        c.set(f"redis-py:{written}", "value")
        written += 1
    except FAILURES:
        failed += 1
        ends.wait(0.1)
        try:
            c = connected()
        except FAILURES:
            failed += 1
print(written, failed, flush=True)
