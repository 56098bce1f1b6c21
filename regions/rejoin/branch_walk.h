// Walks the log of a leader that gives way, from its beginning, and decides for each batch, on top
// of a snapshot of the others' history (the base):
//
//   the base has it                                    skipped
//   it continues the base, and needs nothing else      taken as it is
//   it is of a branch, or depends on one               written again, under its new name
//
// A batch of another region that cannot be written again without gaps is left to its own region.
// Every batch advances the heads of the base. Nothing is committed here. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "regions/delivery/hold_back_queue.h"
#include "regions/members/region_list.h"
#include "regions/rejoin/rejoin_state.h"
#include "regions/rejoin/rewritten_ops.h"
#include "regions/state/applied.h"
#include "regions/state/chain_hashes.h"
#include "regions/state/former_deps.h"
#include "regions/state/sound_log.h"
#include "rows/row_reader.h"
#include "storage/storage.h"

namespace anabranch::regions {

class BranchWalk {
 public:
  struct Before {  // The former state of this leader; the referenced objects must outlive the walk.
    const SoundLog& log;
    const Applied& applied;
    const ChainHashes& chains;
    const Identity& identity;
    const RegionList& regions;
    core::VersionVector shown;  // The vector that others have shown.
  };

  // `base` are the heads of the snapshot. `state` contains the positions where origins part from
  // it.
  BranchWalk(Before before, const std::map<core::Origin, Head>& base, const RejoinState& state);

  // Collects the facts needed before the first batch: reads a slice of the log; returns whether
  // there is more. Fails when the log has lost writes that only this leader has.
  core::Result<bool> prepare(std::size_t records_max);

  // A batch on top of the base.
  struct Taken {
    HeldBatch held;
    core::VersionVector deps;
    core::ChainHash chain{};
  };
  // Takes the next record of the log; returns its batch on top of the base, nullopt for most.
  // `rows` are those of the base with all batches taken so far. Fails if a record cannot be written
  // again; with kTimeout if that is not necessary, since others have it: then the base must have it
  // too.
  using Rows = std::function<crdt::Row(const core::Path&)>;
  core::Result<std::optional<Taken>> take(const storage::StoredRecord& record, const Rows& rows);

  // Returns whether a damaged record may be one that only this leader has, or that only its region
  // has written. Writes of another region are left to that region.
  [[nodiscard]] bool needs(const LogDamage& damage) const;

  // The heads on top of the base.
  [[nodiscard]] const Applied& now() const { return now_; }
  // For origins with another history: the seq where the own history stops matching that of the
  // base.
  [[nodiscard]] const std::map<core::Origin, core::Seq>& common() const { return common_; }
  [[nodiscard]] const OriginRewrites& names() const { return names_; }
  // The numbers of ops that were taken as they are, and written again.
  [[nodiscard]] std::uint64_t taken() const { return taken_; }
  [[nodiscard]] std::uint64_t renamed() const { return renamed_; }

 private:
  using Outcome = core::Result<std::optional<Taken>>;

  // The seq where the branch of an origin begins; nullopt when it has none.
  [[nodiscard]] std::optional<core::Seq> parted_at(core::Origin origin) const;
  [[nodiscard]] bool is_own(core::Origin origin) const;
  core::Result<void> look_for(core::Origin origin, core::Seq common);
  // Returns whether a vector covers any op of a branch.
  [[nodiscard]] bool depends_on_branch(const core::VersionVector& deps) const;
  Outcome continued(const storage::StoredRecord& record);
  Outcome renamed(const storage::StoredRecord& record);
  // Gives an origin a new name, from its batch `record` on.
  void name(const storage::StoredRecord& record);
  [[nodiscard]] core::Origin name_of(core::Origin origin, const core::ChainHash& first) const;
  core::Result<core::Batch> rewrite(const core::Batch& batch, const RewrittenOrigin& rewritten);
  [[nodiscard]] core::Opening opening_of(const core::Batch& batch,
                                         const RewrittenOrigin& rewritten) const;
  [[nodiscard]] std::optional<RewrittenOps::Frame> find_frame(core::Origin origin,
                                                              const core::Path& path) const;
  Taken advance(core::Batch batch, std::string bytes, core::VersionVector deps);

  Before before_;
  RejoinState state_;
  Applied now_;
  std::map<core::Origin, core::Seq> common_;
  std::vector<FormerDeps> looking_;
  std::map<core::Origin, core::VersionVector> deps_;  // Of branches, as their leaders had them.
  OriginRewrites names_;
  RewrittenOps ops_;
  const Rows* rows_ = nullptr;  // Of the batch that is taken.
  std::uint64_t taken_ = 0;
  std::uint64_t renamed_ = 0;
};

}  // namespace anabranch::regions
