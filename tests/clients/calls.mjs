// The calls of a client program, a line each: `ok NAME`, or `failed NAME: WHY`.

import assert from "node:assert";

// Runs a call. Its result must equal `expected`, or be accepted by it if it is a function.
export async function call(name, run, expected) {
  try {
    const result = await run();
    if (typeof expected === "function") {
      assert(expected(result), `gave ${JSON.stringify(result)}`);
    } else {
      assert.deepEqual(result, expected);
    }
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`failed ${name}: ${String(error.message ?? error).split(/\s+/).join(" ").slice(0, 300)}`);
  }
}

export const range = (count) => [...Array(count).keys()];
