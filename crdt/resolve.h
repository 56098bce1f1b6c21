// From siblings to the value that is shown. Storage never depends on it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/conflict.h>

#include "crdt/row.h"

namespace anabranch::crdt {

// The siblings of a cell in canonical order: hlc, then origin, then seq. The last one is `lww`.
std::vector<const Sibling*> canonical_order(const Cell& cell);

// Names regions: `region(origin)`, empty when it is not known.
using RegionOf = std::function<std::string(core::Origin)>;

// The cell as a resolver sees it.
Conflict make_conflict(std::string_view key, const Cell& cell, const RegionOf& region);

// What a resolver decided, and whether it had to be overruled because it threw.
struct Resolution {
  std::string value;
  bool overruled = false;
};

// The value shown; the cell must not be empty. One sibling needs no resolver. A function that
// declines gives way to lww; one that throws is overruled by it.
Resolution resolve(std::string_view key, const Cell& cell, const Resolver& resolver,
                   const RegionOf& region);

// The shown value of a string row: the integer in the cell plus the tally, so that SET and INCR
// both work; the cell's bytes where they are no integer by Redis' rule (a tally under them is
// hidden). Nothing when neither is present. An integer sum outside 64 bits is a failure (kInvalid).
core::Result<std::optional<std::string>> shown_string(const std::optional<std::string>& resolved,
                                                      const Tally& tally);

// The number that such a row shows, 0 when nothing is there: that to which additions add. Nothing
// when the cell's bytes are no integer.
std::optional<core::Number> shown_number(const std::optional<std::string>& resolved,
                                         const Tally& tally);

}  // namespace anabranch::crdt
