// Gives way to another history: begins a rejoin when an operator or a peer says so, logs the
// batches put on top after the swap, and ends it (rejoin.h). Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/result.h"
#include "regions/clocks/stable_time.h"
#include "regions/delivery/inbox.h"
#include "regions/exchange/exchange.h"
#include "regions/log/log_keeper.h"
#include "regions/members/region_list.h"
#include "regions/members/settled_origins.h"
#include "regions/rejoin/incarnations.h"
#include "regions/rejoin/rejoin.h"
#include "regions/snapshot/snapshots.h"
#include "regions/state/committed.h"
#include "regions/state/group_closed.h"
#include "regions/wire/alarms.h"

namespace anabranch::regions {

class ForkRepair final : public Participant {
 public:
  struct Owner {
    CommittedState& state;
    Exchange& exchange;
    LogKeeper& keeper;
    Snapshots& snapshots;
    Inbox& inbox;
    StableTime& time;
    const RegionList& regions;
    SettledOrigins& settled;
    Incarnations& incarnations;
    Alarms& alarms;
  };

  // All that the owner refers to must outlive this.
  ForkRepair(Owner owner, const RejoinLimits& limits) : owner_(owner), limits_(limits) {}

  // Goes on with a rejoin that an earlier opening has begun.
  core::Result<void> resume();

  // Gives way to the other history of an origin that has two: begins to join as if empty and to
  // write again the ops that only this side has. With `adopt` also those of another region under
  // that origin, although its leader has the other history. Fails with kInvalid, naming the reason,
  // when that cannot be.
  core::Result<void> resolve(const GroupClosed& closed, core::Origin origin, bool adopt,
                             core::Millis now);
  // A peer refuses this leader.
  void on(const Refusal& refusal);
  // Whether a peer has said that this region was declared lost, and it gives way for that.
  [[nodiscard]] bool is_lost() const { return lost_; }
  core::Result<void> rejoin_if_declared_lost(const GroupClosed& closed, core::Millis now);
  // Ends a rejoin that cannot go on, with everything as it was.
  core::Result<void> give_up(const GroupClosed& closed, core::Millis now);
  // A slice of the logging stage. Returns whether there is more.
  core::Result<bool> log_slice(const GroupClosed& closed, core::Millis now);

  void record(Commit& commit) override;

  // The rejoin that runs; null when none does.
  [[nodiscard]] const Rejoin* rejoin() const { return rejoin_.get(); }
  [[nodiscard]] bool logging() const { return rejoin_ && rejoin_->logging(); }
  // Why the last attempt was given up; nothing when none was.
  [[nodiscard]] const std::optional<core::Failure>& failed() const { return failed_; }

 private:
  void make(RejoinState state);
  core::Result<void> begin(RejoinState state, std::string why, core::Millis now);
  void end(core::Millis now);
  // Where histories part, when this leader gives way to a peer.
  [[nodiscard]] core::Result<RejoinState> rejoin_with(core::Origin peer, core::Origin origin,
                                                      bool adopt) const;
  // Why it is not known where the histories of an origin part; `in_log` says whether this side's
  // next batch is in the log.
  [[nodiscard]] std::string why_unknown(core::Origin peer, core::Origin origin, bool in_log) const;
  // Whether somebody has written the branch again that begins here behind `common`.
  [[nodiscard]] bool was_rewritten(core::Origin origin, core::Seq common) const;
  // Whether the writes of a forked origin are this leader's to write again.
  [[nodiscard]] bool may_rewrite(core::Origin origin) const;
  // All that was learnt and promised of the former history is void.
  void history_replaced(const std::set<core::Origin>& changed);

  Owner owner_;
  RejoinLimits limits_;
  std::unique_ptr<Rejoin> rejoin_;
  std::optional<core::Failure> failed_;  // Why the last one was given up.
  bool lost_ = false;                    // A peer says so.
  bool logging_ = false;                 // The records of a commit are of the old log.
};

}  // namespace anabranch::regions
