// The runtime of AssemblyScript for a module that lives for one call: memory is given out and never
// comes back. Its own `stub` does the same, but begins in a start function, and the gate admits
// none.

const ALIGNMENT: usize = 16;
const HEADER: usize = 16; // Of an object: what the compiler expects before it.

// @ts-ignore: decorator
@lazy let next: usize = 0; // 0 until the first use.

// @ts-ignore: decorator
@unsafe @global
export function __alloc(size: usize): usize {
  if (next == 0) next = (__heap_base + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
  const at = next;
  if (size > (1 << 24)) unreachable();
  next = (at + size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
  const pages = i32((next + 0xffff) >>> 16);
  const missing = pages - memory.size();
  if (missing > 0 && memory.grow(missing) < 0) unreachable();
  return at;
}

// @ts-ignore: decorator
@unsafe @global
export function __realloc(at: usize, size: usize): usize {
  const other = __alloc(size);
  memory.copy(other, at, min(size, other - at));
  return other;
}

// @ts-ignore: decorator
@unsafe @global
export function __free(at: usize): void {}

// @ts-ignore: decorator
@unsafe @global
export function __new(size: usize, id: u32): usize {
  const at = __alloc(HEADER + size) + HEADER;
  store<u32>(at - 8, id);
  store<u32>(at - 4, <u32>size);
  return at;
}

// @ts-ignore: decorator
@unsafe @global
export function __renew(old: usize, size: usize): usize {
  const at = __new(size, load<u32>(old - 8));
  memory.copy(at, old, min(size, <usize>load<u32>(old - 4)));
  return at;
}

// @ts-ignore: decorator
@unsafe @global
export function __link(parent: usize, child: usize, expectMultiple: bool): void {}

// @ts-ignore: decorator
@unsafe @global
export function __pin(at: usize): usize {
  return at;
}

// @ts-ignore: decorator
@unsafe @global
export function __unpin(at: usize): void {}

// @ts-ignore: decorator
@unsafe @global
export function __visit(at: usize, cookie: u32): void {}

// @ts-ignore: decorator
@unsafe @global
export function __collect(): void {}
