// Sums as decimals: exact, without an exponent, the same everywhere.

#include "crdt/decimal.h"

#include <doctest/doctest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "tests/seed.h"

namespace anabranch::decimal_test {

using core::Number;
using crdt::Decimal;
using crdt::number_text;

namespace {

Decimal read(std::string_view text) {
  const auto read = Decimal::parse(text);
  REQUIRE(read);
  return *read;
}

std::string text_of(std::string_view text) { return read(text).text(); }

std::string rounded(std::string_view text) { return read(text).rounded().text(); }

double some_double(std::mt19937_64& random) {
  for (;;) {
    const auto number = std::bit_cast<double>(random());
    if (std::isfinite(number)) return number;
  }
}

}  // namespace

TEST_SUITE("crdt: decimals") {
  TEST_CASE("a double is the shortest decimal that reads back as it, without an exponent") {
    CHECK(number_text(Number::real(0.1)) == "0.1");
    CHECK(number_text(Number::real(-2.5)) == "-2.5");
    CHECK(number_text(Number::real(0)) == "0");
    CHECK(number_text(Number::real(100000)) == "100000");
    CHECK(number_text(Number::real(1e22)) == "10000000000000000000000");
    CHECK(number_text(Number::real(1e-7)) == "0.0000001");
    CHECK(number_text(Number::real(0.1 + 0.2)) == "0.30000000000000004");
    CHECK(number_text(Number::real(5e-324)) == "0." + std::string(323, '0') + "5");
    CHECK(number_text(Number::real(1.7976931348623157e308)) ==
          "17976931348623157" + std::string(292, '0'));
    CHECK(number_text(Number::real(-std::numeric_limits<double>::infinity())) == "-inf");
  }

  TEST_CASE("an integer has all its digits") {
    CHECK(number_text(Number(0)) == "0");
    CHECK(number_text(Number(std::numeric_limits<std::int64_t>::min())) == "-9223372036854775808");
    const core::Int128 large = core::Int128{1} << 126U;
    CHECK(number_text(Number::integer(large)) == "85070591730234615865843651857942052864");
    CHECK(Decimal::of(Number::integer(-large)).text() == "-85070591730234615865843651857942052864");
  }

  TEST_CASE("every double reads back as itself") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    for (int i = 0; i < 2000; ++i) {
      const double number = some_double(random) + 0.0;
      CAPTURE(number);
      const std::string text = number_text(Number::real(number));
      double read = 0;
      REQUIRE(std::from_chars(text.data(), text.data() + text.size(), read).ec == std::errc());
      CHECK(read == number);
      CHECK(Decimal::of(Number::real(number)).real() == number);
      CHECK(text.find('e') == std::string::npos);
    }
  }

  TEST_CASE("digits, a point and an exponent are read, and nothing else") {
    CHECK(text_of("007") == "7");
    CHECK(text_of("-0") == "0");
    CHECK(text_of("10.50") == "10.5");
    CHECK(text_of(".5") == "0.5");
    CHECK(text_of("5.") == "5");
    CHECK(text_of("-1.5e3") == "-1500");
    CHECK(text_of("15E-2") == "0.15");
    CHECK(text_of("1e+2") == "100");
    CHECK(text_of("1e-9999999999999") == "0");
    CHECK(text_of("0e9999999999999") == "0");
    CHECK(text_of(std::string(1000, '0') + "1." + std::string(1000, '0') + "1") == "1");
    for (const char* bad : {"", "-", ".", "e5", "1e", "1e+", "1x", "1.2.3", "+1", "--1", " 1", "1 ",
                            "inf", "nan", "0x10", "1e5x", "1e400"}) {
      CAPTURE(bad);
      CHECK_FALSE(Decimal::parse(bad));
    }
  }

  TEST_CASE("sums are exact in any order") {
    Decimal sum = read("0.1");
    sum += read("0.2");
    CHECK(sum.text() == "0.3");
    sum -= read("1.1");
    CHECK(sum.text() == "-0.8");
    sum -= read("-0.8");
    CHECK(sum.text() == "0");
    CHECK(sum == Decimal());
    sum += read("1e300");
    sum += read("1e-300");
    sum -= read("1e300");
    CHECK(sum.text() == "0." + std::string(299, '0') + "1");

    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    std::vector<Decimal> parts;
    for (int i = 0; i < 50; ++i) parts.push_back(Decimal::of(Number::real(some_double(random))));
    Decimal forwards;
    Decimal backwards;
    for (const Decimal& part : parts) forwards += part;
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) backwards += *part;
    CHECK(forwards == backwards);
    for (const Decimal& part : parts) backwards -= part;
    CHECK(backwards == Decimal());
  }

  TEST_CASE("rounding leaves 17 digits behind the point") {
    CHECK(rounded("0.3") == "0.3");
    CHECK(rounded("-12345678901234567890.5") == "-12345678901234567890.5");
    CHECK(rounded("0.123456789012345674") == "0.12345678901234567");
    CHECK(rounded("0.123456789012345675") == "0.12345678901234568");
    CHECK(rounded("-0.123456789012345675") == "-0.12345678901234568");
    CHECK(rounded("0.999999999999999995") == "1");
    CHECK(rounded("-1e-18") == "0");
    CHECK(rounded("5e-18") == "0.00000000000000001");
  }

  TEST_CASE("whole numbers are integers, and the rest is none") {
    CHECK(read("9223372036854775807").as_int64() == std::numeric_limits<std::int64_t>::max());
    CHECK(read("-5.0").as_int64() == -5);
    CHECK(read("1e5").as_int64() == 100000);
    CHECK_FALSE(read("9223372036854775808").as_int64());
    CHECK_FALSE(read("0.5").as_int64());
  }

  TEST_CASE("the nearest double ends where doubles end") {
    CHECK(read("0.3").real() == 0.3);
    CHECK(read("1e309").real() == std::numeric_limits<double>::infinity());
    CHECK(read("-1e309").real() == -std::numeric_limits<double>::infinity());
    CHECK(read("1e-330").real() == 0);
  }
}

}  // namespace anabranch::decimal_test
