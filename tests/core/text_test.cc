// UTF-8, hexadecimal digits and numbers: accepted texts, and above all refused ones.

#include "core/text.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace anabranch::text_test {

using namespace core;

namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

// A number in as many bytes as are asked for, as UTF-8 would write it if it could.
std::string in_bytes(std::uint32_t point, std::size_t size) {
  if (size == 1) return {static_cast<char>(point)};
  std::string text(size, '\0');
  for (std::size_t i = size; i-- > 1; point >>= 6U) {
    text[i] = static_cast<char>(0x80U | (point & 0x3FU));
  }
  const std::uint32_t marks = (0xFF00U >> size) & 0xFFU;
  text[0] = static_cast<char>(marks | point);
  return text;
}

std::size_t right_size(std::uint32_t point) {
  if (point < 0x80) return 1;
  if (point < 0x800) return 2;
  return point < 0x10000 ? 3 : 4;
}

}  // namespace

TEST_SUITE("core: text") {
  TEST_CASE("every code point is valid UTF-8 in its shortest form and in no longer one") {
    std::size_t wrong = 0;
    for (std::uint32_t point = 0; point <= 0x1FFFFF; ++point) {
      const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
      const bool exists = point <= 0x10FFFF && !surrogate;
      const std::size_t right = right_size(point);
      for (std::size_t size = right; size <= 4; ++size) {
        const std::size_t expected = exists && size == right ? size : 0;
        if (code_point_size(in_bytes(point, size) + "x") != expected) ++wrong;
      }
    }
    CHECK(wrong == 0);
  }

  TEST_CASE("bytes that are cut off, stray or of no code point are no UTF-8") {
    CHECK(code_point_size("") == 0);
    for (const std::string_view bytes :
         {"\x80", "\xBF", "\xC3", "\xC3(", "\xE2\x82", "\xE2\x28\xA1", "\xE2\x82(", "\xF0\x9F\x98",
          "\xF0\x9F\x98(", "\xF5\x80\x80\x80", "\xF8\x88\x80\x80\x80", "\xFE", "\xFF"}) {
      CAPTURE(to_hex(bytes));
      CHECK(code_point_size(bytes) == 0);
      CHECK_FALSE(is_utf8(bytes));
      CHECK_FALSE(is_utf8("a" + std::string(bytes)));
    }
    CHECK(is_utf8(""));
    CHECK(is_utf8("a\x7F\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80z"));
  }

  TEST_CASE("a mark before a text, and the end of its first line, are not part of it") {
    CHECK(without_mark("\xef\xbb\xbfuser") == "user");
    CHECK(without_mark("user\xef\xbb\xbf") == "user\xef\xbb\xbf");
    CHECK(without_mark("\xef\xbb") == "\xef\xbb");
    CHECK(without_mark("").empty());
    CHECK(first_line("secret\r\n") == "secret");
    CHECK(first_line("secret\nmore") == "secret");
    CHECK(first_line("secret") == "secret");
    CHECK(first_line("\n").empty());
  }

  TEST_CASE("hexadecimal digits are lower case and of fixed width") {
    CHECK(to_hex("") == "");
    CHECK(to_hex(std::string_view("\0\x0F\xA0\xFFz", 5)) == "000fa0ff7a");
    CHECK(to_hex(std::uint64_t{0}) == "0000000000000000");
    CHECK(to_hex(std::uint64_t{0xFEDCBA9876543210}) == "fedcba9876543210");
    CHECK(escaped('\n') == "\\x0a");
    CHECK(escaped('\xFF') == "\\xff");
  }

  TEST_CASE("only canonical decimal digits of 64 bits are an integer") {
    CHECK(parse_integer("0") == 0);
    CHECK(parse_integer("-1") == -1);
    CHECK(parse_integer("10") == 10);
    CHECK(parse_integer("9223372036854775807") == kMax);
    CHECK(parse_integer("-9223372036854775808") == kMin);
    for (const char* bytes : {"",
                              "-",
                              "+1",
                              "01",
                              "-0",
                              "-01",
                              "00",
                              " 1",
                              "1 ",
                              "1.0",
                              "1e3",
                              "0x1",
                              "abc",
                              "--1",
                              "9223372036854775808",
                              "-9223372036854775809",
                              "18446744073709551616",
                              "99999999999999999999",
                              "1-",
                              "1a"}) {
      CAPTURE(bytes);
      CHECK_FALSE(parse_integer(bytes).has_value());
    }
    CHECK_FALSE(parse_integer(std::string_view("1\0", 2)).has_value());
  }

  TEST_CASE("a number is all of the text and fits its type") {
    CHECK(parse_number<std::uint8_t>("255") == 255);
    CHECK(parse_number<std::uint8_t>("007") == 7);
    CHECK(parse_number<int>("-12") == -12);
    CHECK(parse_number<std::uint8_t, 16>("fF") == 255);
    CHECK(parse_number<std::uint64_t, 16>("ffffffffffffffff") == ~std::uint64_t{0});
    for (const char* digits : {"", "256", "-1", "+1", " 1", "1 ", "1x", "0x1"}) {
      CAPTURE(digits);
      CHECK_FALSE(parse_number<std::uint8_t>(digits).has_value());
    }
    CHECK_FALSE(parse_number<std::uint8_t, 16>("0g").has_value());
  }

  TEST_CASE("a real number is finite") {
    CHECK(parse_finite("1") == 1.0);
    CHECK(parse_finite("-2.5") == -2.5);
    CHECK(parse_finite("1e+22") == 1e22);
    for (const char* bytes : {"", "x", "1.5x", " 1", "+1", "inf", "-inf", "nan", "1e999"}) {
      CAPTURE(bytes);
      CHECK_FALSE(parse_finite(bytes).has_value());
    }
  }

  TEST_CASE("a number beyond the range of doubles is none, above it and below it") {
    for (const char* bytes :
         {"1e-400", "-1e-400", "0.01e-330", ".5e-400", "2e-324", "1E-999999999999999999999",
          "1.7976931348623159e308", "-1e309", "1e999999999999999999999"}) {
      CAPTURE(bytes);
      CHECK_FALSE(parse_finite(bytes).has_value());
    }
    CHECK(parse_finite("0." + std::string(400, '0') + "1") == std::nullopt);
    CHECK(parse_finite("5e-324") == std::numeric_limits<double>::denorm_min());
    CHECK(parse_finite("-3e-324") == -std::numeric_limits<double>::denorm_min());
    CHECK(parse_finite("1.7976931348623157e308") == std::numeric_limits<double>::max());
    for (const char* bytes : {"0", "-0", "0.0", "00", ".0", "0e5", "0e-400", "-0.000e+400"}) {
      CAPTURE(bytes);
      CHECK(parse_finite(bytes) == 0);
    }
  }

  TEST_CASE("a port has 16 bits") {
    CHECK(parse_port("0") == 0);
    CHECK(parse_port("65535") == 65535);
    for (const char* digits : {"", "*", "65536", "-1", "80/tcp"}) {
      CAPTURE(digits);
      CHECK_FALSE(parse_port(digits).has_value());
    }
  }
}

}  // namespace anabranch::text_test
