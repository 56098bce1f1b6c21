// The members of the own region that its leader is to list: those that may lead one day. From then
// on all replicas wait for a member as for a leader. It leads only once it has applied its own row,
// so it has seen all that the lister had seen when it wrote the row; and what the lister has seen
// after that is told by somebody who has the row, and waits for the member.
//
// One that an operator hands the lead to is listed at once. A leader lists only members of its own
// region, not while it is blind, and only under the greatest reign that it knows. With a member it
// lists the origins before its present one: otherwise nobody ends them, and everybody waits for
// them for ever. An origin that another directory writes under now is not among these: a follower
// that was restored from a backup of its leader has the leader's for its previous one. Then the
// member begins a line of its own.
//
// A member that shows another origin is ripe anew, and of an origin that is listed only the one
// before it by its row has formers: whoever makes up cards gets few rows written.
//
// No clock, no messages in here. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dot.h"
#include "core/hash.h"
#include "core/wall_clock.h"
#include "regions/members/region_list.h"

namespace anabranch::regions {

// A member of the own region by its newest card; not this one itself.
struct ShownMember {
  core::Hash128 node;
  core::Millis made_ms = 0;  // The card was made then.
  // It may lead but for its row, by a card that is fresh and says that it follows.
  bool ripe = false;
  core::Origin origin = 0;                 // Under which it writes, or would.
  core::Origin previous = 0;               // The one before; 0: none.
  std::vector<core::Origin> formers = {};  // As in MemberCard.
};

class Lister {
 public:
  // A member is listed when it has been ripe for so long: who flaps, or takes its first snapshot,
  // is waited for by nobody.
  static constexpr core::Millis kRipeMs = 10'000;
  // Rows of a region whose origins have neither ended nor are lost: a member more is not listed.
  static constexpr std::size_t kRowsMax = 64;
  // The rows that cards have written by the leader: so many at once, and one more for each kRowMs.
  // Rows stay for ever, and cards cost their sender nothing.
  static constexpr std::size_t kRowsAtOnce = 128;
  static constexpr core::Millis kRowMs = 10'000;

  // The leader that lists.
  struct Lead {
    std::string_view region;
    core::Origin origin = 0;
    std::uint64_t reign = 0;  // Its own, and the greatest that it knows.
    std::uint64_t known = 0;
    bool blind = false;
  };
  // An origin row to be written.
  struct Row {
    core::Origin origin = 0;
    core::Origin previous = 0;
    core::Hash128 node = {};  // 0 for an origin that has ended.
    bool operator==(const Row&) const = default;
  };

  // Has a member listed as soon as its card is there, ripe or not: it is to lead.
  void ask(const core::Hash128& node) { asked_ = node; }
  // Looks at the newest cards of all other members of the region. `now` is of the clock of their
  // `made_ms`.
  void look(std::vector<ShownMember> members, core::Millis now);
  // Returns the rows that a leader has to write by these, in one transaction; wrote() tells that it
  // has.
  [[nodiscard]] std::vector<Row> due(const RegionList& list, const Lead& lead);
  void wrote(std::size_t rows) { room_ -= std::min(room_, rows); }
  // Whether members wait for room.
  [[nodiscard]] bool waits() const { return waits_; }

 private:
  [[nodiscard]] bool is_due(const ShownMember& member, const RegionList& list,
                            const Lead& lead) const;
  // Since when it has been ripe; of one that is asked for, for as long as that takes. nullopt: it
  // is neither.
  [[nodiscard]] std::optional<core::Millis> ripe_since_ms(const ShownMember& member) const;
  // Whether another directory writes under an origin now.
  [[nodiscard]] bool is_of_another(const ShownMember& member, core::Origin origin,
                                   const Lead& lead) const;
  // The rows of a member: that of its origin, if that is in none, and those of the origins before
  // it that are in none.
  [[nodiscard]] std::vector<Row> rows_of(const ShownMember& member, const RegionList& list,
                                         const Lead& lead) const;
  static void add_formers(const ShownMember& member, const RegionList& list,
                          std::vector<Row>& rows);

  struct Ripe {
    core::Origin origin = 0;
    core::Millis since_ms = 0;
  };

  std::vector<ShownMember> members_;
  std::map<core::Hash128, Ripe> ripe_;
  std::size_t room_ = kRowsAtOnce;
  core::Millis room_since_ms_ = 0;
  bool waits_ = false;
  core::Hash128 asked_;  // 0: none.
  core::Millis now_ms_ = 0;
};

}  // namespace anabranch::regions
