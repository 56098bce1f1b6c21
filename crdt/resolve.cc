#include "crdt/resolve.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <tuple>
#include <utility>

#include "core/text.h"

namespace anabranch::crdt {
namespace {

// Returns a sum as a client reads it.
core::Result<std::optional<std::string>> number_text(const core::Number& sum) {
  if (sum.is_integer()) {
    const auto shown = sum.as_int64();
    if (!shown) return core::invalid("the sum of all regions does not fit in 64 bits");
    return std::optional(std::to_string(*shown));
  }
  if (!std::isfinite(sum.as_real())) return core::invalid("the sum of all regions is not finite");
  char digits[32];  // The shortest form that reads back as the same double; at most 24 characters.
  const auto end = std::to_chars(std::begin(digits), std::end(digits), sum.as_real()).ptr;
  return std::optional(std::string(std::begin(digits), end));
}

}  // namespace

std::vector<const Sibling*> canonical_order(const Cell& cell) {
  std::vector<const Sibling*> order;
  order.reserve(cell.siblings.size());
  for (const Sibling& sibling : cell.siblings) order.push_back(&sibling);
  std::ranges::sort(order, {}, [](const Sibling* s) { return std::tie(s->hlc, s->dot); });
  return order;
}

core::Result<std::optional<std::string>> shown_string(const std::optional<std::string>& resolved,
                                                      const Tally& tally) {
  if (!tally.live()) return resolved;
  const auto number = shown_number(resolved, tally);
  return number ? number_text(*number) : resolved;
}

std::optional<core::Number> shown_number(const std::optional<std::string>& resolved,
                                         const Tally& tally) {
  const auto integer = resolved ? core::parse_integer(*resolved) : 0;
  if (!integer) return std::nullopt;
  return core::Number(*integer).plus(tally.sum());
}

}  // namespace anabranch::crdt
