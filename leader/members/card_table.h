// The newest card of each member that is known here, by node: in memory, bounded, and forgotten
// after ten minutes. Not thread-safe; times are those of a clock that goes on while the machine is
// suspended.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/hash.h"
#include "core/hlc.h"
#include "regions/wire/member_card.h"
#include "transport/keys.h"
#include "transport/transport.h"

namespace anabranch::leader {

// A card that is known here.
struct KnownCard {
  regions::MemberCard card;
  std::string content;  // As it came.
  std::string signature;
  std::optional<transport::Key> key;  // That has signed it; nullopt without keys.
  std::uint64_t hops = 0;             // The links of its way to here.
  core::Millis made_ms = 0;           // By the clock of this leader.
  // The links that have brought it.
  std::vector<transport::LinkId> has = {};

  [[nodiscard]] core::Millis age_ms(core::Millis now) const { return now - made_ms; }
};

class CardTable {
 public:
  static constexpr std::size_t kOfRegionMax = 64;
  static constexpr std::size_t kMax = 1024;
  static constexpr core::Millis kAgeMsMax = 600'000;
  // A card is fresh for the time after which its region promotes another member; where it never
  // does, for this long.
  static constexpr core::Millis kFreshMs = 10'000;
  // The least time that a card's promote_after_ms stands for, so that no card makes others hurry.
  static constexpr core::Millis kPromoteMsMin = 1000;

  using Rows = std::map<core::Hash128, KnownCard>;

  CardTable() = default;
  // Of a member that has no card here: its region, and its own promote_after_ms.
  CardTable(std::string own_region, core::Millis own_promote_after_ms)
      : own_region_(std::move(own_region)), own_promote_after_ms_(own_promote_after_ms) {}

  [[nodiscard]] const Rows& rows() const { return rows_; }
  // Returns null when there is none.
  [[nodiscard]] KnownCard* find(const core::Hash128& node);
  // Puts a card that is newer than the one of its node here. Where there are too many, the stalest
  // gives way, unless it is fresh. Returns the row; null if there is no room, or if the node is
  // known as one of another region: no directory changes its region.
  KnownCard* put(KnownCard card, core::Millis now);
  // Forgets cards that are too old.
  void forget_old(core::Millis now);

  // The greatest promote_after_ms that cards of a region show, the own one included, at least
  // kPromoteMsMin and at most kAgeMsMax; 0: it never promotes by itself.
  [[nodiscard]] core::Millis promote_after_ms(std::string_view region) const;
  // The least time after which any region promotes a member, as far as cards show it; `most` where
  // none does, or later.
  [[nodiscard]] core::Millis least_promote_after_ms(core::Millis most) const;
  [[nodiscard]] core::Millis fresh_ms(std::string_view region) const;
  [[nodiscard]] bool is_fresh(const KnownCard& known, core::Millis now) const {
    return known.age_ms(now) <= fresh_ms(known.card.region);
  }
  // The leader of a region: of the fresh cards that lead, or leave the lead, the one with the
  // greatest reign, then not blind, then with the least rank, then node. Null while none is known.
  [[nodiscard]] const KnownCard* leader(std::string_view region, core::Millis now) const;
  // The members of a region.
  [[nodiscard]] std::size_t count(std::string_view region) const;

 private:
  // What is asked for of a region with each of its cards.
  struct OfRegion {
    std::size_t count = 0;
    core::Millis promote_after_ms = 0;  // The greatest of its cards.
  };

  // Returns the stalest of a region, or of all for an empty one; the end when there is none.
  Rows::iterator stalest(std::string_view region);
  // Looks through the rows of a region, one of which has changed.
  void sum_up(const std::string& region);
  [[nodiscard]] OfRegion of_region(std::string_view region) const;

  std::string own_region_;
  core::Millis own_promote_after_ms_ = 0;
  Rows rows_;
  std::map<std::string, OfRegion, std::less<>> regions_;  // Of those that have rows.
};

}  // namespace anabranch::leader
