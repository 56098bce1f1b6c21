// Foreign batches with a clear of so many rows that its survivors are counted first (survivors.h):
// the batches are put aside, one per origin at most, and applied when the count is done. Batches
// that depend on them wait in the hold-back queue, others go on. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "regions/delivery/hold_back_queue.h"
#include "rows/stage/stage.h"
#include "rows/stage/survivors.h"

namespace anabranch::regions {

class DeferredClears {
 public:
  // The clears of a batch, by their seqs, that will use masks, so their survivors are to be
  // counted.
  struct Survey {
    std::vector<core::Seq> counted;
    bool large = false;  // These are over so many rows that they are counted ahead.
  };
  [[nodiscard]] static bool has_clears(const core::Batch& batch);
  // Looks at a batch, next to be applied to the stage; `rows` may be counted at once. `deps` is the
  // vector that its leader had applied of other origins.
  [[nodiscard]] static Survey survey(const core::Batch& batch, const core::VersionVector& deps,
                                     const rows::Stage& stage, std::size_t rows);

  [[nodiscard]] bool empty() const { return batches_.empty(); }
  [[nodiscard]] bool has(core::Origin origin) const;
  // Returns the bytes of the batches.
  [[nodiscard]] std::size_t bytes() const;
  void put(HeldBatch held, const core::VersionVector& deps, std::vector<core::Seq> counted);
  void forget_all() { batches_.clear(); }

  // Counts up to `rows` more committed rows for the first batch. When masks of other foreign clears
  // have come meanwhile the count may begin anew, a few times; let none come while hurried().
  using TakeSnapshot = std::function<std::shared_ptr<const storage::Snapshot>()>;
  void look(std::size_t rows, const rows::Masks& masks, const core::OriginTable& origins,
            const TakeSnapshot& take_snapshot);
  [[nodiscard]] bool hurried() const {
    return !empty() && batches_.front().beginnings == kBeginningsMax;
  }
  // Notes that a row was committed.
  void note_change(const core::Path& path);
  // Returns whether the first batch can be applied on top of masks up to the id `last_mask`.
  [[nodiscard]] bool ready(std::uint64_t last_mask) const;
  // Takes the first batch out, and gives the stage its counts. The batch must be ready.
  HeldBatch take(rows::Stage& stage);

 private:
  static constexpr int kBeginningsMax = 4;

  class Surveyor;

  struct Aside {
    HeldBatch held;
    // The vector that its leader had applied of other origins.
    core::VersionVector deps;
    std::vector<core::Seq> counted;          // In order.
    std::vector<rows::Survivors> survivors;  // Of each of these clears.
    std::uint64_t last_mask = 0;             // The newest mask when the count began.
    int beginnings = 0;
    bool done = false;
  };
  // Takes masks in that came since the count began; returns whether the count can go on.
  static bool take_in(Aside& aside, const rows::Masks& masks);
  static void begin(Aside& aside, const rows::Masks& masks, const core::OriginTable& origins,
                    std::shared_ptr<const storage::Snapshot> snapshot);

  std::deque<Aside> batches_;
};

}  // namespace anabranch::regions
