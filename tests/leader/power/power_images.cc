// Makes directories as a loss of power leaves them, for power_cut_test.py:
// `power_images FOLDER COUNT SEED` prints a line of JSON for each of them.

#include <array>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <random>
#include <string>

#include "tests/leader/power/power_life.h"

namespace {

using anabranch::Durability;
using anabranch::test::PowerCut;
using anabranch::test::PowerLife;

constexpr std::array kNames{"sync", "interval", "none"};  // As Durability has them.

void make(const std::string& folder, std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  constexpr std::array kDurabilities{Durability::kInterval, Durability::kNone, Durability::kSync};
  for (std::size_t i = 0; i < count; ++i) {
    const Durability durability = kDurabilities.at(i % kDurabilities.size());
    PowerLife life(durability, random());
    const PowerCut cut = life.cut(folder + '/' + std::to_string(i), i % 2 == 0);
    std::cout << "{\"data\": \"" << cut.data.string() << "\", \"durability\": \""
              << kNames.at(static_cast<std::size_t>(durability))
              << "\", \"acknowledged\": " << cut.acknowledged << ", \"begun\": " << cut.begun
              << ", \"hole\": " << cut.hole << ", \"token\": \"" << life.token(0) << "\"}\n";
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) {
    std::cerr << "usage: power_images FOLDER COUNT SEED\n";
    return 2;
  }
  make(argv[1], std::strtoul(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10));
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
