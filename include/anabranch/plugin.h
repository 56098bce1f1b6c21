// Plugins: conflict resolvers as WebAssembly modules, stored in rows, so that every region runs the
// same bytes from the same moment on.
//
//   const std::string rule = store.add_plugin(bytes_of("highest_bid.wasm"));
//   store.set_policy("bids/", anabranch::Policy::wasm1(rule));
//
// The rule `wasm1` bounds each call by the module and its input alone. A module without an answer
// (it traps, or uses up its fuel) shows the last written, in every region. Modules are written with
// <anabranch/guest/resolver.h> and tried with `anabranch plugin check`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace anabranch {

// A policy's keys.
struct PluginUse {
  std::uint8_t database = 0;
  std::string prefix;
};

// One row of Store::plugins.
struct PluginAt {
  std::string name;                     // The BLAKE2b-256 of the module: 64 hexadecimal digits.
  std::uint64_t bytes = 0;              // Its size.
  std::string refused = {};             // Why this version does not run it; empty if it does.
  std::vector<PluginUse> used_by = {};  // Policies in force that name it.
};

}  // namespace anabranch
