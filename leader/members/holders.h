// The members of the mesh, and how far each has the writes of this leader; and the same of regions.
// For those who wait until others have a write.
//
// A member is a data directory, of a leader or of a follower, by its node. How far it is follows
// from the messages of its links to here, or else from its reports and cards, which others pass on
// once a second. Members are those that have shown a card in the last ten minutes, and those of the
// list of regions, which may show none. A member of an earlier version, which shows no cards, is
// there only if it is listed. For the owner's thread; not while a commit is under way.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/dot.h"
#include "core/hash.h"
#include "core/wall_clock.h"
#include "leader/members/card_table.h"
#include "regions/replica.h"

namespace anabranch::leader {

// A member by its newest card.
struct KnownMember {
  core::Hash128 node;
  std::string name;
  std::string region;
  std::string zone;
  core::Origin origin = 0;
  core::Origin previous = 0;
  regions::MemberCard::End end = {};
  bool fresh = false;
};

// Returns those that have cards, this one first.
[[nodiscard]] std::vector<KnownMember> known_members(const CardTable& cards,
                                                     const regions::MemberCard& own,
                                                     core::Millis now);

// The regions of the mesh, retired ones, too; and the names of peers of the options at which no
// leader of it was ever met, which are among no regions.
struct RegionNames {
  std::set<std::string> known;
  std::set<std::string> unmet;
};

class Holders {
 public:
  // The last seq of the own origin that is applied, and that is on the disk.
  struct Far {
    core::Seq applied = 0;
    core::Seq durable = 0;
  };
  struct Member {
    std::string name;  // Of one without a card its region, and the first digits of its node.
    std::string region;
    std::string zone;
    core::Origin origin = 0;
    Far shown = {};  // By its card.
    bool self = false;
    bool fresh = false;   // It is there: it shows cards, and its region is not retired.
    bool listed = false;  // The list of regions has it: it leads, or may lead.
    Far far = {};
  };
  // A region that is not retired; its leader decides, as in replication_progress.h. A peer of the
  // options that was never met has the name that it has there.
  struct Region {
    std::string name;
    bool met = true;
    Far far = {};
  };

  // Looks how far all are, and ten times a second who there is. The first member is this one.
  using FindMembers = std::function<std::vector<KnownMember>()>;
  using FindRegions = std::function<RegionNames()>;
  void look(const regions::Replica& replica, const FindMembers& find_members,
            const FindRegions& find_regions, core::Millis steady_now);

  // The origin whose seqs are meant.
  [[nodiscard]] core::Origin origin() const { return origin_; }
  [[nodiscard]] const std::vector<Member>& members() const { return members_; }
  // Sorted by their names.
  [[nodiscard]] const std::vector<Region>& regions() const { return regions_; }

 private:
  static constexpr core::Millis kNamesMs = 100;

  void look_who(const regions::Replica& replica, const std::vector<KnownMember>& known);
  void look_how_far(const regions::Replica& replica);
  void look_at_regions(const regions::Replica& replica, const RegionNames& names);

  core::Origin origin_ = 0;
  std::vector<Member> members_;
  std::vector<Region> regions_;
  core::Millis next_ms_ = 0;
};

}  // namespace anabranch::leader
