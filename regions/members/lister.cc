#include "regions/members/lister.h"

#include <algorithm>
#include <iterator>
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
  std::map<core::Hash128, Ripe> ripe;
  for (const ShownMember& member : members_) {
    if (!member.ripe) continue;
    const auto before = ripe_.find(member.node);
    const bool goes_on = before != ripe_.end() && before->second.origin == member.origin;
    ripe[member.node] = {member.origin, goes_on ? before->second.since_ms : now};
  }
  ripe_ = std::move(ripe);
  const core::Millis passed = std::max<core::Millis>(now - room_since_ms_, 0);
  if (room_since_ms_ == 0 || room_ == kRowsAtOnce) {
    room_since_ms_ = now;
  } else if (passed >= kRowMs) {
    room_ = std::min(kRowsAtOnce, room_ + static_cast<std::size_t>(passed / kRowMs));
    room_since_ms_ = now - passed % kRowMs;
  }
}

std::vector<Lister::Row> Lister::due(const RegionList& list, const Lead& lead) {
  std::vector<Row> rows;
  waits_ = false;
  if (lead.blind || lead.reign < lead.known) return rows;
  std::size_t listed = 0;  // By these rows.
  for (const ShownMember& member : members_) {
    if (!is_due(member, list, lead)) continue;
    const bool is_new = !list.knows(lead.region, member.origin);
    if (is_new && list.waited_for(lead.region) + listed >= kRowsMax) continue;
    std::vector<Row> more = rows_of(member, list, lead);
    if (rows.size() + more.size() > room_ && member.node != asked_) {
      waits_ = true;
      continue;
    }
    listed += is_new ? 1 : 0;
    std::ranges::copy_if(more, std::back_inserter(rows), [&](const Row& row) {
      return std::ranges::find(rows, row.origin, &Row::origin) == rows.end();
    });
  }
  return rows;
}

std::vector<Lister::Row> Lister::rows_of(const ShownMember& member, const RegionList& list,
                                         const Lead& lead) const {
  std::vector<Row> rows;
  const bool ends = !is_of_another(member, member.previous, lead);
  const bool is_new = !list.knows(lead.region, member.origin);
  if (is_new) rows.push_back({member.origin, ends ? member.previous : 0, member.node});
  const bool by_its_row = is_new || list.previous(member.origin) == member.previous;
  if (ends && by_its_row) add_formers(member, list, rows);
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
  const auto found = ripe_.find(member.node);
  return found == ripe_.end() ? std::nullopt : std::optional(found->second.since_ms);
}

void Lister::add_formers(const ShownMember& member, const RegionList& list,
                         std::vector<Row>& rows) {
  std::set<Origin> seen{member.origin};
  Origin origin = member.previous;
  for (const Origin before : member.formers) {
    if (origin == 0 || !list.region_of(origin).empty() || !seen.insert(origin).second) return;
    rows.push_back({origin, before, {}});
    origin = before;
  }
}

}  // namespace anabranch::regions
