// The keys of an overlay are compared, and read by words, as their bytes are.

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>

#include "storage/overlay/overlay_key.h"
#include "tests/seed.h"

namespace anabranch::storage::test::overlay_key_test {
namespace {

int sign(int order) { return order < 0 ? -1 : order > 0 ? 1 : 0; }

// A word of the bytes from `at` on, with zeros behind their end.
std::uint64_t word_of(std::string_view bytes, std::size_t at) {
  std::uint64_t word = 0;
  for (std::size_t i = at; i < at + core::kWordBytes; ++i) {
    word = word << 8U | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
  }
  return word;
}

TEST_SUITE("storage: overlay") {
  TEST_CASE("keys are compared, and read by words, as their bytes are") {
    std::mt19937_64 random(anabranch::test::seed());
    constexpr std::string_view kAlphabet("\0\1\xFF", 3);
    const auto bytes = [&] {
      std::string all(1 + random() % 20, '\0');
      for (char& each : all) each = kAlphabet[random() % kAlphabet.size()];
      return all;
    };
    for (int i = 0; i < 20'000; ++i) {
      const std::string a = bytes();
      std::string b = a.substr(0, random() % (a.size() + 1)) + bytes();
      if (random() % 8 == 0) b = a;
      const OverlayKey key = OverlayKey::of(a);
      CHECK(sign(key.compare(b)) == sign(a.compare(b)));
      const std::size_t both = std::min(a.size(), b.size());
      const std::size_t common = core::common_bytes(a.data(), b.data(), both);
      if (common > 0) {
        CHECK(sign(key.compare_behind(1 + random() % common, b)) == sign(a.compare(b)));
      }
      CHECK(sign(key.compare_first(b.data(), both)) ==
            sign(a.substr(0, both).compare(b.substr(0, both))));
      CHECK(key.begins_with(b.data(), b.size()) == a.starts_with(b));
      CHECK(key.begins_with(b.data(), common));
      for (std::size_t at = 0; at <= a.size(); ++at) CHECK(key.word_behind(at) == word_of(a, at));
    }
  }

  TEST_CASE("a key that is the beginning of another one with zeros is the lower one") {
    const std::string a("\1ab", 3);
    const std::string b("\1ab\0\0", 5);
    CHECK(OverlayKey::of(a).word_behind(1) == OverlayKey::of(b).word_behind(1));
    CHECK(OverlayKey::of(a).compare_behind(9, b) < 0);
    CHECK(OverlayKey::of(b).compare_behind(9, a) > 0);
    CHECK(OverlayKey::of(b).compare_behind(9, b) == 0);
  }
}

}  // namespace
}  // namespace anabranch::storage::test::overlay_key_test
