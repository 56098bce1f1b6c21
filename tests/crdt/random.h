// Random choices of a test, all from one seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>

namespace anabranch::test {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t bits() { return engine_(); }
  // A number from `low` to `high`, both included.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(engine_);
  }
  // A number below `size`; `size` must not be zero.
  std::size_t below(std::size_t size) {
    return std::uniform_int_distribution<std::size_t>(0, size - 1)(engine_);
  }
  // A number from 0 to 1, 1 excluded.
  double unit() { return std::uniform_real_distribution<double>(0, 1)(engine_); }
  bool chance(double probability) { return unit() < probability; }
  // One of `choices`; they must not be empty.
  template <typename Choices>
  const auto& pick(const Choices& choices) {
    return choices[below(std::size(choices))];
  }
  // An index into `weights`, each as likely as its weight says.
  template <typename Weights>
  std::size_t weighted(const Weights& weights) {
    return std::discrete_distribution<std::size_t>(std::begin(weights), std::end(weights))(engine_);
  }
  // Up to `size_max` bytes of any value.
  std::string bytes(std::size_t size_max) {
    std::string text(below(size_max + 1), '\0');
    for (char& c : text) c = static_cast<char>(bits());
    return text;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace anabranch::test
