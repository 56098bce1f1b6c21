"""SET, GET, INCR and SADD by redis-benchmark: a leader beside redis-server with the same durability."""

import mesh
import servers

COMMANDS = ["set", "get", "incr", "sadd"]
# How rows of the second durability end.
INTERVAL = ", interval"


def pairs(run, folder, running):
    """By the ending of their rows: redis-server and a leader, each answer synced or all once a second."""
    both = {"": [servers.Redis("always", folder), servers.Anabranch(run.build, folder)],
            INTERVAL: [servers.Redis("everysec", folder),
                       servers.Anabranch(run.build, folder, name="anabranch serve, interval",
                                         flags=["--durability", "interval"])]}
    for sides in both.values():
        for side in sides:
            running.callback(side.stop)
    return both


def compare(run, sides, row, command, pipeline, keys):
    for side in sides:
        run.table.add(row, side.name, "requests/s",
                      side.measure(command, pipeline, run.requests[pipeline], keys))


def measure_commands(run):
    with run.section() as (folder, running):
        both = pairs(run, folder, running)
        for sides in both.values():
            for side in sides:
                side.fill(run.keys)  # So that GET finds keys, and SET old values.
        for command in COMMANDS:
            for pipeline in run.requests:
                run.progress(f"servers: {command.upper()}, pipeline {pipeline}")
                for _ in range(run.rounds):
                    for ending, sides in both.items():
                        compare(run, sides, f"{command.upper()}, pipeline {pipeline}{ending}",
                                command, pipeline, run.keys)


def measure_many_keys(run):
    with run.section() as (folder, running):
        both = pairs(run, folder, running)
        run.progress(f"servers: filling with {run.many_keys:,} keys")
        for sides in both.values():
            for side in sides:
                side.fill(run.many_keys)
        for command in ("set", "get"):
            run.progress(f"servers: {command.upper()}, {run.many_keys:,} keys")
            for _ in range(run.rounds):
                for ending, sides in both.items():
                    compare(run, sides, f"{command.upper()}, {run.many_keys:,} keys{ending}",
                            command, servers.PIPELINE, run.many_keys)


def measure_followed(run):
    """SET at a leader whose writes another region's leader, on this machine, too, applies meanwhile."""
    row = "SET, pipeline 16, a second region follows"
    with run.section() as (folder, running):
        redis = servers.Redis("always", folder)
        running.callback(redis.stop)
        leaders = running.enter_context(mesh.Mesh(run.build, folder, ["eu", "us"]))
        for side in (redis, leaders[0]):
            side.fill(run.keys)
        run.progress(row)
        for _ in range(run.rounds):
            mesh.wait_until("both are equal", lambda: mesh.equal(leaders))
            compare(run, [redis, leaders[0]], row, "set", servers.PIPELINE, run.keys)
