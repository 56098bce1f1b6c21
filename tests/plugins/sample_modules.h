// Modules to be changed, and to be run beside another engine.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace anabranch::test {

// Returns admitted modules that use all that WebAssembly 1.0 has, and end in every verdict,
// depending on their input.
std::vector<std::string> sample_modules();

// Returns an admitted module of random code: arithmetic, memory, loops, branches, calls. It answers
// with the numbers that came of its input.
std::string random_module(std::mt19937_64& random);

}  // namespace anabranch::test
