// Rewrites a module so that it counts its fuel and its stack itself (rule.h). The counts follow
// from the module's bytes alone: any engine that runs the rewritten module gets the same ones.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace anabranch::plugins {

// A module that counts, and the numbers of its parts.
struct Metered {
  std::string bytes;
  std::uint32_t fuel = 0;   // Mutable global, i32: what is left. Negative after too much.
  std::uint32_t slots = 0;  // The same of the stack.
  std::uint32_t memory = 0;
  std::uint32_t alloc = 0;  // Functions.
  std::uint32_t resolve = 0;
};

// Names of the exports that metered_for_others() adds.
inline constexpr std::string_view kFuelExport = "anabranch_fuel";
inline constexpr std::string_view kSlotsExport = "anabranch_slots";

// Returns the metered form of a module that passed the gate. Fails with kInvalid, and the reason as
// a predicate ("exports no memory"), if its types are wrong or an export is missing.
core::Result<Metered> meter(std::string_view module);
// The same for other engines, that find globals by their names only: both counters are exported.
core::Result<Metered> metered_for_others(std::string_view module);

}  // namespace anabranch::plugins
