// The batches of the own log that a snapshot lacks, put on top of its rows: for a leader that takes
// all its rows again. Together they are what it has applied, and the rest of the snapshot.
//
// Batches come in the order of the log, so all that one depends on is below it. Those committed
// meanwhile are at its end. Not thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <optional>

#include "core/result.h"
#include "core/version_vector.h"
#include "regions/snapshot/row_merge.h"
#include "regions/state/applied.h"
#include "regions/state/committed.h"
#include "regions/state/head.h"

namespace anabranch::regions {

class LogOnTop {
 public:
  // `base` are the heads of the snapshot; the state must outlive this.
  LogOnTop(const CommittedState& state, const std::map<core::Origin, Head>& base);

  // Returns the first position of the own log with a batch beyond a vector; the position behind its
  // end when there is none. Fails with kInvalid, naming the origin, when the log is known not to
  // have all batches between that vector and the applied one.
  static core::Result<storage::Position> begin(const CommittedState& state,
                                               const core::VersionVector& vector);

  // Puts a slice of at most so many records on top of the merged rows. Returns whether there may be
  // more. Fails with kInvalid when the log lacks a batch.
  core::Result<bool> put(RowMerge& merge, std::size_t records_max, std::size_t bytes_max);
  // The record that is looked at next.
  [[nodiscard]] storage::Position next() const { return next_; }

 private:
  // Returns how many bytes of batches it has put.
  core::Result<std::size_t> put(const storage::StoredRecord& record, RowMerge& merge);

  const CommittedState& state_;
  Applied now_;  // The snapshot with all batches put on top.
  storage::Position next_ = 0;
};

}  // namespace anabranch::regions
