// A fuzz target: one decoder of foreign bytes, in the form that libFuzzer calls (clang
// -fsanitize=fuzzer), and examples of valid bytes, for the driver of our own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/core/random_batch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace anabranch::test {

// Inputs that are valid, or nearly so, to be changed.
std::vector<std::string> fuzz_examples(Rng& rng);

inline std::string_view view_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace anabranch::test
