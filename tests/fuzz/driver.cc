// Runs a fuzz target without libFuzzer: takes its examples, changes them at random, and calls the
// target with each. The seed repeats a run; a crash has printed it before.
//
//   fuzz_batch [ROUNDS] [--seed N]

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/target.h"
#include "tests/seed.h"

namespace anabranch::test {
namespace {

#ifdef ANABRANCH_SANITIZED
constexpr std::uint64_t kRounds = 8'000;
#else
constexpr std::uint64_t kRounds = 20'000;
#endif
constexpr std::uint64_t kRoundsLong = 1'000'000;
constexpr std::size_t kSizeMax = 1U << 16U;

// Numbers at the limits of decoders.
constexpr std::array<std::uint64_t, 12> kNumbers = {0,
                                                    1,
                                                    0x7f,
                                                    0x80,
                                                    0xff,
                                                    0xffff,
                                                    0x7fffffff,
                                                    0x80000000,
                                                    0xffffffff,
                                                    0x7fffffffffffffff,
                                                    0x8000000000000000,
                                                    0xffffffffffffffff};

void write_number(std::string& text, Rng& rng) {
  const std::uint64_t number = kNumbers[up_to(rng, kNumbers.size() - 1)];
  const std::size_t width = std::size_t{1} << up_to(rng, 3);
  const std::size_t at = up_to(rng, text.size());
  const bool is_big = up_to(rng, 1) == 0;
  for (std::size_t i = 0; i < width && at + i < text.size(); ++i) {
    text[at + i] = static_cast<char>(number >> (8 * (is_big ? width - 1 - i : i)));
  }
}

void change(std::string& text, const std::string& other, Rng& rng) {
  const std::size_t at = up_to(rng, text.size());
  const std::size_t count = up_to(rng, std::min<std::size_t>(text.size() - at, 16));
  switch (up_to(rng, 6)) {
    case 0:
      if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << up_to(rng, 7)));
      break;
    case 1:
      text.insert(at, random_bytes(rng, 8));
      break;
    case 2:
      text.erase(at, count);
      break;
    case 3:
      text.insert(at, text.substr(up_to(rng, text.size()), 64));
      break;
    case 4:
      text.resize(at);
      break;
    case 5:
      write_number(text, rng);
      break;
    default:
      text = text.substr(0, at) + other.substr(up_to(rng, other.size()));
      break;
  }
}

void run(std::uint64_t rounds) {
  Rng rng{seed()};
  std::vector<std::string> inputs = fuzz_examples(rng);
  const auto call = [](const std::string& input) {
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  };
  call({});
  for (const std::string& input : inputs) call(input);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    std::string input = inputs[up_to(rng, inputs.size() - 1)];
    const std::string& other = inputs[up_to(rng, inputs.size() - 1)];
    for (std::uint64_t changes = 1 + up_to(rng, 5); changes > 0; --changes) {
      change(input, other, rng);
    }
    input.resize(std::min(input.size(), kSizeMax));
    call(input);
    // Some go on from the inputs of others.
    if (up_to(rng, 15) == 0) inputs[up_to(rng, inputs.size() - 1)] = input;
    if (round % 1024 == 1023) inputs = fuzz_examples(rng);
  }
}

}  // namespace
}  // namespace anabranch::test

int main(int argc, char** argv) {
  using namespace anabranch::test;
  std::uint64_t rounds = long_run() ? kRoundsLong : kRounds;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const bool is_seed = word == "--seed" && i + 1 < argc && set_seed(argv[i + 1]);
    const auto read = std::from_chars(word.data(), word.data() + word.size(), rounds);
    if (is_seed) ++i;
    if (!is_seed && read.ptr != word.data() + word.size()) {
      std::cerr << "usage: [ROUNDS] [--seed N]\n";
      return EXIT_FAILURE;
    }
  }
  std::cerr << "seed: " << seed() << " (repeat with --seed)" << std::endl;
  run(rounds);
  std::cerr << rounds << " inputs\n";
  return EXIT_SUCCESS;
}
