#include "regions/members/settled_origins.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "core/mark.h"
#include "core/planted_bug.h"
#include "core/wire.h"
#include "storage/layout.h"

namespace anabranch::regions {

using core::Bug;
using core::mark;
using core::Origin;
using core::planted;
using core::VersionVector;

namespace {

// The positions that leaders have closed by this list: {line: vector}.
using Closings = std::map<Origin, VersionVector>;

// The line of the region if it had one leader.
Origin first_line(const RegionList& list, std::string_view region) {
  return list.line(list.all().find(region)->second.origins.begin()->first);
}

// The lines of all leaders that count.
std::set<Origin> waited_for(const RegionList& list) {
  std::set<Origin> lines;
  for (const auto& [name, region] : list.all()) {
    const Retirement retirement = list.retirement(name);
    if (planted(Bug::kSettleWithoutRetired) && retirement == Retirement::kRetired) continue;
    // A region with a retirement but no origins has closed nothing: no leader's line is 0.
    if (region.origins.empty() && retirement != Retirement::kLost) lines.insert(0);
    for (const auto& [origin, known] : region.origins) {
      if (!list.lost(name, origin)) lines.insert(list.line(origin));
    }
    const bool there = !region.origins.empty() && retirement != Retirement::kLost;
    if (planted(Bug::kSettleByOneLeader) && there) {
      for (const auto& [origin, known] : region.origins) lines.erase(list.line(origin));
      lines.insert(first_line(list, name));
    }
  }
  return lines;
}

// If a leader has made several statements by one list, under several names, the highest one counts.
bool closed_by_all(const std::set<Origin>& lines, const Closings& closings, Origin origin,
                   core::Seq at) {
  return std::ranges::all_of(lines, [&](Origin line) {
    const auto said = closings.find(line);
    return said != closings.end() && said->second.at(origin) == at;
  });
}

Closings find_closings(const RegionList& list, const RegionReports& reports,
                       const SettledOrigins& settled) {
  Closings closings;
  for (const auto& [origin, report] : reports.all()) {
    Origin line = list.line(report.region, origin, report.previous);
    if (report.list != list.hash() || line == 0) continue;
    if (planted(Bug::kSettleByOneLeader)) line = first_line(list, report.region);
    closings[line].join(settled.closed(list, report));
  }
  return closings;
}

}  // namespace

core::Result<void> SettledOrigins::load(const storage::Snapshot& snapshot) {
  const auto stored = snapshot.get(storage::Table::kMeta, storage::kSettledKey);
  if (!stored) return {};
  core::Reader in(*stored);
  const VersionVector settled = read_vector(in);
  if (!in.done()) return in.failure();
  for (const auto& [origin, seq] : settled) {
    if (applied_.vector().at(origin) == seq) all_.set(origin, seq);
  }
  hash_ = hash_of(all_);
  return {};
}

// ---- Settling.

std::optional<core::Hash128> SettledOrigins::hash_of(const VersionVector& origins) const {
  if (origins.empty()) return std::nullopt;
  std::string bytes;
  core::Writer out(bytes);
  for (const auto& [origin, seq] : origins) {
    out.uint64(origin).uint64(seq);
    write_chain(out, applied_.head(origin).chain);
  }
  return core::digest128(bytes);
}

VersionVector SettledOrigins::left_out(const RegionList& list, const RegionReport& report) const {
  if (!report.settled) return {};
  if (report.settled == hash_) return all_;
  VersionVector candidates;
  for (const Origin origin : list.ended()) {
    const bool named = origin == report.origin || report.durable.at(origin) != 0;
    if (!named) candidates.set(origin, applied_.vector().at(origin));
  }
  return hash_of(candidates) == report.settled ? candidates : VersionVector();
}

VersionVector SettledOrigins::durable(const RegionList& list, const RegionReport& report) const {
  VersionVector durable = report.durable;
  durable.join(left_out(list, report));
  return durable;
}

VersionVector SettledOrigins::closed(const RegionList& list, const RegionReport& report) const {
  VersionVector closed = left_out(list, report);
  for (const Origin origin : list.ended()) {
    const bool open = std::ranges::binary_search(report.open, origin);
    if (!open && origin != report.origin) closed.raise(origin, report.durable.at(origin));
  }
  return closed;
}

// All regions have the same list, so all remove the same origins: otherwise two regions that have
// settled the rest would never agree on the origins to leave out.
void SettledOrigins::drop_what_goes_on(const RegionList& list) {
  VersionVector ended;
  for (const auto& [origin, seq] : all_) {
    if (list.ended().contains(origin)) ended.set(origin, seq);
  }
  if (ended == all_) return;
  all_ = std::move(ended);
  changed();
}

namespace {

// The reports of one leader's line, as far as they are made by this list.
struct Said {
  bool any = false;
  bool open = false;  // Some still has ops of the origin that may go on.
  core::Seq closed = 0;
};

}  // namespace

std::set<std::string> SettledOrigins::waits_for(Origin origin, const RegionList& list,
                                                const RegionReports& reports) const {
  std::set<std::string> waited;
  std::set<Origin> seen;
  for (; origin != 0 && !contains(origin) && seen.insert(origin).second;
       origin = list.previous(origin)) {
    std::map<Origin, Said> by_line;
    for (const auto& [each, report] : reports.all()) {
      const Origin line = list.line(report.region, each, report.previous);
      if (report.list != list.hash() || line == 0) continue;
      Said& said = by_line[line];
      said.any = true;
      said.closed = std::max(said.closed, closed(list, report).at(origin));
      const bool is_open = std::ranges::binary_search(report.open, origin);
      const bool may_go_on = is_open || !list.ended().contains(origin);
      said.open = said.open || each == origin || (may_go_on && report.durable.at(origin) > 0);
    }
    const core::Seq at = applied_.vector().at(origin);
    for (const auto& [name, region] : list.all()) {
      const bool lost = list.retirement(name) == Retirement::kLost;
      if (region.origins.empty() && !lost) waited.insert(name);
      for (const auto& [each, known] : region.origins) {
        if (list.lost(name, each)) continue;
        const Said& said = by_line[list.line(each)];
        if (!said.any || said.closed != at || (at == 0 && said.open)) waited.insert(name);
      }
    }
    // The list of a region that has anything of an origin names it.
    const std::string region = list.region_of(origin);
    if (!list.ended().contains(origin) && !region.empty()) waited.insert(region);
  }
  return waited;
}

void SettledOrigins::look(const RegionList& list, const RegionReports& reports) {
  drop_what_goes_on(list);
  // A region that has just joined does not know of the others yet.
  if (list.all().size() < 2) return;
  const auto settled = [&](Origin origin) { return contains(origin); };
  if (std::ranges::all_of(list.ended(), settled)) return;
  const Closings closings = find_closings(list, reports, *this);
  const std::set<Origin> lines = waited_for(list);
  std::set<Origin> ready{0};  // Also those with no op anywhere; 0 is no origin.
  for (const Origin origin : list.ended()) {
    const core::Seq at = applied_.vector().at(origin);
    if (contains(origin) || closed_by_all(lines, closings, origin, at)) ready.insert(origin);
  }
  const VersionVector before = all_;
  for (bool more = true; more;) {  // From the oldest incarnations on.
    more = false;
    for (const Origin origin : ready) {
      const core::Seq at = applied_.vector().at(origin);
      const Origin previous = list.previous(origin);
      const bool nobody_has_it = applied_.vector().at(previous) == 0;
      const bool in_turn = ready.contains(previous) && (nobody_has_it || contains(previous));
      if (at == 0 || contains(origin) || !in_turn) continue;
      mark<"an origin is settled">();
      all_.set(origin, at);
      more = true;
    }
  }
  if (all_ != before) changed();
}

bool SettledOrigins::forget(Origin origin) {
  if (!contains(origin)) return false;
  all_.set(origin, 0);
  changed();
  return true;
}

void SettledOrigins::changed() {
  hash_ = hash_of(all_);
  changed_ = true;
}

storage::Changes SettledOrigins::take_changes() {
  if (!changed_) return {};
  changed_ = false;
  std::string value;
  core::Writer out(value);
  write_vector(out, all_);
  return {{storage::Table::kMeta, std::string(storage::kSettledKey), std::move(value)}};
}

// ---- Leaving it out.

VersionVector SettledOrigins::without(const VersionVector& vector) const {
  if (all_.empty()) return vector;
  VersionVector rest;
  for (const auto& [origin, seq] : vector) {
    if (!contains(origin)) rest.set(origin, seq);
  }
  return rest;
}

std::vector<core::ChainHash> SettledOrigins::chains_without() const {
  std::vector<core::ChainHash> chains;
  for (const auto& [origin, seq] : applied_.vector()) {
    if (!contains(origin)) chains.push_back(applied_.head(origin).chain);
  }
  return chains;
}

void SettledOrigins::put_back(VersionVector& applied, std::vector<core::ChainHash>& chains) const {
  std::map<Origin, core::ChainHash> by_origin;
  for (std::size_t i = 0; i < chains.size(); ++i) {
    by_origin[(applied.begin() + static_cast<std::ptrdiff_t>(i))->origin] = chains[i];
  }
  const bool with_chains = chains.size() == applied.size();
  for (const auto& [origin, seq] : all_) {
    applied.raise(origin, seq);
    by_origin.try_emplace(origin, applied_.head(origin).chain);
  }
  chains.clear();
  if (!with_chains) return;
  for (const auto& [origin, chain] : by_origin) chains.push_back(chain);
}

}  // namespace anabranch::regions
