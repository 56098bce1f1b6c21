#include "crdt/value_order.h"

#include <limits>
#include <optional>

#include "core/text.h"

namespace anabranch::crdt {

namespace {

// Returns the number written in a value; nullopt if it is none. A long double holds an integer of
// 64 bits and a double exactly on every platform of this build, so numbers compare alike in every
// region.
std::optional<long double> number_in(std::string_view value) {
  static_assert(std::numeric_limits<long double>::digits >= 64);
  if (const auto integer = core::parse_integer(value)) return *integer;
  return core::parse_finite(value);
}

}  // namespace

bool value_less(std::string_view a, std::string_view b) {
  const auto x = number_in(a);
  const auto y = number_in(b);
  if (x.has_value() != y.has_value()) return x.has_value();
  if (x && *x != *y) return *x < *y;
  return a < b;
}

}  // namespace anabranch::crdt
