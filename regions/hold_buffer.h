// Batches that were received but not yet applied, because they wait for what they depend on or for
// their turn. Bounded in bytes: what does not fit is dropped and asked for again, but the next
// batch of every origin always has room. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/batch.h"
#include "core/version_vector.h"

namespace anabranch::regions {

struct HeldBatch {
  std::string bytes;
  core::Batch batch;
};

class HoldBuffer {
 public:
  static constexpr std::size_t kBytesMax = std::size_t{64} << 20U;

  // Takes a batch in. Returns false when it was dropped: begins with what was applied, is held
  // already, or there is no room.
  bool add(HeldBatch batch, const core::VersionVector& applied);
  // Takes out a batch that can be applied now: its origin's next, with all that it depends on
  // applied. Nothing when there is none.
  std::optional<HeldBatch> take_deliverable(const core::VersionVector& applied);
  // Whether take_deliverable would give something.
  [[nodiscard]] bool has_deliverable(const core::VersionVector& applied);

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  using BySeq = std::map<core::Seq, HeldBatch>;
  // Drops what was applied on another way, such as a merge, also where it goes further: batches do
  // not overlap but in two histories of one origin.
  void forget_applied(const core::VersionVector& applied);
  [[nodiscard]] static bool deliverable(const core::Batch& batch,
                                        const core::VersionVector& applied);

  std::map<core::Origin, BySeq> held_;
  std::size_t bytes_ = 0;
};

}  // namespace anabranch::regions
