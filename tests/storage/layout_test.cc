// The forms of keys: numbers sort as numbers.

#include <doctest/doctest.h>

#include <string>

#include "storage/layout.h"

namespace anabranch::storage::layout_test {
namespace {

TEST_CASE("Big-endian numbers come back and sort as bytes") {
  std::string previous;
  for (const std::uint64_t number :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{127}, std::uint64_t{128},
        std::uint64_t{255}, std::uint64_t{256}, std::uint64_t{1} << 40U, ~std::uint64_t{0}}) {
    const std::string bytes = big_endian(number);
    CHECK(bytes.size() == 8);
    CHECK(from_big_endian(bytes) == number);
    CHECK(previous < bytes);
    previous = bytes;
  }
  CHECK(big_endian(0x0102030405060708) == "\x01\x02\x03\x04\x05\x06\x07\x08");
}

TEST_CASE("Keys of meta are a letter and a number") {
  CHECK(origin_key(1) == std::string("o\0\0\0\0\0\0\0\1", 9));
  CHECK(head_key(0xFF) == std::string("h\0\0\0\0\0\0\0\xFF", 9));
}

}  // namespace
}  // namespace anabranch::storage::layout_test
