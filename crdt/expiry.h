// Expiries: the moments from which keys are not shown. An expiry is a value in the cell at [space
// key x], a fact about the key and no value of it: an expiry makes no key shown and is counted
// nowhere.
//
// An expiry contains a deadline, the type that the key showed when it was set, and, of a string,
// the dots of the values. It counts as long as the key shows that type, and, of a string, one of
// those values; an expiry without dots counts while the sum alone is shown. So the deadline of a
// value that lost a conflict never hides the winner, and a value that is put later has none.
// Several expiries are siblings, written concurrently: of those that count the longest decides, and
// one without a deadline (PERSIST) is the longest.
//
// Worked example. `eu` writes v1 (dot eu.1) and lets it expire at 1000, naming eu.1; `us` writes v2
// concurrently, unaware of that. While v2 is shown, the key does not expire; where v1 is shown,
// under another policy, the key expires at 1000.
//
// Pure functions; a value in the cell that is no expiry never counts.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/key.h>

#include "core/path.h"
#include "core/wall_clock.h"
#include "crdt/row.h"

namespace anabranch::crdt {

inline constexpr std::string_view kExpiryTag = "x";

struct Expiry {
  // Later than every deadline: the key stays.
  static constexpr core::Millis kNever = std::numeric_limits<core::Millis>::max();
  // The latest moment of a timestamp.
  static constexpr core::Millis kDeadlineMax = (core::Millis{1} << 48U) - 1;

  core::Millis deadline = kNever;      // In milliseconds since 1970; 0 to kDeadlineMax, or kNever.
  Type type = Type::kString;           // Shown by the key when the expiry was set.
  std::vector<core::Dot> values = {};  // Of a string; sorted.
  bool operator==(const Expiry&) const = default;
};

// Encodes the value in the cell: [deadline or nil, tag: text, [origin, seq, origin, seq, ...]];
// newer versions may append. Decoding returns nullopt for other bytes.
std::string encode_expiry(const Expiry& expiry);
std::optional<Expiry> decode_expiry(std::string_view value);

// The type and values that a key shows, whether it has expired or not; the dots are sorted, as the
// siblings of a cell are.
struct ShownKey {
  Type type = Type::kNone;
  std::vector<core::Dot> values = {};  // Of a string: those with the shown value...
  std::vector<core::Dot> hidden = {};  // ...and the other siblings.
};

// The expiry that decides, and the sibling that holds it.
struct Deciding {
  Expiry expiry;
  const Sibling* sibling = nullptr;
};
// Returns the longest expiry of those in a cell that count, of equally long ones that of the
// smallest dot; nullopt when none does.
[[nodiscard]] std::optional<Deciding> deciding_expiry(const Cell& cell, const ShownKey& key);
// Returns whether the expiries in a cell have lost their object: the key shows no value, or none of
// the values that they name is left.
[[nodiscard]] bool is_spent(const Cell& cell, const ShownKey& key);

// Returns the deadlines in a cell, kNever too; sorted, each once.
[[nodiscard]] std::vector<core::Millis> deadlines(const Cell& cell);

// Returns whether a path is that of a key's expiry.
[[nodiscard]] bool is_expiry(const core::Path& path);
// Returns the key of a row, or of a prefix of rows: the first two components, encoded; empty for
// shorter paths and for those of space 0, the mesh's own.
[[nodiscard]] std::string_view key_part(const core::Path& path);
// Returns the path of the expiry of a key.
[[nodiscard]] core::Path expiry_path(std::string_view key);

}  // namespace anabranch::crdt
