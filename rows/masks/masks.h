// Masks: large clears that are complete for every reader and writer while the cleared rows are
// still stored. A mask is committed with its clear; a sweep (sweep.h) then rewrites the rows in
// slices and removes the mask at the end.
//
// Until then every reader of a row removes the hidden parts: in cells all values covered by the
// clear's context; in tallies, for this leader's own clears only, the slots that no op has reported
// to the other leaders yet. Those slots wait to be listed, each row's in a reset of its own.
//
// Invariants: 1. hiding is idempotent and permanent: hidden values never reappear; 2. before an
// addition to a row with waiting slots comes the reset that lists them, so a waiting slot is stored
// unchanged since it was cleared; 3. of two masks at one prefix one hides tallies and the other
// does not. Masks are immutable once they are shared with readers.
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

// The progress of a sweep: all keys of the rows up to one, then of the counts.
struct SweepMark {
  bool in_counts = false;
  std::string key;  // The last key that was looked at; empty at the beginning.
  bool operator==(const SweepMark&) const = default;
};

struct Mask {
  std::uint64_t id = 0;  // Local to this leader. Later masks have greater ids.
  core::Path prefix;
  core::VersionVector context;  // The context of the clear, or the join of several.
  bool tallies = false;         // True for an own clear: hides slots, too.
  SweepMark swept;
};

class Masks {
 public:
  static constexpr std::size_t kMax = 1000;  // With this many masks, clears are executed directly.

  [[nodiscard]] bool empty() const { return masks_.empty(); }
  [[nodiscard]] bool full() const { return masks_.size() >= kMax; }
  // Whether any mask hides tallies.
  [[nodiscard]] bool any_tallies() const { return tallies_ > 0; }
  // The greatest id ever given, 0 if there was none.
  [[nodiscard]] std::uint64_t last_id() const { return last_id_; }
  // Incremented by each change of the committed masks.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  // Returns the mask to be swept first; there must be one.
  [[nodiscard]] const Mask& oldest() const;
  // Returns the masks with greater ids, the oldest first. Valid as long as these masks.
  [[nodiscard]] std::vector<const Mask*> since(std::uint64_t id) const;

  // Removes the values hidden by masks at `path` from the cell.
  void hide(const core::Path& path, crdt::Cell& cell) const;
  // Returns the live slots hidden by masks at a tally's path, in the form a reset lists them.
  [[nodiscard]] std::vector<core::ObservedSlot> waiting(const core::Path& path,
                                                        const crdt::Tally& tally) const;
  // Removes those slots from the tally.
  void hide(const core::Path& path, crdt::Tally& tally) const;
  void hide(const core::Path& path, crdt::Row& row) const;
  // Whether that removes anything.
  [[nodiscard]] bool hides_any(const core::Path& path, const crdt::Row& row) const;
  // Whether a mask at or above the collection is newer than the count, so that the count is 0.
  // `stamp` is the value of last_id() when the count was written.
  [[nodiscard]] bool voids(const core::Path& collection, std::uint64_t stamp) const;

  // Returns these masks with one more; a mask at the same prefix is merged with it.
  [[nodiscard]] Masks with(const core::Path& prefix, const core::VersionVector& context,
                           bool tallies) const;
  // Returns these masks with the oldest swept up to a mark; or without the oldest.
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

// Encodes the row of meta: the version, 8 bytes, then the masks.
std::string encode_masks(const Masks& masks);
core::Result<Masks> decode_masks(std::string_view bytes);
// Decodes the version alone; 0 if the bytes hold none.
std::uint64_t version_of_masks(std::string_view bytes);

// Loads the masks of a snapshot; an empty object, never null, if it has none.
core::Result<std::shared_ptr<const Masks>> load_masks(const storage::Snapshot& snapshot);
// The same, but throws Error{kCorrupt}.
std::shared_ptr<const Masks> masks_of(const storage::Snapshot& snapshot);

}  // namespace anabranch::rows
