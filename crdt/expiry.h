// Expiries: when a key ceases to be shown. An expiry is a value in the cell at [space key x], a
// fact about the key and no value of it: it makes no key shown and counts nowhere.
//
// It says until when, and of what: the type that the key showed when it was set, and, of a string,
// the dots of the values. It counts as long as the key shows that type, and, of a string, one of
// those values; one that names no value counts while the sum alone is shown. So the deadline of a
// value that lost a conflict never takes the winner away, and a value that is put later has none.
// Several expiries are siblings, written concurrently: of those that count the longest decides, and
// one without a deadline (PERSIST) is the longest.
//
// Worked example. `eu` writes v1 (dot eu.1) and lets it expire at 1000, naming eu.1; `us` writes v2
// meanwhile, knowing nothing of that. Where v2 is shown, nothing expires; where v1 is, under
// another policy, the key does, at 1000.
//
// Pure functions; a value in the cell that says nothing of this kind never counts.
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
  // The latest moment that a timestamp can name.
  static constexpr core::Millis kDeadlineMax = (core::Millis{1} << 48U) - 1;

  core::Millis deadline = kNever;      // In milliseconds since 1970; 0 to kDeadlineMax, or kNever.
  Type type = Type::kString;           // That the key showed.
  std::vector<core::Dot> values = {};  // Of a string; sorted.
  bool operator==(const Expiry&) const = default;
};

// The value in the cell: [deadline or nil, tag: text, [origin, seq, origin, seq, ...]]; newer
// versions may append. Nothing for other bytes.
std::string encode_expiry(const Expiry& expiry);
std::optional<Expiry> decode_expiry(std::string_view value);

// What a key shows, whether it has expired or not.
struct ShownKey {
  Type type = Type::kNone;
  std::vector<core::Dot> values = {};  // Of a string: those with the value that is shown...
  std::vector<core::Dot> hidden = {};  // ...and the other siblings.
};

// The expiry that decides, and the sibling that holds it.
struct Deciding {
  Expiry expiry;
  const Sibling* sibling = nullptr;
};
// The longest expiry of those in a cell that count; nothing when none does.
[[nodiscard]] std::optional<Deciding> deciding_expiry(const Cell& cell, const ShownKey& key);
// Whether the expiries in a cell have lost what they were set over: nothing is shown at the key, or
// none of the values that they name is left.
[[nodiscard]] bool is_spent(const Cell& cell, const ShownKey& key);

// The deadlines that a cell names, kNever too; sorted, each once.
[[nodiscard]] std::vector<core::Millis> deadlines(const Cell& cell);

// Whether a path is that of a key's expiry.
[[nodiscard]] bool is_expiry(const core::Path& path);
// The key that a row, or a prefix of rows, belongs to: the first two components, as they are
// encoded; empty for shorter paths and those of space 0, which is the mesh's own.
[[nodiscard]] std::string_view key_part(const core::Path& path);
// The path of the expiry of a key.
[[nodiscard]] core::Path expiry_path(std::string_view key);

}  // namespace anabranch::crdt
