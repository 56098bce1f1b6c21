// Keys for trees of overlays: of all the orders in which keys come, and that begin alike.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "storage/layout.h"

namespace anabranch::storage::test {

enum class KeyOrder : std::uint8_t {
  kRandom,
  kAscending,
  kDescending,
  kClustered,
  kSpaces,
  kHostile
};
inline constexpr std::array kKeyOrders{KeyOrder::kRandom,     KeyOrder::kAscending,
                                       KeyOrder::kDescending, KeyOrder::kClustered,
                                       KeyOrder::kSpaces,     KeyOrder::kHostile};

// Gives one key after another, some of them several times.
class Keys {
 public:
  Keys(KeyOrder order, std::uint64_t seed) : order_(order), random_(seed) {}

  std::string next() {
    const std::uint64_t number = number_++;
    switch (order_) {
      case KeyOrder::kRandom:
        return name(random_() % 20'000);
      case KeyOrder::kAscending:
        return name(number);
      case KeyOrder::kDescending:
        return name(10'000'000 - number);
      case KeyOrder::kClustered:
        if (number % 50 == 0) cluster_ = random_() % 1'000;
        return name(cluster_ * 1'000 + random_() % 60);
      case KeyOrder::kSpaces:
        return space();
      case KeyOrder::kHostile:
        return hostile();
    }
    return {};
  }

 private:
  static std::string name(std::uint64_t number) {
    std::string digits = std::to_string(number);
    return "\1key:" + std::string(12 - digits.size(), '0') + digits;
  }
  // Keys that begin in a few ways, each with a long part that is always the same.
  std::string space() {
    constexpr std::array kSpaces{"\1", "\1counter:", "\1user:names:", "\2a longer one by far:"};
    const std::string_view space = kSpaces[random_() % kSpaces.size()];
    const std::string rest = name(random_() % 5'000);
    return std::string(space) + rest + (random_() % 8 == 0 ? rest : "");
  }
  // Keys that are the beginnings of others, that differ in zeros alone, or in their last byte.
  std::string hostile() {
    constexpr std::string_view kAlphabet("\0\1\xFE\xFF", 4);
    const bool is_long = random_() % 8 == 0;
    const std::size_t size = is_long ? kKeySizeMax - random_() % 3 : 1 + random_() % 12;
    std::string key(size, '\0');
    for (std::size_t i = 0; i < std::min<std::size_t>(size, 6); ++i) {
      key[i] = kAlphabet[random_() % kAlphabet.size()];
    }
    key.back() = kAlphabet[random_() % kAlphabet.size()];
    return key;
  }

  const KeyOrder order_;
  std::mt19937_64 random_;
  std::uint64_t number_ = 0;
  std::uint64_t cluster_ = 0;
};

}  // namespace anabranch::storage::test
