#include "core/number.h"

#include <bit>
#include <limits>

#include <doctest/doctest.h>

namespace anabranch::core::number_test {
namespace {

constexpr std::int64_t kMin64 = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax64 = std::numeric_limits<std::int64_t>::max();

TEST_SUITE_BEGIN("core: number");

TEST_CASE("integers are exact beyond 64 bits and come back into them") {
  const Number sum = Number(kMax64).plus(kMax64);
  CHECK(sum.is_integer());
  CHECK((sum.as_integer() == Int128{kMax64} * 2));
  CHECK_FALSE(sum.as_int64().has_value());
  CHECK(sum.minus(kMax64).as_int64() == kMax64);
  CHECK(Number(kMin64).as_int64() == kMin64);
  CHECK_FALSE(Number(kMin64).minus(1).as_int64().has_value());
  CHECK_FALSE(Number(kMax64).plus(1).as_int64().has_value());
  CHECK(Number().as_int64() == 0);
}

TEST_CASE("a double in a sum makes the sum a double") {
  const Number sum = Number(3).plus(Number::real(0.5));
  CHECK_FALSE(sum.is_integer());
  CHECK(sum.as_real() == 3.5);
  CHECK_FALSE(sum.as_int64().has_value());
  CHECK(Number::real(4.0).minus(1) == Number::real(3.0));
  CHECK(Number(1).minus(Number::real(4.0)) == Number::real(-3.0));
  CHECK(Number(7).as_real() == 7.0);
}

TEST_CASE("an integer and a double are never equal, and a double has no value in 64 bits") {
  CHECK(Number(1) != Number::real(1.0));
  CHECK(Number::real(1.0) == Number::real(1.0));
  CHECK_FALSE(Number::real(1.0).as_int64().has_value());
}

TEST_CASE("a negative zero is stored as zero, so that equal numbers have equal bits") {
  CHECK(std::bit_cast<std::uint64_t>(Number::real(-0.0).as_real()) == 0);
}

TEST_CASE("sums beyond 128 bits stop at the bounds instead of wrapping") {
  const Int128 max = (((Int128{1} << 126) - 1) << 1) + 1;
  const Int128 min = -max - 1;
  CHECK((Number::integer(max).plus(1).as_integer() == max));
  CHECK((Number::integer(min).plus(-1).as_integer() == min));
  CHECK((Number::integer(min).minus(1).as_integer() == min));
  CHECK((Number::integer(max).minus(-1).as_integer() == max));
  CHECK((Number::integer(max).plus(Number::integer(min)).as_integer() == -1));
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::core::number_test
