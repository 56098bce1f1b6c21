// The rule `wasm1`: everything but a module's bytes and its input that a verdict depends on. These
// are constants of the rule and never options: with other limits two regions would show different
// values for equal rows. A change of any of them, or of the counting below, is a new rule with
// another name.
//
// Modules: WebAssembly 1.0 with sign extension and mutable globals, without floating point, imports
// and a start function. Exports: `memory`, `alloc` (i32 size) -> i32 address, and
// `anabranch_resolve_1` (i32 address, i32 size) -> i64, -1 or address << 32 | size.
//
// Fuel: a call of a function costs kCallFuel, plus its declared locals (without parameters), plus
// its instructions outside of loops. A round of a loop, the first too, costs kRoundFuel plus the
// instructions of the loop outside of inner loops. (Calls and rounds take time of their own, also
// for the counting, so that a unit takes about the same time in all modules.) All instructions
// count but `end` and `else`, those of both arms of an `if` too. Each run of `memory.grow` costs
// kGrowFuel more. A cost is taken before anything of it runs, and where less is left than it, the
// call ends. Slots: a call holds as many as its parameters, locals and instructions, at least
// kCallSlots, until it returns.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace anabranch::plugins::wasm1 {

// ---- Of modules, checked by the gate.
inline constexpr std::size_t kModuleBytesMax = std::size_t{1} << 20;
inline constexpr std::uint32_t kTypesMax = 1000;
inline constexpr std::uint32_t kFunctionsMax = 4000;
inline constexpr std::uint32_t kGlobalsMax = 1000;
inline constexpr std::uint32_t kExportsMax = 1000;
inline constexpr std::uint32_t kSegmentsMax = 1000;  // Of data, and of elements.
inline constexpr std::uint32_t kElementsMax = 10'000;
inline constexpr std::uint32_t kTableMax = 4096;
inline constexpr std::uint32_t kParametersMax = 100;
inline constexpr std::uint32_t kLocalsMax = 1000;
inline constexpr std::uint32_t kNestingMax = 256;
// Of all functions together; each target of a `br_table` is one more.
inline constexpr std::uint32_t kInstructionsMax = 250'000;

// ---- Of a call.
inline constexpr std::uint32_t kPageBytes = 1U << 16;
inline constexpr std::uint32_t kPagesMax = 256;
inline constexpr std::uint64_t kMemoryBytesMax = std::uint64_t{kPagesMax} * kPageBytes;
inline constexpr std::uint32_t kAnswerBytesMax = 1U << 20;
inline constexpr std::uint32_t kSlots = 1U << 20;
inline constexpr std::uint32_t kCallSlots = 1024;
inline constexpr std::uint32_t kCallFuel = 5;
inline constexpr std::uint32_t kRoundFuel = 2;
inline constexpr std::uint32_t kGrowFuel = 1000;

// Returns the fuel of one call of a plugin.
constexpr std::uint32_t fuel_for(std::size_t input_bytes) {
  constexpr std::uint64_t kBase = 1'000'000;
  constexpr std::uint64_t kEach = 1000;
  constexpr std::uint64_t kMost = 50'000'000;
  return static_cast<std::uint32_t>(
      std::min(kMost, kBase + kEach * std::min<std::uint64_t>(input_bytes, kMost)));
}

}  // namespace anabranch::plugins::wasm1
