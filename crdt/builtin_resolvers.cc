// The built-in resolvers: lww, siblings, max, min.

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

#include <anabranch/conflict.h>

#include "core/text.h"
#include "crdt/resolve.h"

namespace anabranch {

namespace {

// Returns the number written in a value: an integer by Redis' rule, or a finite double; else
// nullopt. A long double holds either exactly on every platform of this build, so numbers compare
// alike in every region.
std::optional<long double> number_in(std::string_view value) {
  static_assert(std::numeric_limits<long double>::digits >= 64);
  if (const auto integer = core::parse_integer(value)) return *integer;
  return core::parse_finite(value);
}

// A total order of values: numbers as numbers, and before all other values; those as bytes. Equal
// numbers that are written differently ("1", "1.0") are ordered by their bytes too.
bool less(const Sibling& x, const Sibling& y) {
  const auto a = number_in(x.value);
  const auto b = number_in(y.value);
  if (a.has_value() != b.has_value()) return a.has_value();
  if (a && *a != *b) return *a < *b;
  return x.value < y.value;
}

}  // namespace

Resolver Resolver::lww() { return Resolver(Kind::kLww); }

Resolver Resolver::siblings() { return Resolver(Kind::kSiblings); }

Resolver Resolver::max() {
  return {"max", [](const Conflict& conflict) {
            return std::optional(std::ranges::max_element(conflict.siblings, less)->value);
          }};
}

Resolver Resolver::min() {
  return {"min", [](const Conflict& conflict) {
            return std::optional(std::ranges::min_element(conflict.siblings, less)->value);
          }};
}

std::string_view Resolver::name() const {
  if (kind_ == Kind::kLww) return "lww";
  if (kind_ == Kind::kSiblings) return "siblings";
  return name_.empty() ? std::string_view("unnamed") : std::string_view(name_);
}

}  // namespace anabranch
