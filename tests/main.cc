// The main function of every doctest program: doctest's own, and `--seed N`, which repeats the
// random choices of an earlier run.

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdlib>
#include <iostream>
#include <string_view>

#include "tests/seed.h"

namespace {

// Reads `--seed N` or `--seed=N`. Returns false if N is not a number.
bool read_seed(int argc, char** argv) {
  constexpr std::string_view kFlag = "--seed";
  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i];
    if (!argument.starts_with(kFlag)) continue;
    argument.remove_prefix(kFlag.size());
    if (argument.starts_with('=')) return anabranch::test::set_seed(argument.substr(1));
    if (argument.empty()) return i + 1 < argc && anabranch::test::set_seed(argv[i + 1]);
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (!read_seed(argc, argv)) {
    std::cerr << "usage: --seed N, where N is a number below 2^64\n";
    return EXIT_FAILURE;
  }
  doctest::Context context{argc, argv};
  const int result = context.run();
  if (!context.shouldExit()) anabranch::test::print_seed(std::cerr);
  return result;
}
