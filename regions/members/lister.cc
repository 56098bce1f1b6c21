#include "regions/members/lister.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/mark.h"
#include "core/planted_bug.h"

namespace anabranch::regions {

using core::Bug;
using core::Origin;
using core::planted;

void Lister::look(std::vector<ShownMember> members, core::Millis now) {
  members_ = std::move(members);
  now_ms_ = now;
  std::map<core::Hash128, core::Millis> since;
  for (const ShownMember& member : members_) {
    if (!member.ripe) continue;
    const auto before = ripe_since_ms_.find(member.node);
    since[member.node] = before == ripe_since_ms_.end() ? now : before->second;
  }
  ripe_since_ms_ = std::move(since);
}

std::vector<Lister::Row> Lister::due(const RegionList& list, const Lead& lead) const {
  std::vector<Row> rows;
  if (lead.blind || lead.reign < lead.known) return rows;
  std::size_t listed = 0;  // By these rows.
  for (const ShownMember& member : members_) {
    if (!is_due(member, list, lead)) continue;
    const bool ends = !is_of_another(member, member.previous, lead);
    if (!list.knows(lead.region, member.origin)) {
      if (list.waited_for(lead.region) + listed >= kRowsMax) continue;
      ++listed;
      rows.push_back({member.origin, ends ? member.previous : 0, member.node});
    }
    if (ends) add_formers(member, list, rows);
  }
  return rows;
}

bool Lister::is_due(const ShownMember& member, const RegionList& list, const Lead& lead) const {
  const std::optional<core::Millis> since = ripe_since_ms(member);
  if (!since || now_ms_ - *since < kRipeMs) return false;
  const std::string of = list.region_of(member.origin);
  const bool may_be = of.empty() || of == lead.region;
  return may_be && member.origin != 0 && !is_of_another(member, member.origin, lead) &&
         !list.succeeded(member.origin) && !list.lost(lead.region, member.origin);
}

bool Lister::is_of_another(const ShownMember& member, Origin origin, const Lead& lead) const {
  if (origin == 0 || planted(Bug::kEndLiving)) return false;
  if (origin == lead.origin) return true;
  // The directory of a member that has moved had the origin, and shows no card any more.
  const std::optional<core::Millis> since = ripe_since_ms(member);
  return std::ranges::any_of(members_, [&](const ShownMember& other) {
    return other.node != member.node && other.origin == origin && since && other.made_ms > *since;
  });
}

std::optional<core::Millis> Lister::ripe_since_ms(const ShownMember& member) const {
  if (member.node == asked_) return now_ms_ - kRipeMs;
  const auto since = ripe_since_ms_.find(member.node);
  return since == ripe_since_ms_.end() ? std::nullopt : std::optional(since->second);
}

void Lister::add_formers(const ShownMember& member, const RegionList& list,
                         std::vector<Row>& rows) const {
  std::set<Origin> seen{member.origin};
  Origin origin = member.previous;
  for (const Origin before : member.formers) {
    if (origin == 0 || !list.region_of(origin).empty() || !seen.insert(origin).second) return;
    const bool is_there =
        std::ranges::any_of(rows, [&](const Row& row) { return row.origin == origin; });
    if (!is_there) rows.push_back({origin, before, {}});
    origin = before;
  }
}

}  // namespace anabranch::regions
