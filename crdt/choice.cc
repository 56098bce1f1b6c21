#include "crdt/choice.h"

#include <algorithm>
#include <tuple>

#include "core/assert.h"
#include "crdt/value_order.h"

namespace anabranch::crdt {

namespace {

bool is_earlier(const Sibling& a, const Sibling& b) {
  return std::tie(a.hlc, a.dot) < std::tie(b.hlc, b.dot);
}

// Returns the sibling that is last by `less`, a strict weak order of values, then by time.
template <typename Less>
const Sibling& last_by(const Cell& cell, const Less& less) {
  ANABRANCH_ASSERT(!cell.siblings.empty());
  return *std::ranges::max_element(cell.siblings, [&](const Sibling& a, const Sibling& b) {
    return a.value == b.value ? is_earlier(a, b) : less(a.value, b.value);
  });
}

}  // namespace

const Sibling& last_written(const Cell& cell) {
  ANABRANCH_ASSERT(!cell.siblings.empty());
  return *std::ranges::max_element(cell.siblings, is_earlier);
}

const Sibling& greatest(const Cell& cell) { return last_by(cell, value_less); }

const Sibling& least(const Cell& cell) {
  return last_by(cell, [](const std::string& a, const std::string& b) { return value_less(b, a); });
}

}  // namespace anabranch::crdt
