#include "regions/members/region_list.h"

#include <algorithm>
#include <utility>

#include "core/codec.h"
#include "core/wire.h"
#include "regions/state/applied.h"
#include "regions/wire/reign.h"
#include "rows/policy/origin_regions.h"
#include "storage/layout.h"

namespace anabranch::regions {

using core::Origin;
using core::Path;

namespace {

constexpr std::string_view kRetirementTag = "r";
constexpr std::string_view kReignTag = "g";
constexpr std::size_t kRegionAt = 2;
constexpr std::size_t kTagAt = 3;
constexpr std::size_t kOriginAt = 4;

bool is_reign_row(const core::Components& parts) {
  return parts.size() == kOriginAt + 1 && parts[kTagAt] == kReignTag &&
         parts[kOriginAt].size() == sizeof(Origin);
}

struct Said {
  Retirement retirement = Retirement::kNone;
  std::vector<Origin> origins;
};

std::optional<Said> read_retirement(std::string_view bytes) {
  core::Reader in(bytes);
  Said said;
  const std::size_t newer = in.array_of(2);
  const std::uint64_t kind = in.uint64();
  for (std::size_t i = in.array(); i > 0; --i) said.origins.push_back(in.uint64());
  in.skip(newer);
  if (!in.done() || kind < 1 || kind > 2) return std::nullopt;
  said.retirement = static_cast<Retirement>(kind);
  return said;
}

// The directory that a value of an origin row names; 0 when it names none.
core::Hash128 read_node(std::string_view value) {
  core::Reader in(value);
  const std::size_t newer = in.array_of(1);
  (void)in.uint64();
  const core::Hash128 node = newer > 0 ? core::read_hash(in) : core::Hash128{};
  return in.ok() ? node : core::Hash128{};
}

// What a value of an origin row has behind its first element, encoded; and how many values that is.
struct Appended {
  std::size_t count = 0;
  std::string_view values;
};

Appended appended_to(std::string_view value, Origin previous) {
  core::Reader in(value);
  const std::size_t newer = in.array_of(1);
  std::string head;
  core::Writer(head).array(1 + newer).uint64(previous);
  if (!in.ok() || !value.starts_with(head)) return {};
  return {newer, value.substr(head.size())};
}

}  // namespace

// ---- Rows.

const Path& RegionList::prefix() { return rows::regions_path(); }

Path RegionList::origin_row(std::string_view region, Origin origin) {
  return rows::origin_path(region, origin);
}

std::string RegionList::origin_value(Origin previous, core::Hash128 node) {
  const bool is_named = node != core::Hash128{};
  std::string bytes;
  core::Writer out(bytes);
  out.array(is_named ? 2 : 1).uint64(previous);
  if (is_named) core::write_hash(out, node);
  return bytes;
}

Path RegionList::reign_row(std::string_view region, Origin origin) {
  return prefix().child(region).append(kReignTag).append(storage::big_endian(origin));
}

std::string RegionList::reign_value(std::uint64_t reign) {
  std::string bytes;
  core::Writer(bytes).array(1).uint64(reign);
  return bytes;
}

core::Put RegionList::renamed(core::Put put, const OriginRewrites& names) {
  const auto name = [&](Origin origin) {
    const RewrittenOrigin* const rewritten = names.find(origin);
    return rewritten == nullptr ? origin : rewritten->origin;
  };
  if (const core::Components parts = put.path.components(); is_reign_row(parts)) {
    put.path = reign_row(parts[kRegionAt], name(storage::from_big_endian(parts[kOriginAt])));
  }
  const auto row = rows::read_origin_path(put.path);
  if (!row) return put;
  if (const auto previous = rows::read_previous_origin(put.value)) {
    const Appended rest = appended_to(put.value, *previous);
    std::string bytes;
    core::Writer(bytes).array(1 + rest.count).uint64(name(*previous)).encoded(rest.values);
    put.value = std::move(bytes);
  }
  put.path = origin_row(row->region, name(row->origin));
  return put;
}

Path RegionList::retirement_row(std::string_view region) {
  return prefix().child(region).append(kRetirementTag);
}

std::string RegionList::retirement_value(Retirement retirement,
                                         const std::vector<Origin>& origins) {
  ANABRANCH_ASSERT(retirement != Retirement::kNone);
  std::string bytes;
  core::Writer out(bytes);
  out.array(2).uint64(static_cast<std::uint64_t>(retirement)).array(origins.size());
  for (const Origin origin : origins) out.uint64(origin);
  return bytes;
}

// ---- Reading.

void RegionList::load(const rows::RowReader& rows) {
  all_.clear();
  reigns_.clear();
  region_of_.clear();
  rows.scan(prefix(), [&](const Path& path, const crdt::Row& row) {
    read(path, row);
    return true;
  });
  find_ended();
  find_lines();
  hash_ = make_hash();
}

void RegionList::find_lines() {
  lines_.clear();
  for (const auto& [origin, region] : region_of_) {
    std::set<Origin> passed;  // From here to an origin with a known line.
    Origin first = origin;
    while (!lines_.contains(first) && passed.insert(first).second && previous(first) != 0) {
      first = previous(first);
    }
    const Origin line = lines_.contains(first) ? lines_.at(first) : first;
    for (const Origin each : passed) lines_[each] = line;
  }
}

void RegionList::find_ended() {
  succeeded_.clear();
  ended_.clear();
  for (const auto& [name, region] : all_) {
    const bool retired = retirement(name) == Retirement::kRetired;
    for (const auto& [origin, known] : region.origins) {
      if (known.previous != 0) succeeded_.insert(known.previous);
      if (retired || lost(name, origin)) ended_.insert(origin);
    }
  }
  ended_.insert(succeeded_.begin(), succeeded_.end());
}

core::Hash128 RegionList::make_hash() const {
  std::string bytes;
  core::Writer out(bytes);
  for (const auto& [name, region] : all_) {
    out.text(name).uint64(static_cast<std::uint64_t>(region.retirement));
    out.array(region.retired_by.size());
    for (const core::Dot& dot : region.retired_by) out.uint64(dot.origin).uint64(dot.seq);
    out.array(region.lost.size());
    for (const Origin origin : region.lost) out.uint64(origin);
    out.array(region.origins.size());
    for (const auto& [origin, known] : region.origins) {
      out.uint64(origin).uint64(known.previous).uint64(known.dot.origin).uint64(known.dot.seq);
    }
  }
  return core::digest128(bytes);
}

void RegionList::read(const Path& path, const crdt::Row& row) {
  if (const auto named = rows::read_origin_path(path)) {
    for (const crdt::Sibling& sibling : row.cell.siblings) {
      const auto previous = rows::read_previous_origin(sibling.value);
      if (!previous || named->origin == 0) continue;
      all_[named->region].origins[named->origin] = {*previous, sibling.dot,
                                                    read_node(sibling.value)};
      region_of_[named->origin] = named->region;
    }
    return;
  }
  const core::Components parts = path.components();
  if (is_reign_row(parts)) return read_reign(parts, row);
  if (parts.size() == kTagAt + 1 && parts[kTagAt] == kRetirementTag) {
    for (const crdt::Sibling& sibling : row.cell.siblings) {
      const auto said = read_retirement(sibling.value);
      if (!said) continue;
      KnownRegion& region = all_[parts[2]];
      region.retirement = std::max(region.retirement, said->retirement);
      region.retired_by.push_back(sibling.dot);
      if (said->retirement != Retirement::kLost) continue;
      region.lost.insert(region.lost.end(), said->origins.begin(), said->origins.end());
      std::ranges::sort(region.lost);
    }
  }
}

void RegionList::read_reign(const core::Components& parts, const crdt::Row& row) {
  for (const crdt::Sibling& sibling : row.cell.siblings) {
    core::Reader in(sibling.value);
    const std::size_t newer = in.array_of(1);
    const std::uint64_t reign = in.uint64();
    in.skip(newer);
    if (!in.done() || reign > kReignMax) continue;
    std::uint64_t& known = reigns_[parts[kRegionAt]][storage::from_big_endian(parts[kOriginAt])];
    known = std::max(known, reign);
  }
}

// ---- Questions.

bool RegionList::knows(std::string_view region, Origin origin) const {
  const auto found = all_.find(region);
  return found != all_.end() && found->second.origins.contains(origin);
}

Retirement RegionList::retirement(std::string_view region) const {
  const auto found = all_.find(region);
  if (found == all_.end()) return Retirement::kNone;
  const KnownRegion& known = found->second;
  if (known.retirement != Retirement::kLost) return known.retirement;
  const bool all_lost = std::ranges::all_of(known.origins, [&](const auto& each) {
    return std::ranges::binary_search(known.lost, each.first);
  });
  return all_lost ? Retirement::kLost : Retirement::kNone;
}

bool RegionList::lost(std::string_view region, Origin origin) const {
  const auto found = all_.find(region);
  return found != all_.end() && std::ranges::binary_search(found->second.lost, origin);
}

std::string RegionList::region_of(Origin origin) const {
  const auto found = region_of_.find(origin);
  return found == region_of_.end() ? std::string() : found->second;
}

ReignRow RegionList::newest_reign(std::string_view region) const {
  ReignRow newest;
  const auto found = reigns_.find(region);
  if (found == reigns_.end()) return newest;
  for (const auto& [origin, reign] : found->second) {
    if (reign > newest.reign) newest = {reign, origin};
  }
  return newest;
}

std::uint64_t RegionList::reign_in(std::string_view region, Origin origin) const {
  const auto found = reigns_.find(region);
  if (found == reigns_.end()) return 0;
  const auto row = found->second.find(origin);
  return row == found->second.end() ? 0 : row->second;
}

std::size_t RegionList::waited_for(std::string_view region) const {
  const auto found = all_.find(region);
  if (found == all_.end()) return 0;
  return static_cast<std::size_t>(std::ranges::count_if(
      found->second.origins, [&](const auto& each) { return counts(region, each.first); }));
}

std::set<std::string> regions_known(const RegionList& list, const Applied& applied) {
  std::set<std::string> names;
  for (const auto& [name, region] : list.all()) names.insert(name);
  for (const auto& [origin, head] : applied.heads()) {
    if (!head.region.empty()) names.insert(head.region);
  }
  return names;
}

Origin RegionList::line(Origin origin) const {
  const auto found = lines_.find(origin);
  return found == lines_.end() ? origin : found->second;
}

Origin RegionList::line(std::string_view region, Origin origin, Origin previous) const {
  if (knows(region, origin)) return line(origin);
  const auto found = all_.find(region);
  if (found == all_.end() || !lines_.contains(previous)) return 0;
  const bool of_region = std::ranges::any_of(
      found->second.origins, [&](const auto& each) { return line(each.first) == line(previous); });
  return of_region ? line(previous) : 0;
}

Origin RegionList::previous(Origin origin) const {
  const auto found = all_.find(region_of(origin));
  return found == all_.end() ? 0 : found->second.origins.at(origin).previous;
}

}  // namespace anabranch::regions
