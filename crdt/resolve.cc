#include "crdt/resolve.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <tuple>
#include <utility>

#include "core/text.h"
#include "crdt/decimal.h"

namespace anabranch::crdt {
namespace {

// Returns the sum of the live slots and of an integer as decimals. All of it is finite.
Decimal decimal_sum(std::int64_t integer, const Tally& tally) {
  Decimal sum = Decimal::of(integer);
  for (const Slot& slot : tally.slots) {
    if (slot.dead()) continue;
    sum += Decimal::of(slot.total);
    sum -= Decimal::of(slot.base);
  }
  return sum;
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
  if (!number) return resolved;
  if (number->is_integer()) {
    const auto shown = number->as_int64();
    if (!shown) return core::invalid("the sum of all regions does not fit in 64 bits");
    return std::optional(std::to_string(*shown));
  }
  if (!std::isfinite(number->as_real())) {
    return core::invalid("the sum of all regions is not finite");
  }
  const std::int64_t integer = resolved ? core::parse_integer(*resolved).value() : 0;
  return std::optional(decimal_sum(integer, tally).text());
}

std::optional<core::Number> shown_number(const std::optional<std::string>& resolved,
                                         const Tally& tally) {
  const auto integer = resolved ? core::parse_integer(*resolved) : 0;
  if (!integer) return std::nullopt;
  return core::Number(*integer).plus(tally.sum());
}

}  // namespace anabranch::crdt
