// All that a member of a region goes by when it decides whether to lead: cards, direct links, its
// own state, and the constants of time. Plain values, all of one moment.
//
// Times are milliseconds of one steady clock of this machine, which also runs while the machine is
// suspended. A card was made at that time less its age.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/dot.h"
#include "core/hash.h"
#include "core/version_vector.h"
#include "core/wall_clock.h"

namespace anabranch::regions {

enum class MemberRole : std::uint8_t { kStarts = 1, kFollows, kLeads, kLeaves, kSpare };

// Leads, or gives the lead away just now.
[[nodiscard]] constexpr bool holds_lead(MemberRole role) {
  return role == MemberRole::kLeads || role == MemberRole::kLeaves;
}

// How far a member is in one origin: a leader in its own, once the row of its reign is there;
// another one in the origin of the greatest reign whose row it has applied. All 0 where it has
// applied none.
struct OriginEnd {
  std::uint64_t reign = 0;
  core::Origin origin = 0;
  core::Seq applied = 0;
  core::Seq durable = 0;
  bool operator==(const OriginEnd&) const = default;
};

// The newest card of another member, of any region.
struct SeenCard {
  core::Hash128 node;
  std::uint64_t opening = 0;  // Of two cards of a node the greater (opening, number) is the newer.
  std::uint64_t number = 0;
  core::Millis made_ms = 0;
  bool of_own_region = false;
  MemberRole role = MemberRole::kStarts;
  std::uint64_t reign = 0;  // Its own while it leads, leaves or names an heir; else 0.
  std::uint64_t known = 0;  // The greatest that it knows.
  bool blind = false;
  bool fit = false;
  bool able = false;
  bool reach = false;
  std::uint64_t rank = 0;
  core::Origin origin = 0;  // Under which it writes, or would.
  OriginEnd end = {};
  std::optional<core::Hash128> heir = {};
};

// The newest vectors that a member, of any region, has shown on a direct link.
struct SeenLink {
  core::Hash128 node;
  bool of_own_region = false;
  // The newest heartbeat that echoes one of this member was built then, or later.
  core::Millis built_ms = 0;
  // Of the last card made before that heartbeat. The lag is that of the card and the time between.
  MemberRole role = MemberRole::kStarts;
  bool able = false;
  std::optional<core::Millis> lag_ms = {};
  // Of that heartbeat, or of a later acknowledgement.
  core::VersionVector applied = {};
  core::VersionVector durable = {};
};

// The member itself.
struct OwnState {
  core::Hash128 node;
  std::uint64_t rank = 0;
  core::Origin origin = 0;  // Under which it writes, or would.
  core::VersionVector applied = {};
  core::VersionVector durable = {};
  bool fit = false;  // See fitness.h.
  // Its own `promote_after` is above 0, it was not declared lost, its region neither retired nor
  // drained, its log is not shared, and none of its links to its region is paused.
  bool eligible = false;
  bool listed = false;  // The row that lists its origin has been applied here.
  // When a member of another region was last heard on a direct link; nullopt: never.
  std::optional<core::Millis> abroad_ms = {};
  // The other members of its region that the list names, those declared lost left out.
  std::vector<core::Hash128> kin = {};
  std::vector<core::Origin> region_origins =
      {};  // All that the list has of its region, and its own.
  // The greatest reign whose row has been applied here, and the origin of that row; 0: none.
  std::uint64_t row_reign = 0;
  core::Origin row_origin = 0;
  std::uint64_t own_row_reign = 0;  // The greatest whose row is in its own origin; 0: none.
};

// The constants of time of a region.
struct CandidacyTimes {
  core::Millis promote_after_ms = 0;  // P: the greatest that a card of the region shows; 0: off.
  core::Millis beat_ms = 0;           // Between two cards of a member.
  core::Millis between_ms = 0;        // Between two candidates.
  core::Millis link_ms = 0;           // A direct link with no heartbeat for longer does not work.
  core::Millis lag_ms = 0;            // A member that lags by more does not lead by itself.

  // Of a region with so many members.
  [[nodiscard]] static CandidacyTimes of(core::Millis promote_after_ms, std::size_t members);
};

struct Situation {
  core::Millis now_ms = 0;
  CandidacyTimes times = {};
  std::vector<SeenCard> cards = {};  // At most one of a node; none of its own.
  std::vector<SeenLink> links = {};  // Likewise.
  OwnState own = {};

  // The newest vectors of a direct link to `node`, if it works; else nullptr.
  [[nodiscard]] const SeenLink* working_link(const core::Hash128& node) const;
};

}  // namespace anabranch::regions
