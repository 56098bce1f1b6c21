// Anchors: printable names of places in a text (TextEdit::anchor).
//
//   "b" or "a" and the base64 form, for URLs and without padding, of a position (crdt/position.h)
//
// An anchor is just in front of its character ("b"), or just behind it ("a"). "b" alone is the end
// of the text: in front of nothing; "a" alone is its beginning. Positions are never used twice and
// have an order among all positions, also those of erased characters: so no other data are needed.
#pragma once

#include <string>
#include <string_view>

#include <anabranch/text.h>

#include "crdt/text_order.h"

namespace anabranch::types {

// Returns the anchor of the place in front of the character at an index.
[[nodiscard]] std::string anchor_at(const crdt::TextOrder& order, crdt::TextOrder::Index index,
                                    TextSide side);
// Returns the index of the character in front of which an anchor is. Throws Error{kInvalid} for
// what is no anchor.
[[nodiscard]] crdt::TextOrder::Index index_of_anchor(const crdt::TextOrder& order,
                                                     std::string_view anchor);

}  // namespace anabranch::types
