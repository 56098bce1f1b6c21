// Signatures of positions of the log, beside its batches. A branch that is written again carries
// none in its batches: all leaders that have it write the same bytes, and not all have the key of
// its region. One row of meta for each such batch has the signature of the position before it, as
// other batches carry it within, for as long as the log has the batch.
//
// Not thread-safe.
#pragma once

#include <set>
#include <string>

#include "core/batch.h"
#include "storage/storage.h"

namespace anabranch::regions {

class LogSignatures {
 public:
  static constexpr std::size_t kTrimmedAtOnce = 1000;

  // The storage must outlive this.
  explicit LogSignatures(const storage::Storage& storage) : storage_(storage) {}
  // Finds the origins that have rows.
  void load(const storage::Snapshot& snapshot);

  // Returns the signature of the position before the batch of an origin that begins with seq
  // `first`, as far as it is committed; empty when there is none.
  [[nodiscard]] std::string before(core::Origin origin, core::Seq first) const;
  // Adds a signature of the position before a batch, with the next commit.
  void keep(core::Origin origin, core::Seq first, const std::string& signature);
  // Removes rows of batches that the log has no more, with the next commit: some of them at once.
  // Returns whether there may be more, to be asked for behind that commit.
  bool trim();
  // Returns the changes since the last call, to be committed.
  [[nodiscard]] storage::Changes take_changes();

 private:
  const storage::Storage& storage_;
  std::set<core::Origin> origins_;  // Those with rows, and perhaps some more.
  storage::Changes changes_;
};

}  // namespace anabranch::regions
