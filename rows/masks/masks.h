// Masks: large clears that are done for every reader and writer, while the rows that they cleared
// are still stored. A mask is committed with its clear; a sweep (sweep.h) then goes through the
// rows in slices and takes the mask away at the end.
//
// Until then everything that reads a row takes out what masks hide: in cells what the clear's
// context covers; in tallies, for this leader's own clears only, the slots of which no op has told
// the others yet. They wait to be listed, each row in a reset of its own.
//
// Invariants: 1. hiding is idempotent, and right for ever: what a mask hides comes back nowhere;
// 2. an addition to a row with waiting slots is preceded by the reset that lists them, so that a
// waiting slot is stored as it was when it was cleared; 3. of two masks at one prefix one hides
// tallies and the other does not. A value that never changes once it is shared with readers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/op.h"
#include "core/path.h"
#include "core/result.h"
#include "core/version_vector.h"
#include "crdt/row.h"
#include "storage/storage.h"

namespace anabranch::rows {

// How far a sweep has come: everything up to a key of the rows, then of the counts.
struct SweepMark {
  bool in_counts = false;
  std::string key;  // The last one that was looked at; empty at the beginning.
  bool operator==(const SweepMark&) const = default;
};

struct Mask {
  std::uint64_t id = 0;  // Local. Later masks have greater ones.
  core::Path prefix;
  core::VersionVector context;  // Of the clear, or joined of several.
  bool tallies = false;         // Of an own clear: hides slots, too.
  SweepMark swept;
};

class Masks {
 public:
  static constexpr std::size_t kMax = 1000;  // When there are so many, clears are done directly.

  [[nodiscard]] bool empty() const { return masks_.empty(); }
  [[nodiscard]] bool full() const { return masks_.size() >= kMax; }
  // Whether any of them hides tallies.
  [[nodiscard]] bool any_tallies() const { return tallies_ > 0; }
  // The greatest id ever given, 0 for none.
  [[nodiscard]] std::uint64_t last_id() const { return last_id_; }
  // Counts the changes of what is committed.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  // The one to be swept first; there must be one.
  [[nodiscard]] const Mask& oldest() const;

  // Takes out of a cell what masks hide at its path.
  void hide(const core::Path& path, crdt::Cell& cell) const;
  // The live slots that masks hide at a tally's path, as a reset lists them.
  [[nodiscard]] std::vector<core::ObservedSlot> waiting(const core::Path& path,
                                                        const crdt::Tally& tally) const;
  // Takes them out of the tally.
  void hide(const core::Path& path, crdt::Tally& tally) const;
  void hide(const core::Path& path, crdt::Row& row) const;
  // Whether a count was written before a mask at or above its collection and is 0 since then.
  // `stamp` is the last id at the time of writing.
  [[nodiscard]] bool voids(const core::Path& collection, std::uint64_t stamp) const;

  // The same with another mask; one at the same prefix becomes part of it.
  [[nodiscard]] Masks with(const core::Path& prefix, const core::VersionVector& context,
                           bool tallies) const;
  // The same with the oldest swept up to a mark; or without it.
  [[nodiscard]] Masks swept(SweepMark mark) const;
  [[nodiscard]] Masks without_oldest() const;

 private:
  friend std::string encode_masks(const Masks& masks);
  friend core::Result<Masks> decode_masks(std::string_view bytes);

  // Calls function(mask) for every mask at or above a path until it returns false.
  template <typename Function>
  void for_each_above(const core::Path& path, const Function& function) const;
  [[nodiscard]] bool hides(const core::Path& path, const crdt::Slot& slot) const;
  void insert(Mask mask);
  std::vector<Mask>::iterator find_oldest();

  std::vector<Mask> masks_;  // Sorted by prefix, then by `tallies`.
  std::size_t tallies_ = 0;
  std::uint64_t last_id_ = 0;
  std::uint64_t version_ = 0;
};

// The row of meta: the version, 8 bytes, then the rest.
std::string encode_masks(const Masks& masks);
core::Result<Masks> decode_masks(std::string_view bytes);
// The version alone; 0 when the bytes hold none.
std::uint64_t version_of_masks(std::string_view bytes);

// The masks of a snapshot; empty ones, but never null, when it has none.
core::Result<std::shared_ptr<const Masks>> load_masks(const storage::Snapshot& snapshot);
// The same; throws Error{kCorrupt}.
std::shared_ptr<const Masks> masks_of(const storage::Snapshot& snapshot);

}  // namespace anabranch::rows
