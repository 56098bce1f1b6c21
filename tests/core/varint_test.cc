#include "core/varint.h"

#include <random>

#include <doctest/doctest.h>

#include "tests/seed.h"

namespace anabranch::core::varint_test {
namespace {

std::string encoded(std::uint64_t value) {
  std::string out;
  put_varint(out, value);
  return out;
}

std::string encoded128(Int128 value) {
  char bytes[core::kVarint128Max];
  return {bytes, core::write_varint128(bytes, value)};
}

TEST_SUITE_BEGIN("core: varint");

TEST_CASE("varints have the bytes of the format") {
  CHECK(encoded(0) == std::string(1, '\0'));
  CHECK(encoded(127) == "\x7F");
  CHECK(encoded(128) == "\x80\x01");
  CHECK(encoded(300) == "\xAC\x02");
  CHECK(encoded(~0ULL) == "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01");
  CHECK(encoded128(0) == std::string(1, '\0'));
  CHECK(encoded128(-1) == "\x01");
  CHECK(encoded128(1) == "\x02");
  CHECK(encoded128(-64) == "\x7F");
  CHECK(encoded128(64) == "\x80\x01");
}

TEST_CASE("every width survives the round trip, and every truncation is noticed") {
  const std::uint64_t seed = test::seed();
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  for (unsigned bits = 0; bits <= 128; ++bits) {
    for (int i = 0; i < 50; ++i) {
      Int128 wide = static_cast<Int128>(rng()) << 64 | static_cast<Int128>(rng());
      wide = bits == 0 ? Int128{0} : wide >> (128 - bits);
      const std::string bytes = encoded128(wide);
      std::string_view in = bytes;
      const auto back = take_varint128(in);
      REQUIRE(back.has_value());
      CHECK((*back == wide));
      CHECK(in.empty());

      const auto narrow = static_cast<std::uint64_t>(wide);
      const std::string narrow_bytes = encoded(narrow);
      for (std::size_t size = 0; size < narrow_bytes.size(); ++size) {
        std::string_view cut = std::string_view(narrow_bytes).substr(0, size);
        CHECK_FALSE(take_varint(cut).has_value());
      }
      in = narrow_bytes;
      CHECK(take_varint(in) == narrow);
    }
  }
}

TEST_CASE("the bounds of 128 bits survive the round trip") {
  const Int128 max = (((Int128{1} << 126) - 1) << 1) + 1;
  for (const Int128 value : {max, Int128{-max - 1}}) {
    const std::string bytes = encoded128(value);
    CHECK(bytes.size() == 19);
    std::string_view in = bytes;
    CHECK((take_varint128(in) == value));
  }
}

TEST_CASE("over-long numbers are refused") {
  for (const std::string_view bytes :
       {std::string_view("\x80\x00", 2), std::string_view("\xFF\x80\x00", 3),
        std::string_view("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"),
        std::string_view("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01")}) {
    std::string_view in = bytes;
    CHECK_FALSE(take_varint(in).has_value());
  }
  const std::string wide = std::string(18, '\xFF');
  std::string_view in = wide;
  CHECK_FALSE(take_varint128(in).has_value());
  const std::string beyond = wide + "\x04";
  in = beyond;
  CHECK_FALSE(take_varint128(in).has_value());
  const std::string fits = wide + "\x03";
  in = fits;
  CHECK(take_varint128(in).has_value());
}

TEST_CASE("bytes are taken one after another, and never beyond the input") {
  std::string out;
  put_bytes(out, "abc");
  put_bytes(out, "");
  put_bytes(out, std::string(200, 'x'));
  std::string_view in = out;
  CHECK(take_bytes(in) == "abc");
  CHECK(take_bytes(in) == "");
  CHECK(take_bytes(in) == std::string(200, 'x'));
  CHECK(in.empty());
  CHECK_FALSE(take_bytes(in).has_value());

  for (std::size_t size = 0; size < 4; ++size) {
    std::string_view cut = std::string_view(out).substr(0, size);
    CHECK_FALSE(take_bytes(cut).has_value());
  }
  const std::string liar = encoded(~0ULL) + "abc";
  in = liar;
  CHECK_FALSE(take_bytes(in).has_value());
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::core::varint_test
