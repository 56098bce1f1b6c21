// From siblings to the value that is shown. Stored data never depends on it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/conflict.h>

#include "crdt/row.h"

namespace anabranch::crdt {

// Returns the siblings of a cell in canonical order: hlc, then origin, then seq. The last is `lww`.
std::vector<const Sibling*> canonical_order(const Cell& cell);

// Names regions: `region(origin)`, empty when it is unknown.
using RegionOf = std::function<std::string(core::Origin)>;

// Returns the resolver's input for a cell.
Conflict make_conflict(std::string_view key, const Cell& cell, const RegionOf& region);

// The result of a resolver. `overruled` is true when the resolver threw and lww decided.
struct Resolution {
  std::string value;
  bool overruled = false;
};

// Returns the shown value; the cell must not be empty. One sibling needs no resolver. A function
// that returns nullopt leaves the decision to lww; one that throws is overruled by lww.
Resolution resolve(std::string_view key, const Cell& cell, const Resolver& resolver,
                   const RegionOf& region);

// Returns the shown value of a string row: the integer in the cell plus the tally, so that SET and
// INCR both work; the cell's bytes where they are no integer by Redis' rule (a tally under them is
// hidden). nullopt when neither is present. Fails with kInvalid on an integer sum outside 64 bits.
core::Result<std::optional<std::string>> shown_string(const std::optional<std::string>& resolved,
                                                      const Tally& tally);

// Returns the number that such a row shows, the base of further additions; 0 when the row is empty.
// nullopt when the cell's bytes are no integer.
std::optional<core::Number> shown_number(const std::optional<std::string>& resolved,
                                         const Tally& tally);

}  // namespace anabranch::crdt
