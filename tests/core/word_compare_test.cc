// Comparisons by words give what std::string gives, for all sizes and wherever the bytes differ.

#include "core/word_compare.h"

#include <string>

#include <doctest/doctest.h>

namespace anabranch::core::word_compare_test {
namespace {

int sign_of(int order) { return order < 0 ? -1 : order > 0 ? 1 : 0; }

TEST_SUITE("core: word compare") {
  TEST_CASE("bytes are compared as memcmp() does, and have as many in common as they should") {
    for (std::size_t size = 0; size <= 40; ++size) {
      const std::string a(size, 'k');
      CHECK(compare_words(a.data(), a.data(), size) == 0);
      CHECK(common_bytes(a.data(), a.data(), size) == size);
      CHECK(same_words(a.data(), a.data(), size));
      for (std::size_t at = 0; at < size; ++at) {
        for (const char other : {'\0', 'j', 'l', '\xFF'}) {
          std::string b = a;
          b[at] = other;
          b.back() = at + 1 < size ? 'z' : b.back();  // Behind what decides.
          CHECK(sign_of(compare_words(a.data(), b.data(), size)) == sign_of(a.compare(b)));
          CHECK(sign_of(compare_words(b.data(), a.data(), size)) == sign_of(b.compare(a)));
          CHECK(common_bytes(a.data(), b.data(), size) == at);
          CHECK_FALSE(same_words(a.data(), b.data(), size));
        }
      }
    }
  }

  TEST_CASE("a word has zeros where the bytes end") {
    const std::string bytes("\1\2\3\4\5\6\7\10\11\0\13", 11);
    CHECK(word_at(bytes, 0) == 0x0102030405060708);
    CHECK(word_at(bytes, 3) == 0x0405060708'09000b);
    CHECK(word_at(bytes, 4) == 0x05060708'09000b00);
    CHECK(word_at(bytes, 10) == 0x0b00000000000000);
    CHECK(word_at(bytes, 11) == 0);
    CHECK(word_at("abc", 1) == 0x6263000000000000);
    CHECK(word_at("", 0) == 0);
  }
}

}  // namespace
}  // namespace anabranch::core::word_compare_test
