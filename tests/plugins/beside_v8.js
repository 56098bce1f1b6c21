// Asks V8 what the interpreter was asked: node beside_v8.js FILE, a file of beside_v8.cc. Verdict,
// value and fuel must be equal for every call.
'use strict';
const fs = require('fs');

const VERDICTS = ['value', 'declined', 'out of fuel', 'out of stack', 'trap', 'bad answer', 'answer too large'];
const SLOTS = 1 << 20;
const MEMORY_MAX = 1 << 24;
const ANSWER_MAX = 1 << 20;

function* records(bytes) {
  for (let at = 0; at < bytes.length;) {
    const size = bytes.readUInt32LE(at + 1);
    yield [String.fromCharCode(bytes[at]), bytes.subarray(at + 5, at + 5 + size)];
    at += 5 + size;
  }
}

function verdict(exports, input) {
  const room = exports.alloc(input.length) >>> 0;
  if (room + input.length > exports.memory.buffer.byteLength) return ['bad answer', ''];
  new Uint8Array(exports.memory.buffer).set(input, room);
  const answer = BigInt.asUintN(64, exports.anabranch_resolve_1(room | 0, input.length));
  if (answer === 0xffffffffffffffffn) return ['declined', ''];
  const at = Number(answer >> 32n);
  const size = Number(answer & 0xffffffffn);
  if (at + size > exports.memory.buffer.byteLength) return ['bad answer', ''];
  if (size > ANSWER_MAX) return ['answer too large', ''];
  return ['value', Buffer.from(exports.memory.buffer, at, size).toString('latin1')];
}

function call(module, input, limit) {
  if (input.length > MEMORY_MAX) return ['trap', '', limit];
  const exports = new WebAssembly.Instance(module, {}).exports;
  const fuel = exports.anabranch_fuel;
  const slots = exports.anabranch_slots;
  fuel.value = limit;
  slots.value = SLOTS;
  let outcome;
  try {
    outcome = verdict(exports, input);
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    outcome = [fuel.value < 0 ? 'out of fuel' : slots.value < 0 ? 'out of stack' : 'trap', ''];
  }
  return [...outcome, fuel.value];
}

const counts = new Map();
let code = null;
let input = null;
let calls = 0;
let different = 0;
for (const [kind, bytes] of records(fs.readFileSync(process.argv[2]))) {
  if (kind === 'm') {
    code = new WebAssembly.Module(bytes);
  } else if (kind === 'i') {
    input = bytes;
  } else {
    const limit = bytes.readUInt32LE(0);
    const expected = [VERDICTS[bytes.readUInt32LE(8)], bytes.subarray(12).toString('latin1'), bytes.readInt32LE(4)];
    const found = call(code, input, limit);
    counts.set(found[0], (counts.get(found[0]) || 0) + 1);
    ++calls;
    if (JSON.stringify(found) !== JSON.stringify(expected)) {
      if (++different <= 10) console.log(`call ${calls}: V8 ${JSON.stringify(found)}, wabt ${JSON.stringify(expected)}`);
    }
    if (calls % 500 === 0 && global.gc) global.gc();
  }
}
console.log([...counts].map(([name, count]) => `${name} ${count}`).sort().join(', '));
console.log(`${different} of ${calls} calls differ`);
const missing = VERDICTS.filter((name) => !counts.has(name));
if (missing.length > 0) console.log(`no call ended in: ${missing.join(', ')}`);
process.exitCode = different > 0 || calls === 0 || missing.length > 0 ? 1 : 0;
