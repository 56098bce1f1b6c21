// Of concurrent versions "MAJOR.MINOR.PATCH" the newest is shown; of equal ones the last written. A
// value that is no version is shown if there is no version.
import { Bytes, DECLINED, read, show } from "./anabranch";

const PARTS: u32 = 3;
const DIGITS: u32 = 6;

// Returns the version as one number, in the order of versions; -1 if the value is none.
function number_of(value: Bytes): i64 {
  let version: i64 = 0;
  let part: i64 = 0;
  let parts: u32 = 1;
  let digits: u32 = 0;
  for (let i: u32 = 0; i < value.size; ++i) {
    const byte = load<u8>(value.data + i);
    if (byte == 46 && digits > 0 && parts < PARTS) {
      version = version * 1000000 + part;
      part = 0;
      digits = 0;
      ++parts;
    } else {
      if (byte < 48 || byte > 57 || digits == DIGITS) return -1;
      part = part * 10 + (byte - 48);
      ++digits;
    }
  }
  return parts == PARTS && digits > 0 ? version * 1000000 + part : -1;
}

export function alloc(size: u32): usize {
  return __alloc(size);
}

export function anabranch_resolve_1(at: usize, size: u32): u64 {
  const siblings = read(at).siblings;
  let shown = DECLINED;
  let newest: i64 = -1;
  for (let i = 0; i < siblings.length; ++i) {
    const version = number_of(siblings[i].value);
    if (version < 0 || version < newest) continue;
    newest = version;
    shown = show(siblings[i].value);
  }
  return shown;
}
