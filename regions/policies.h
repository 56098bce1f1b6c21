// This leader's part in the policies of the mesh (rows/policy): it sets and removes them, keeps the
// proposals of its region equal to its configuration, and tells operators of those it cannot decide
// by, and of peers that decide by other functions.
//
// All policies are ordinary rows, written by ordinary transactions of the open group; readers get
// them from CommittedState. Not thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/hlc.h"
#include "core/result.h"
#include "regions/exchange/exchange.h"
#include "regions/local_writer.h"
#include "regions/state/committed.h"
#include "regions/wire/alarms.h"
#include "regions/wire/local_rules.h"
#include "rows/policy/policy_rows.h"
#include "rows/policy/policy_table.h"
#include "rows/resolvers.h"

namespace anabranch::regions {

class Policies final : public Participant {
 public:
  static constexpr std::size_t kPrefixBytesMax = 1024;
  static constexpr std::size_t kInForceMax = 1000;  // Of those that this leader sets or proposes.
  // Prefixes that ever had a policy: their rows stay when it is removed.
  static constexpr std::size_t kPrefixesMax = 10'000;
  static constexpr std::size_t kTroublesMax = 100;  // That the log, and the status, tell of.
  // The log has at most one line in this time about each peer's functions.
  static constexpr core::Millis kTellMs = 60'000;

  using Proposals = std::map<rows::PolicyScope, rows::Policy>;

  struct Owner {
    CommittedState& state;
    const Exchange& exchange;
    LocalWriter& writer;
    Alarms& alarms;
  };

  // All that the owner refers to must outlive this, and so must the resolvers; null: there are
  // none, and no functions. Nothing is read before look().
  Policies(Owner owner, const rows::Resolvers* resolvers, Proposals proposals)
      : owner_(owner), resolvers_(resolvers), proposals_(std::move(proposals)) {}

  // Stages that a policy is set; nothing if it is set already. Fails with kInvalid, kTooLarge or
  // kIo, naming the remedy, when that cannot be. Throws kReadOnly on a follower.
  core::Result<void> set(const rows::PolicyScope& scope, const rows::Policy& policy);
  // Stages that the policy of exactly this scope is removed, for all proposals as well. Fails with
  // kInvalid when none is set or proposed there. Throws kReadOnly on a follower.
  core::Result<void> remove(const rows::PolicyScope& scope);
  // Makes the rows of the own region's proposals equal to the configuration: once, as soon as this
  // leader may write, has room, and no transactions of the group wait for their commit. Costs
  // nothing while there is no room.
  core::Result<void> announce();
  // Has that done once more: another leader may have written them meanwhile.
  void announce_again() { announced_ = false; }

  // Raises the alarms about the policies in force that this leader cannot decide by, each once.
  void look();
  // Takes in a peer's rules, and tells the log when they have come to differ, or no longer do.
  void on(LinkId link, const Heartbeat& heartbeat, core::Millis now);

  // The rules of this leader, for its heartbeats.
  [[nodiscard]] const LocalRules& rules() const { return rules_; }
  // Returns whether a peer has told of other resolvers than those of this leader.
  [[nodiscard]] bool resolvers_differ(core::Origin peer) const;
  // Returns the names of functions that a peer lacks, with ", " between them.
  [[nodiscard]] std::string absent_functions(core::Origin peer) const;
  // The policies in force that this leader cannot decide by, a sentence each; at most kTroublesMax.
  [[nodiscard]] const std::vector<std::string>& troubles() const { return troubles_; }

  void record(Commit& /*commit*/) override {}
  void committed(const Commit& /*commit*/) override {
    if (owner_.state.policies() != seen_) look();
  }

 private:
  struct PeerRules {
    LocalRules rules;
    std::string told;  // The last line of the log about them; empty: all was well.
    core::Millis next_tell_ms = 0;
  };

  // Returns whether a policy of this scope may be set here.
  [[nodiscard]] core::Result<void> check(const rows::PolicyScope& scope,
                                         const rows::Policy& policy) const;
  // The same, for the first policy of a scope.
  [[nodiscard]] core::Result<void> check_number(const rows::Stage& stage) const;
  [[nodiscard]] core::Result<void> check_room(std::size_t bytes) const;
  // Returns the changes that make the own proposals equal to the configuration: the paths to write
  // and their values, empty ones to remove.
  [[nodiscard]] std::map<core::Path, std::string> proposals_to_write() const;
  void add_trouble(std::string text);
  // Returns the line of the log about a peer's rules; empty if they are as they should be.
  [[nodiscard]] std::string trouble_with(const Peer& peer, const LocalRules& rules) const;
  void tell(const Peer& peer, PeerRules& known, core::Millis now);

  Owner owner_;
  const rows::Resolvers* resolvers_;
  Proposals proposals_;
  bool announced_ = false;
  std::size_t bytes_to_announce_ = 0;  // There was no room for so many; 0: not known yet.
  std::shared_ptr<const rows::PolicyTable> seen_;  // By the last look().
  LocalRules rules_;
  std::vector<std::string> troubles_;
  std::set<std::string> told_;  // Troubles for which an alarm was raised.
  std::map<core::Origin, PeerRules> peers_;
};

}  // namespace anabranch::regions
