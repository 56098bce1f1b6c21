// The WebAssembly that wabt may accept for the rule `wasm1`: each feature beyond 1.0 is off but
// sign extension and mutable globals, whatever this version of wabt knows and has on by default.
#pragma once

#include <wabt/binary-reader.h>
#include <wabt/feature.h>

namespace anabranch::plugins::wabt_options {

inline wabt::Features features() {
  wabt::Features features;
#define WABT_FEATURE(variable, flag, default_, help) features.disable_##variable();
#include <wabt/feature.def>
#undef WABT_FEATURE
  features.enable_sign_extension();
  features.enable_mutable_globals();
  return features;
}

inline wabt::ReadBinaryOptions reading() {
  wabt::ReadBinaryOptions options;
  options.features = features();
  return options;
}

}  // namespace anabranch::plugins::wabt_options
