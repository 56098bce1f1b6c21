// Places that were cleared, so that a further clear there looks at few rows only, however many are
// stored.
//
// A clear has taken each value that its context covers from all rows at and below its prefix, and
// nothing brings such a value back. A further clear whose context goes beyond that one finds values
// to take in two kinds of rows alone: those that were touched since, and those of the values that
// the first clear left; of the latter the least dots are kept. A clear that covers none of these
// dots looks at the touched rows; any other one looks at all rows again.
//
// All of it is kept in memory, within bounds: what is forgotten costs a look at all rows. Not
// thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "core/path.h"
#include "core/path_range.h"
#include "core/version_vector.h"
#include "crdt/row.h"

namespace anabranch::rows {

// The rows that were changed since places were cleared, in order. Also those of changes that were
// undone.
class TouchedRows {
 public:
  static constexpr std::size_t kMax = 4000;
  static constexpr std::size_t kPathBytes = 1024;  // A longer path takes the room of several.

  using Position = std::uint64_t;

  // Returns the position of the next row. From now on rows are kept, until there are too many.
  Position begin();
  // Returns by how many positions a row takes the end further.
  static std::size_t room(const core::Path& path) { return 1 + path.encoded().size() / kPathBytes; }
  [[nodiscard]] Position end() const { return first_ + paths_.size(); }
  // Whether all rows since a position are kept.
  [[nodiscard]] bool keeps(Position since) const { return since >= first_; }
  // Costs nothing while no position is kept.
  void note(const core::Path& path) {
    if (newest_ >= first_) add(path);
  }
  // Returns the rows since a position that are at or below a prefix, each once, in path order.
  [[nodiscard]] std::vector<core::Path> below(const core::Path& prefix, Position since) const;

 private:
  void add(const core::Path& path);

  std::deque<core::Path> paths_;  // Behind a long path empty ones.
  Position first_ = 1;
  Position newest_ = 0;  // The last begin().
};

struct ClearedPlace {
  core::Path prefix;
  core::VersionVector context;  // All values that it covers are gone.
  core::VersionVector left;     // At most the least dot of each origin among the other values.
  bool tallies = false;         // Tallies are gone, too: a clear of this leader's own.
  TouchedRows::Position since = 0;

  // Notes a row that was looked at by the clear: as it is now.
  void note_left(const crdt::Row& row);
  void note_left(const core::VersionVector& dots);
};

class ClearedPlaces {
 public:
  static constexpr std::size_t kMax = 256;  // The oldest one is forgotten first.

  // A clear that is to be applied.
  struct Clear {
    const core::Path& prefix;
    const core::VersionVector& context;
    bool own = false;  // It takes tallies, too.
  };
  // Returns the place at or above the clear's prefix that tells the rows to look at; null if there
  // is none. Valid until the next change.
  [[nodiscard]] const ClearedPlace* above(const Clear& clear) const;
  // Returns such places below its prefix, in path order.
  [[nodiscard]] std::vector<const ClearedPlace*> inside(const Clear& clear) const;
  // Keeps a place, in the stead of an earlier one with this prefix.
  void remember(ClearedPlace place);
  [[nodiscard]] std::size_t size() const { return places_.size(); }

  // The same rows for all copies: a row too many does no harm.
  [[nodiscard]] TouchedRows& touched() const { return *touched_; }

 private:
  [[nodiscard]] bool serves(const ClearedPlace& place, const Clear& clear) const;

  std::vector<ClearedPlace> places_;
  std::shared_ptr<TouchedRows> touched_ = std::make_shared<TouchedRows>();
};

// Returns what is left of the range at and below a prefix without these places in it.
[[nodiscard]] std::vector<core::PathRange> ranges_outside(
    const core::Path& prefix, const std::vector<const ClearedPlace*>& inside);

}  // namespace anabranch::rows
