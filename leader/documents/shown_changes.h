// The changes that an open document already shows and its observers were not told of yet: those
// whose transaction may still be undone, and all behind them.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include <anabranch/text_change.h>

#include "types/text_replacement.h"

namespace anabranch::leader {

// A change as it was shown, with the characters that it has erased.
struct ShownChange {
  std::uint64_t edit = 0;  // The number of the edit that has made it; 0 once that is committed.
  bool read = false;       // The text was read from the transaction of that edit.
  bool own = false;
  bool remote = false;
  bool anew = false;
  std::string region;
  std::string note;
  std::uint64_t size = 0;
  std::vector<types::TextReplacement> replacements;
};

// Returns what observers are told, without the token.
[[nodiscard]] TextChange told_of(ShownChange change, TextUnit unit);

// Not thread-safe.
class ShownChanges {
 public:
  [[nodiscard]] bool empty() const { return changes_.empty(); }
  void clear() { changes_.clear(); }
  // Adds the newest change; nothing if it has no effect and is committed.
  void add(ShownChange change);
  // The edit was committed, or undone. undo() returns whether the shown text is wrong for that.
  void keep(std::uint64_t edit);
  [[nodiscard]] bool undo(std::uint64_t edit);
  // Removes the oldest change and returns it, if it is committed.
  [[nodiscard]] std::optional<ShownChange> take_committed();
  // Makes of the text that is shown the one before all these changes.
  void revert(std::u32string& text) const;

 private:
  std::deque<ShownChange> changes_;
};

}  // namespace anabranch::leader
