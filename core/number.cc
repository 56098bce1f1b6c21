#include "core/number.h"

#include <cmath>

namespace anabranch::core {
namespace {

__extension__ using Uint128 = unsigned __int128;
constexpr Int128 kMax = static_cast<Int128>(~Uint128{0} >> 1U);
constexpr Int128 kMin = -kMax - 1;

}  // namespace

std::optional<Number> Number::from_bytes(double value) {
  if (std::isnan(value) || (value == 0 && std::signbit(value))) return std::nullopt;
  return real(value);
}

std::optional<std::int64_t> Number::as_int64() const {
  if (!is_integer()) return std::nullopt;
  const auto narrow = static_cast<std::int64_t>(std::get<0>(value_));
  if (Int128{narrow} != std::get<0>(value_)) return std::nullopt;
  return narrow;
}

Number Number::plus(const Number& other) const {
  if (!is_integer() || !other.is_integer()) return real(as_real() + other.as_real());
  Int128 sum = 0;
  if (__builtin_add_overflow(as_integer(), other.as_integer(), &sum)) {
    sum = other.as_integer() < 0 ? kMin : kMax;
  }
  return integer(sum);
}

Number Number::minus(const Number& other) const {
  if (!is_integer() || !other.is_integer()) return real(as_real() - other.as_real());
  Int128 rest = 0;
  if (__builtin_sub_overflow(as_integer(), other.as_integer(), &rest)) {
    rest = other.as_integer() < 0 ? kMax : kMin;
  }
  return integer(rest);
}

}  // namespace anabranch::core
