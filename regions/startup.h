// The opening of a replica: reads the stored state, finds out whether the origin may still be
// written under, and records the opening. Makes the parts of the replica ready. Used once; not
// thread-safe.
#pragma once

#include <string_view>

#include "core/result.h"
#include "core/wall_clock.h"
#include "regions/background.h"
#include "regions/clocks/stable_time.h"
#include "regions/conflicts/conflict_log.h"
#include "regions/delivery/inbox.h"
#include "regions/exchange/exchange.h"
#include "regions/exchange/seen_followers.h"
#include "regions/log/log_keeper.h"
#include "regions/members/met_addresses.h"
#include "regions/membership.h"
#include "regions/replica_options.h"
#include "regions/state/committed.h"
#include "regions/state/lost_log.h"

namespace anabranch::regions {

// Begins the failure of options that do not fit the data, with kInvalid.
inline constexpr std::string_view kOthersData = "the data belongs to ";

class Startup {
 public:
  struct Owner {
    const ReplicaOptions& options;
    CommittedState& state;
    LostLog& lost;
    SeenFollowers& followers;
    MetAddresses& met;
    Membership& members;
    Exchange& exchange;
    Inbox& inbox;
    LogKeeper& keeper;
    ConflictLog& conflicts;
    StableTime& time;
    Background& background;
  };

  // All that the owner refers to must outlive this.
  explicit Startup(Owner owner) : owner_(owner) {}

  // Fails as Replica::open() does.
  core::Result<void> run(const core::WallClock& clock);

 private:
  // Reads the stored state of the parts; gives an empty directory an identity.
  core::Result<void> load();
  // Records this opening, under a new origin when that is due.
  core::Result<void> record(const core::WallClock& clock);
  void start_clock(const core::WallClock& clock);
  // The role of this opening: a directory that has stepped down follows, whatever the option says.
  // One that has led does not lead against the option: nobody looks yet whether another leads now.
  void take_role();
  // A name for the directory that nothing else has.
  [[nodiscard]] core::Hash128 fresh_node() const;

  Owner owner_;
  bool follows_ = false;
};

}  // namespace anabranch::regions
