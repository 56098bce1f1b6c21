// Writes the lost batches of this leader again, as far as files that are set aside prove it:
// the batches of this region, oldest first, as writes of now under the origin of now. Begun by an
// operator alone.
//
// It waits, with a sentence that names all for whom it does, until no op of the lost origins can
// come from anywhere any more: they are settled (regions/members/settled_origins.h), each follower
// that was ever seen shows no more of them, and all that they had seen of other origins is
// here. Else the same writes would be there twice, under two names. A key of which any row has
// changed since the loss is left alone and told.
//
// Works in slices, each a commit, that has how far it is beside the writes (LostLog::Salvage): one
// that is killed goes on there. When nothing was left alone, the loss has ended. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/result.h"
#include "leader/salvage/changed_keys.h"
#include "leader/salvage/left_key.h"
#include "leader/salvage/lost_batches.h"
#include "leader/salvage/lost_ops.h"
#include "leader/salvage/salvage_report.h"
#include "regions/replica.h"
#include "rows/resolvers.h"
#include "storage/wal/files.h"

namespace anabranch::leader {

// Of one slice.
struct SalvageLimits {
  std::size_t ops = 100;    // Written; a transaction with more is cut.
  std::size_t records = 8;  // Of the files, with a group of writes each.
  std::size_t log = 200;    // Of the log: more than are written meanwhile.
};

class Salvage {
 public:
  using State = SalvageReport::State;
  using Report = SalvageReport;

  struct Owner {
    regions::Replica& replica;
    storage::Files& files;  // Of the log.
    const rows::Resolvers& resolvers;
    bool has_addresses = false;  // It is to hang on to other leaders.
  };
  // All that the owner refers to must outlive this.
  explicit Salvage(const Owner& owner, SalvageLimits limits = {})
      : owner_(owner), limits_(limits) {}

  // Begins, or goes on. With `past_followers` it does not wait for followers. Fails with kInvalid
  // when nothing is lost, and with kBusy, naming for whom it waits.
  core::Result<void> start(bool past_followers);
  // Writes the lost ops of a key again that was left alone: its encoded part of paths. In one
  // commit, beside all that it has now. Fails as start() does, and with kInvalid when the key was
  // not left alone, or has more lost ops than fit.
  core::Result<void> take(const std::string& key, bool past_followers);
  // Does a slice; the group must not be dirty. Returns whether more is waiting. Fails like
  // Replica::commit.
  core::Result<bool> slice();
  [[nodiscard]] bool runs() const { return state_ == State::kReading || state_ == State::kWriting; }
  [[nodiscard]] Report report() const;
  // Returns how many bytes the files that are set aside have.
  [[nodiscard]] std::uint64_t bytes() const;
  // They were removed.
  void files_changed() { bytes_.reset(); }

 private:
  using LostLog = regions::LostLog;
  // An op to be written.
  struct Next {
    core::Dot was;
    core::Op op;
  };

  [[nodiscard]] bool is_own(core::Origin origin) const;
  // Whether nothing of the loss may be in the tables: what is there would count twice.
  [[nodiscard]] static bool may_be_written(const LostLog::Loss& loss);
  [[nodiscard]] std::set<core::Origin> own_origins(const LostLog::Loss& loss) const;
  // Returns all for whom it waits, each once.
  [[nodiscard]] std::set<std::string> waits() const;
  void wait_for_others(const LostLog::Loss& loss, std::set<std::string>& names) const;
  [[nodiscard]] std::optional<core::Failure> hindrance() const;
  void stop(State state, std::string text);
  // Chooses the oldest loss that is not done. Returns whether there is one.
  core::Result<bool> choose();
  core::Result<bool> read();
  core::Result<bool> write();
  // Stages ops from the next one on; returns what is noted with them.
  core::Result<LostLog::Salvage> stage(regions::OpenTransaction& txn);
  core::Result<bool> next_record();
  // Takes the ops of the record to be written; none of one that is not proven.
  void collect();
  [[nodiscard]] bool has_own_batch(const LostBatches::Record& record) const;
  [[nodiscard]] std::set<std::string> unseen(const LostBatches::Record& record) const;
  // Stages an op unless its key has changed. Returns false when a clear of many keys goes on.
  bool stage(LostOps& ops, const Next& next, LostLog::Salvage& progress, std::size_t& staged);
  bool clear_many(LostOps& ops, const Next& next, LostLog::Salvage& progress, std::size_t& staged);
  void leave(std::string_view key, LostLog::Salvage& progress) const;
  [[nodiscard]] bool has_changed(const core::Path& path) const;
  // Finds the oldest loss with lost ops of a key that were left alone.
  core::Result<bool> find_left(const std::string& key);
  core::Result<bool> take_slice();
  core::Result<void> commit(const LostLog::Salvage& progress);
  core::Result<void> end();
  // Whether all that can be written again is, and nothing was left alone.
  [[nodiscard]] static bool ends(const LostLog::Loss& loss);

  Owner owner_;
  SalvageLimits limits_;
  State state_ = State::kNone;
  std::string text_;
  bool past_followers_ = false;
  std::uint64_t unread_ = 0;     // Ops of the losses that this run has ended.
  std::uint64_t loss_ = 0;       // The one that is written; 0: none.
  std::optional<LeftKey> left_;  // The key that is taken.
  std::unique_ptr<LostBatches> batches_;
  std::optional<ChangedKeys> changed_;
  bool complete_ = false;  // The log has told all that has changed...
  bool untold_ = false;    // ...and has not, for some loss.
  std::optional<LostBatches::Record> record_;
  std::vector<Next> ops_;                       // Of the record.
  mutable std::optional<std::uint64_t> bytes_;  // An opening alone sets files aside.
};

}  // namespace anabranch::leader
