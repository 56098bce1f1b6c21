// The interface of conflict resolvers, as <anabranch/guest/resolver.h> is for C: reads the input.

// Bytes of the input. `data` is 0 for bytes that are not there.
@final export class Bytes {
  constructor(public data: usize, public size: u32) {}
}

// One of the concurrent values.
@final export class Sibling {
  constructor(
    public value: Bytes,
    public base: Bytes, // The value that it replaced; not there unless the policy keeps bases.
    public region: Bytes,
    public time_ms: i64,
  ) {}
}

@final export class Conflict {
  constructor(
    public key: Bytes,
    public prefix: Bytes,
    public type: u32,
    public path: StaticArray<Bytes>,
    public siblings: StaticArray<Sibling>, // The last one was written last.
  ) {}
}

// The answer that leaves the decision to the last written.
export const DECLINED: u64 = u64.MAX_VALUE;

// The answer that shows these bytes.
export function show(bytes: Bytes): u64 {
  return (u64(bytes.data) << 32) | bytes.size;
}

@final class Reader {
  constructor(private at: usize) {}

  u32(): u32 {
    const number = load<u32>(this.at);
    this.at += 4;
    return number;
  }

  i64(): i64 {
    const number = load<i64>(this.at);
    this.at += 8;
    return number;
  }

  bytes(): Bytes {
    const size = this.u32();
    if (size == u32.MAX_VALUE) return new Bytes(0, 0);
    const bytes = new Bytes(this.at, size);
    this.at += size;
    return bytes;
  }
}

// Reads the input of `anabranch_resolve_1`.
export function read(at: usize): Conflict {
  const reader = new Reader(at);
  const count = reader.u32();
  const key = reader.bytes();
  const prefix = reader.bytes();
  const type = reader.u32();
  const path = new StaticArray<Bytes>(reader.u32());
  for (let i = 0; i < path.length; ++i) path[i] = reader.bytes();
  const siblings = new StaticArray<Sibling>(count);
  for (let i = 0; i < siblings.length; ++i) {
    const time_ms = reader.i64();
    const region = reader.bytes();
    const base = reader.bytes();
    siblings[i] = new Sibling(reader.bytes(), base, region, time_ms);
  }
  return new Conflict(key, prefix, type, path, siblings);
}
