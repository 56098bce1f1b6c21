// The log of a leader that gives way, walked from its beginning, and what becomes of each batch on
// top of a snapshot of the others' history (the base):
//
//   the base has it                                    nothing
//   it continues the base, and needs nothing else      it is taken as it is
//   it is of a branch, or depends on one               it is written again, under its new name
//
// A batch of another region that cannot be written again without gaps is left to its own region.
// The heads of the base go on with every batch. Nothing is committed here. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "regions/delivery/hold_buffer.h"
#include "regions/log/sound_log.h"
#include "regions/members/region_list.h"
#include "regions/rejoin/rejoin_state.h"
#include "regions/rejoin/renamed_ops.h"
#include "regions/state/applied.h"
#include "regions/state/chain_hashes.h"
#include "regions/state/former_deps.h"
#include "rows/row_reader.h"
#include "storage/storage.h"

namespace anabranch::regions {

class BranchWalk {
 public:
  struct Before {  // What this leader was until now; what is referred to must outlive the walk.
    const SoundLog& log;
    const Applied& applied;
    const ChainHashes& chains;
    const Identity& identity;
    const RegionList& regions;
    core::VersionVector shown;  // What others have.
  };

  // `base` are the heads of the snapshot. `state` says where origins part from it.
  BranchWalk(Before before, const std::map<core::Origin, Head>& base, const RejoinState& state);

  // What has to be known before the first batch is taken: reads a slice of the log; returns whether
  // there is more. Fails when the log no longer has what only this leader has.
  core::Result<bool> prepare(std::size_t records_max);

  // A batch on top of the base.
  struct Taken {
    HeldBatch held;
    core::VersionVector deps;
    core::ChainHash chain{};
  };
  // The next record of the log, and what becomes of it; nothing of most. `rows` are those of the
  // base with all that was taken so far. Fails on what cannot be written again, with kTimeout on
  // what need not be, since others have it: the base must have it too.
  using Rows = std::function<crdt::Row(const core::Path&)>;
  core::Result<std::optional<Taken>> take(const storage::StoredRecord& record, const Rows& rows);

  // Whether a damaged record may be one that only this leader has, or that only its region has
  // written. What another region wrote is left to that.
  [[nodiscard]] bool needs(const LogDamage& damage) const;

  // The heads on top of the base.
  [[nodiscard]] const Applied& now() const { return now_; }
  // Where own history ends being that of the base, for origins with another one.
  [[nodiscard]] const std::map<core::Origin, core::Seq>& common() const { return common_; }
  [[nodiscard]] const Renaming& names() const { return names_; }
  // How many ops were taken as they are, and written again.
  [[nodiscard]] std::uint64_t taken() const { return taken_; }
  [[nodiscard]] std::uint64_t renamed() const { return renamed_; }

 private:
  using Outcome = core::Result<std::optional<Taken>>;

  // Where the branch of an origin begins; nothing when it has none.
  [[nodiscard]] std::optional<core::Seq> parted_at(core::Origin origin) const;
  [[nodiscard]] bool is_own(core::Origin origin) const;
  core::Result<void> look_for(core::Origin origin, core::Seq common);
  Outcome continued(const storage::StoredRecord& record);
  Outcome renamed(const storage::StoredRecord& record);
  // Gives an origin a new name, from its batch `record` on.
  void name(const storage::StoredRecord& record);
  [[nodiscard]] core::Origin name_of(core::Origin origin, const core::ChainHash& first) const;
  core::Result<core::Batch> image_of(const core::Batch& batch, const Image& image);
  [[nodiscard]] core::Opening opening_of(const core::Batch& batch, const Image& image) const;
  [[nodiscard]] std::optional<RenamedOps::Frame> find_frame(core::Origin origin,
                                                            const core::Path& path) const;
  Taken advance(core::Batch batch, std::string bytes, core::VersionVector deps);

  Before before_;
  RejoinState state_;
  Applied now_;
  std::map<core::Origin, core::Seq> common_;
  std::vector<FormerDeps> looking_;
  std::map<core::Origin, core::VersionVector> deps_;  // Of branches, as their leaders had them.
  Renaming names_;
  RenamedOps ops_;
  const Rows* rows_ = nullptr;  // Of the batch that is taken.
  std::uint64_t taken_ = 0;
  std::uint64_t renamed_ = 0;
};

}  // namespace anabranch::regions
