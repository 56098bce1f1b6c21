"""A program of redis-py that takes a region for a Redis Cluster: HOST:PORT...; writes until a line
comes on its input. Then tells how many writes were acknowledged, and how many calls failed."""

import sys
import threading

from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import RedisError

nodes = [ClusterNode(host, int(port)) for host, port in (each.split(":") for each in sys.argv[1:])]
c = RedisCluster(startup_nodes=nodes, socket_timeout=1.0, cluster_error_retry_attempts=50)
ends = threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), ends.set()), daemon=True).start()
written = failed = 0
while not ends.is_set():
    try:
        c.set(f"redis-py:{written}", "value")
        written += 1
    except RedisError:
        failed += 1
        ends.wait(0.1)
print(written, failed, flush=True)
