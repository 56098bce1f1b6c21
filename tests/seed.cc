#include "tests/seed.h"

#include <charconv>
#include <cstdlib>
#include <optional>
#include <ostream>
#include <random>

namespace anabranch::test {
namespace {

struct Seed {
  std::optional<std::uint64_t> fixed;
  bool asked = false;
};

Seed& current() {
  static Seed instance;
  return instance;
}

std::uint64_t from_entropy() {
  std::random_device device;
  const std::uint64_t high = device();
  return high << 32 | device();
}

}  // namespace

std::uint64_t seed() {
  Seed& state = current();
  state.asked = true;
  if (!state.fixed) {
    const char* text = std::getenv("ANABRANCH_TEST_SEED");
    if (text == nullptr || !set_seed(text)) state.fixed = from_entropy();
  }
  return *state.fixed;
}

bool set_seed(std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return false;
  current().fixed = value;
  return true;
}

void print_seed(std::ostream& out) {
  if (current().asked) out << "seed: " << *current().fixed << " (repeat with --seed)\n";
}

bool long_run() {
  const char* text = std::getenv("ANABRANCH_TEST_LONG");
  return text != nullptr && std::string_view{text} == "1";
}

}  // namespace anabranch::test
