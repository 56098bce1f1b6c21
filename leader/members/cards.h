// The exchange of cards: those that come are taken when they are newer, and passed on.
//
// Every member's own card goes over all its links at each beat. A newer card of a member of the own
// region goes to other members of it at once. All other ways carry the cards of a node at intervals
// only, and one at once where it shows something new: so the traffic between regions does not grow
// with beats. No card goes back over a link that brought it, or to its own member. A new connection
// begins with all fresh cards.
//
// The age of a card is the sum of the times in which members held it, and of the delays of links
// beyond their fastest messages (link_delay.h). No wall clock takes part. What a peer sends is
// bounded by itself: cards and bytes a second for each link, rows of the table.
// No I/O, no clock. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/status.h>

#include "leader/members/card_table.h"
#include "regions/presence/link_delay.h"
#include "regions/presence/message_rate.h"
#include "regions/wire/member_card.h"
#include "transport/transport.h"

namespace anabranch::leader {

// A link to a peer that has greeted.
struct CardLink {
  transport::LinkId link = 0;
  std::string region;       // Of the peer,
  std::uint64_t nonce = 0;  // and of its opening.
  bool sends = false;       // Cards go there: the peer reads them, and has no better link.
  bool operator==(const CardLink&) const = default;
};

class Cards {
 public:
  struct Self {
    core::Hash128 node;
    std::uint64_t nonce = 0;
    std::string region;
    core::Millis opened_ms = 0;
    core::Millis promote_after_ms = 0;
  };
  // Whether a card is of its region, and the key that proves it; nullopt where nobody has keys.
  struct Proof {
    bool holds = true;
    std::optional<transport::Key> key = {};
  };
  using Prove = std::function<Proof(const regions::MemberCard&, const regions::CardOnWay&)>;
  struct Sent {
    transport::LinkId link = 0;
    regions::MemberCards message;
  };

  // A second's worth of one link.
  static constexpr regions::MessageRate::Limits kIn{1000, std::uint64_t{512} << 10U};
  static constexpr regions::MessageRate::Limits kOut{500, std::uint64_t{256} << 10U};
  // Where a region never promotes another member by itself: between own cards, and between those of
  // a node that are passed on to and from other regions.
  static constexpr core::Millis kBeatMs = 1000;
  static constexpr core::Millis kPassMs = 2000;
  // A card of the own node under another nonce is that of a copy when it was made so long after the
  // opening; before that, of the last life of this directory.
  static constexpr core::Millis kCopyMs = 2000;

  explicit Cards(Self self)
      : self_(std::move(self)), table_(self_.region, self_.promote_after_ms) {}

  // Tells all links. A new one is sent all fresh cards by the next due().
  void see(const std::vector<CardLink>& links, core::Millis now);
  // Whether a link is known; if not, counts the message that has come there.
  [[nodiscard]] bool hears(transport::LinkId link);
  // Takes a message of a link that is known. Returns false if no member sends it: its link is to be
  // rejected.
  [[nodiscard]] bool take(transport::LinkId link, const regions::MemberCards& message,
                          const Prove& prove, core::Millis now);
  // Returns the messages that are due, with the own card in each unless that is null.
  [[nodiscard]] std::vector<Sent> due(const regions::CardOnWay* own, core::Millis now);
  // When due() must be called next for the cards of others.
  [[nodiscard]] core::Millis next_ms() const;
  // Forgets cards that are too old.
  void forget_old(core::Millis now);

  // The time between two own cards.
  [[nodiscard]] core::Millis beat_ms() const;
  // Whether cards go anywhere.
  [[nodiscard]] bool sends() const;
  [[nodiscard]] const CardTable& table() const { return table_; }
  // The newest card of the own node that another process has made since this opening.
  [[nodiscard]] const std::optional<KnownCard>& copy() const { return copy_; }
  [[nodiscard]] const CardsStatus& counts() const { return counts_; }

 private:
  struct Link {
    CardLink link;
    bool is_new = true;
    regions::LinkDelay delay = {};
    regions::MessageRate in;
    regions::MessageRate out;
  };
  // The parts of a card that do not wait.
  struct Marks {
    regions::MemberCard::Role role = {};
    std::uint64_t reign = 0;
    std::uint64_t flags = 0;
    std::optional<core::Hash128> heir = {};
    bool operator==(const Marks&) const = default;
  };
  struct Passed {
    core::Millis at_ms = 0;
    Marks marks;
  };
  class Parcel;

  [[nodiscard]] static Marks marks_of(const regions::MemberCard& card);
  void take(Link& from, const regions::CardOnWay& way, regions::MemberCard card,
            core::Millis age_ms, const Prove& prove, core::Millis now);
  void take_own(KnownCard known);
  // Notes that a card is to be passed on.
  void pass_on(const regions::MemberCard& card, core::Millis now);
  // Whether a card is to go over a link now.
  [[nodiscard]] bool goes(const KnownCard& known, const Link& link, core::Millis now) const;
  [[nodiscard]] core::Millis pass_ms(std::string_view region) const;

  const Self self_;
  CardTable table_;
  std::map<transport::LinkId, Link> links_;
  std::set<core::Hash128> near_;                // To be passed on within the region.
  std::map<core::Hash128, core::Millis> far_;   // {node: when it is to be passed on elsewhere}
  std::map<core::Hash128, Passed> passed_far_;  // The last time.
  std::optional<KnownCard> copy_;
  CardsStatus counts_;
};

}  // namespace anabranch::leader
