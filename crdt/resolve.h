// The order of siblings, and the value that a string shows once they are resolved.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "crdt/row.h"

namespace anabranch::crdt {

// Returns the siblings of a cell in canonical order: hlc, then origin, then seq. The last is `lww`.
std::vector<const Sibling*> canonical_order(const Cell& cell);

// Returns the shown value of a string row: the integer in the cell plus the tally, so that SET and
// INCR both work; the cell's bytes where they are no integer by Redis' rule (a tally under them is
// hidden). A sum with doubles is one of decimals (decimal.h), without an exponent. nullopt when
// neither is present. Fails with kInvalid on an integer sum outside 64 bits, and on one that is not
// finite.
core::Result<std::optional<std::string>> shown_string(const std::optional<std::string>& resolved,
                                                      const Tally& tally);

// Returns the number that such a row shows, the base of further additions; 0 when the row is empty.
// nullopt when the cell's bytes are no integer.
std::optional<core::Number> shown_number(const std::optional<std::string>& resolved,
                                         const Tally& tally);

}  // namespace anabranch::crdt
