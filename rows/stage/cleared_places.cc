#include "rows/stage/cleared_places.h"

#include <algorithm>
#include <string>
#include <utility>

namespace anabranch::rows {

using core::Path;
using core::PathRange;
using core::VersionVector;

// ---- Touched rows.

TouchedRows::Position TouchedRows::begin() { return newest_ = end(); }

void TouchedRows::add(const Path& path) {
  const bool again = newest_ < end() && !paths_.empty() && paths_.back() == path;
  if (again) return;
  paths_.push_back(path);
  paths_.resize(paths_.size() + room(path) - 1);
  for (; paths_.size() > kMax; ++first_) paths_.pop_front();
  if (newest_ >= first_) return;
  first_ = end();
  paths_.clear();
}

std::vector<Path> TouchedRows::below(const Path& prefix, Position since) const {
  std::vector<Path> paths;
  for (Position at = since; at < end(); ++at) {
    const Path& path = paths_[at - first_];
    if (!path.empty() && prefix.is_prefix_of(path)) paths.push_back(path);
  }
  std::ranges::sort(paths);
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

// ---- Places.

namespace {

void lower(VersionVector& dots, core::Dot dot) {
  const core::Seq before = dots.at(dot.origin);
  if (before == 0 || dot.seq < before) dots.set(dot.origin, dot.seq);
}

}  // namespace

void ClearedPlace::note_left(const crdt::Row& row) {
  for (const crdt::Sibling& each : row.cell.siblings) lower(left, each.dot);
  tallies = tallies && !row.tally.live();
}

void ClearedPlace::note_left(const VersionVector& dots) {
  for (const VersionVector::Entry& each : dots) lower(left, {each.origin, each.seq});
}

bool ClearedPlaces::serves(const ClearedPlace& place, const Clear& clear) const {
  if (!touched_->keeps(place.since) || (clear.own && !place.tallies)) return false;
  return std::ranges::all_of(clear.context, [&](const VersionVector::Entry& each) {
    if (each.seq <= place.context.at(each.origin)) return true;
    const core::Seq left = place.left.at(each.origin);
    return left == 0 || each.seq < left;
  });
}

const ClearedPlace* ClearedPlaces::above(const Clear& clear) const {
  const ClearedPlace* found = nullptr;
  for (const ClearedPlace& place : places_) {
    if (!place.prefix.is_prefix_of(clear.prefix) || !serves(place, clear)) continue;
    if (found == nullptr || place.since > found->since) found = &place;
  }
  return found;
}

std::vector<const ClearedPlace*> ClearedPlaces::inside(const Clear& clear) const {
  std::vector<const ClearedPlace*> found;
  for (const ClearedPlace& place : places_) {
    // Behind longer prefixes rows are not in path order.
    const bool is_range = place.prefix.encoded().size() <= Path::kHashedPrefix;
    if (is_range && clear.prefix.is_prefix_of(place.prefix) && serves(place, clear)) {
      found.push_back(&place);
    }
  }
  std::ranges::sort(found, {},
                    [](const ClearedPlace* each) -> const Path& { return each->prefix; });
  return found;
}

void ClearedPlaces::remember(ClearedPlace place) {
  std::erase_if(places_, [&](const ClearedPlace& each) {
    const bool needless = place.context.includes(each.context) && place.tallies >= each.tallies &&
                          place.left.empty() && place.prefix.is_prefix_of(each.prefix);
    return needless || each.prefix == place.prefix || !touched_->keeps(each.since);
  });
  if (places_.size() >= kMax) {
    places_.erase(std::ranges::min_element(places_, {}, &ClearedPlace::since));
  }
  places_.push_back(std::move(place));
}

std::vector<PathRange> ranges_outside(const Path& prefix,
                                      const std::vector<const ClearedPlace*>& inside) {
  std::vector<PathRange> ranges;
  PathRange rest = PathRange::below(prefix);
  for (const ClearedPlace* each : inside) {
    const std::string_view from = each->prefix.encoded();
    if (from < rest.from) continue;  // It is in the one before.
    if (from != rest.from) ranges.push_back({rest.from, std::string(from)});
    rest.from = core::prefix_end(from);
  }
  if (!rest.empty()) ranges.push_back(std::move(rest));
  return ranges;
}

}  // namespace anabranch::rows
