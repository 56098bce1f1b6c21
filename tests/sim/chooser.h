// A machine as a member of its region: it shows a card, and decides by those of others whether it
// leads. All of it is of production but the thread: the network carries the messages, and is the
// clock, of cards and replica alike.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/dot.h"
#include "core/hash.h"
#include "core/version_vector.h"
#include "leader/members/choice.h"
#include "leader/members/promotion.h"
#include "leader/members/roster.h"
#include "tests/node.h"

namespace anabranch::test {

class Chooser : public leader::Choice {
 public:
  // Of a machine that was just opened; the node must outlive this.
  Chooser(Node& node, std::uint64_t rank, core::Millis now);

  // When look() or due() has something to do next.
  [[nodiscard]] core::Millis next_ms() const;
  [[nodiscard]] bool looks(core::Millis now) const { return now >= next_look_ms_; }
  void look_soon() { next_look_ms_ = 0; }
  // Decides anew. Nothing may be staged. Returns whether the role has changed.
  bool look(core::Millis now);
  // Takes the cards that a link has brought. Returns false if no member sends such.
  [[nodiscard]] bool take(transport::LinkId link, const regions::MemberCards& message,
                          core::Millis now);
  // Returns the messages to be sent now.
  [[nodiscard]] std::vector<leader::Cards::Sent> due(core::Millis now);

  // Its disk takes seconds for each commit, or no longer.
  void slow_down(bool slow) { slow_ = slow; }
  // An operator has the lead handed over, or taken, here.
  core::Result<void> hand_over(core::Millis now);
  core::Result<void> promote(core::Millis now);

  // It gives its lead away: it takes no writes, and applies none.
  [[nodiscard]] bool leaves() const { return promotion_.leaves(); }
  // The newest card that was sent.
  [[nodiscard]] const regions::MemberCard& shown() const { return roster_.own(); }
  // The time between two cards.
  [[nodiscard]] core::Millis beat_ms() const { return roster_.cards().beat_ms(); }
  // The node of the leader of its region, as far as this member knows; nullopt: none is known.
  [[nodiscard]] std::optional<core::Hash128> leader_node(core::Millis now) const;

  [[nodiscard]] core::Millis promote_after_ms() const override;
  [[nodiscard]] regions::Situation situation(const regions::Replica& replica,
                                             const regions::Health& health,
                                             core::Millis steady_now) override;
  void show(const std::optional<regions::Candidacy::Shown>& shown) override;
  [[nodiscard]] std::optional<Sent> last_sent() const override;
  [[nodiscard]] std::string name_of(const core::Hash128& node) const override;
  [[nodiscard]] std::optional<regions::MemberCard> leader() const override;
  [[nodiscard]] core::Result<leader::Heir> choose_heir(const regions::Peers& peers,
                                                       std::string_view called) const override;

 private:
  [[nodiscard]] regions::Health health() const;

  Node& node_;
  core::Millis now_ms_ = 0;
  core::Millis next_look_ms_ = 0;
  bool slow_ = false;
  leader::Roster roster_;
  leader::Promotion promotion_;
};

// All that a network keeps of a machine as a member of its region.
struct Candidate {
  // Of two leaders the one with the greater claim stays.
  struct Claim {
    std::uint64_t reign = 0;
    bool full = false;
    std::uint64_t rank = 0;
    core::Hash128 node;
    [[nodiscard]] bool above(const Claim& other) const {
      if (reign != other.reign) return reign > other.reign;
      if (full != other.full) return full;
      return std::tie(rank, node) < std::tie(other.rank, other.node);
    }
  };
  // The machine before it made a decision.
  struct Before {
    core::Origin origin = 0;
    core::VersionVector vector = {};
    bool follows = false;
    bool starts = false;
    bool listed = false;
    bool by_hand = false;
    regions::RoleRow row = {};  // Of its directory.
    std::uint64_t known = 0;
    Claim claim = {};
  };

  std::unique_ptr<Chooser> chooser;  // Null where nobody chooses.
  core::Millis last_card_ms = -1;    // When a card has come in this opening; or -1.
  core::Millis last_beat_ms = 0;
  core::Millis slow_until_ms = 0;            // Its disk, also over starts.
  std::optional<regions::RoleRow> begun_as;  // Until a card has shown how this opening goes on.
  core::Millis leaves_ms = 0;                // For so long it has been giving its lead away.
  std::optional<Claim> claim;                // Under which it led last...
  core::Millis led_ms = 0;                   // ...and when.
  std::uint64_t shown_reign = 0;  // The greatest that a card has shown, of this directory.
};

}  // namespace anabranch::test
