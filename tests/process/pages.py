"""The pages of an LMDB file that are in use, as LMDB 0.9 lays them out on this machine."""

import struct

PAGE = 4096
BRANCH, LEAF, OVERFLOW = 0x01, 0x02, 0x04
BIG, TABLE = 0x01, 0x02      # Of an entry on a leaf: its value is on pages of its own; is a table.
NONE = 2**64 - 1


def pages_in_use(data):
    """{page number: kind}, the kind being "branch of rows" and the like, or "meta"."""
    found = {0: "meta", 1: "meta"}
    free, main = roots(data)
    walk(data, free, "free pages", found)
    walk(data, main, "tables", found)
    return found


def values_in_use(data, table):
    """[(offset, size)] of all values of a table; what is left of old ones beside them is not among
    these."""
    found = []
    for page, kind in pages_in_use(data).items():
        if kind != f"leaf of {table}":
            continue
        begin = page * PAGE
        lower = struct.unpack_from("<H", data, begin + 12)[0]
        for at in struct.unpack_from(f"<{(lower - 16) // 2}H", data, begin + 16):
            low, high, bits, key = struct.unpack_from("<HHHH", data, begin + at)
            value = begin + at + 8 + key
            if bits & BIG:
                value = struct.unpack_from("<Q", data, value)[0] * PAGE + 16
            found.append((value, low | high << 16))
    return found


def roots(data):
    """The first pages of the two tables that every file has, as the newer commit left them."""
    def of(page):
        begin = page * PAGE
        return (struct.unpack_from("<Q", data, begin + 144)[0],
                struct.unpack_from("<Q", data, begin + 80)[0],
                struct.unpack_from("<Q", data, begin + 128)[0])
    return max(of(0), of(1))[1:]


def walk(data, page, table, found):
    if page == NONE:
        return
    begin = page * PAGE
    flags, lower = struct.unpack_from("<HH", data, begin + 10)
    found[page] = f"{'branch' if flags & BRANCH else 'leaf'} of {table}"
    for at in struct.unpack_from(f"<{(lower - 16) // 2}H", data, begin + 16):
        low, high, bits, key = struct.unpack_from("<HHHH", data, begin + at)
        if flags & BRANCH:
            walk(data, low | high << 16 | bits << 32, table, found)
            continue
        value = begin + at + 8 + key
        if bits & BIG:
            first = struct.unpack_from("<Q", data, value)[0]
            count = struct.unpack_from("<I", data, first * PAGE + 12)[0]
            found.update({first + i: f"value of {table}" for i in range(count)})
        if bits & TABLE and table == "tables":
            name = data[begin + at + 8:value].decode()
            walk(data, struct.unpack_from("<Q", data, value + 40)[0], name, found)
