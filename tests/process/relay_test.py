#!/usr/bin/env python3
"""Two leaders that are connected only through a third get each other's writes, also those made
while the one in the middle was dead, and removes as well as additions."""

from leaders import World, check, new_random, wait_until


def main():
    new_random()
    with World() as world:
        middle = world.start("middle")
        east = world.start("east", peers=[middle])
        west = world.start("west", peers=[middle])
        wait_until("both are connected to the middle",
                   lambda: east.is_connected(middle) and west.is_connected(middle))

        east.call("SET", "from:east", "1")
        west.call("SET", "from:west", "2")
        wait_until("west has east's write", lambda: west.call("GET", "from:east") == "1")
        wait_until("east has west's write", lambda: east.call("GET", "from:west") == "2")
        check(not any(peer["region"] == "west" and peer["connected"]
                      for peer in east.status()["peers"]), "east is connected to west itself")

        middle.kill()
        for i in range(200):
            east.call("SADD", "set", f"east:{i}")
            west.call("SADD", "set", f"west:{i}")
            east.call("INCR", "count")
            west.call("INCR", "count")
        east.call("DEL", "from:west")
        west.call("DEL", "from:east")
        middle.start()
        world.wait_equal([east, middle, west])
        for leader in (east, middle, west):
            check(leader.call("SCARD", "set") == 400, f"{leader.region}: a set of 400 elements")
            check(leader.call("GET", "count") == "400", f"{leader.region}: a count of 400")
            check(leader.call("EXISTS", "from:east", "from:west") == 0,
                  f"{leader.region}: what was deleted is gone")


if __name__ == "__main__":
    main()
