// An entry of the conflict log (regions/conflicts/conflict_log.h): a note, when it was logged, and
// the value that the rule of that moment showed. docs/formats.md draws its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/dot.h"
#include "core/hlc.h"
#include "core/result.h"
#include "rows/conflicts/conflict_note.h"

namespace anabranch::rows {

struct ConflictEntry {
  ConflictNote note = {};
  core::Hlc logged = {};    // By the clock of the leader that logged it.
  std::string policy = {};  // The rule, as a person reads it: "max", "native nearest".
  std::string prefix = {};  // Of the policy; empty if no row ruled the key.
  // Of the values the one that the rule shows; origin 0 where that follows from a function.
  core::Dot shown = {};
  // So many of the values, the last ones, are not lost: the op has put them again, byte for byte.
  std::size_t put_again = 0;
  bool operator==(const ConflictEntry&) const = default;
};

std::string encode_conflict(const ConflictEntry& entry);
// Fails with kCorrupt on bytes that no leader writes.
core::Result<ConflictEntry> decode_conflict(std::string_view bytes);

}  // namespace anabranch::rows
