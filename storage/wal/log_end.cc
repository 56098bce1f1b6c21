#include "storage/wal/log_end.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/planted_bug.h"

namespace anabranch::storage {

using core::Bug;
using core::planted;
using core::Result;

namespace {

bool joins(const Segment& before, const Segment& next) {
  return next.sound && next.header.previous == before.start();
}

// Whether the records of a segment, with good bodies or bad ones, lead up to a place.
Result<bool> lead_to(const Segment& segment, std::uint64_t end) {
  SegmentScan scan(segment);
  for (std::uint64_t place = segment.start(); place < end;) {
    const auto found = scan.at(place, end);
    if (!found.ok()) return found.failure();
    if (!found.value().whole()) return false;
    place = found.value().header.end();
  }
  return true;
}

// A bad header is made anew from the first record, where the segment before ends at this one: no
// record is lost with it. What it knew to be on disk beyond its name is not known any more.
Result<void> renew_header(const Segment* before, Segment& segment) {
  if (segment.sound) return {};
  SegmentScan scan(segment);
  const auto first = scan.at(segment.start());
  if (!first.ok()) return first.failure();
  if (!first.value().sound()) return {};
  if (before != nullptr) {
    const auto joined = lead_to(*before, segment.start());
    if (!joined.ok()) return joined.failure();
    if (!joined.value()) return {};
    segment.header.previous = before->start();
  }
  segment.header.first = first.value().header.first;
  segment.sound = segment.renewed = true;
  return {};
}

// Returns the last segment that begins at or before a place; the first one when none does.
std::size_t segment_with(const std::vector<Segment>& segments, std::uint64_t place) {
  std::size_t at = 0;
  while (at + 1 < segments.size() && segments[at + 1].start() <= place) ++at;
  return at;
}

}  // namespace

std::vector<SegmentName> without_replaced(std::vector<SegmentName> names,
                                          std::vector<std::string>& strays) {
  std::sort(names.begin(), names.end(), [](const SegmentName& a, const SegmentName& b) {
    return std::pair(a.opening, a.start) > std::pair(b.opening, b.start);
  });
  std::vector<SegmentName> kept;
  std::uint64_t begun = kNoSegment;  // Where the later openings begin.
  std::uint64_t begins = kNoSegment;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0 && names[i].opening != names[i - 1].opening) begun = begins;
    if (names[i].start >= begun) {
      strays.push_back(names[i].text());
      continue;
    }
    begins = names[i].start;
    kept.push_back(names[i]);
  }
  std::reverse(kept.begin(), kept.end());
  return kept;
}

Result<FoundSegments> FoundSegments::in(Files& files, std::uint64_t base) {
  const auto all = files.list();
  if (!all.ok()) return all.failure();
  FoundSegments found;
  std::vector<SegmentName> names;
  for (const std::string& text : all.value()) {
    const auto name = SegmentName::parse(text);
    if (!name) continue;
    names.push_back(*name);
    found.opening = std::max(found.opening, name->opening);
  }
  found.names = names;
  for (const SegmentName& name : without_replaced(std::move(names), found.strays)) {
    auto segment = open_segment(files, name);
    if (!segment.ok()) return segment.failure();
    const Segment* const before = found.segments.empty() ? nullptr : &found.segments.back();
    if (auto done = renew_header(before, segment.value()); !done.ok()) return done.failure();
    found.segments.push_back(std::move(segment).value());
  }
  std::vector<Segment>& segments = found.segments;
  std::size_t first = segment_with(segments, base);
  while (first > 0 &&
         (joins(segments[first - 1], segments[first]) || planted(Bug::kKeepUnjoined))) {
    --first;
  }
  const auto end = segments.begin() + static_cast<std::ptrdiff_t>(first);
  for (auto at = segments.begin(); at != end; ++at) found.strays.push_back(at->header.name.text());
  segments.erase(segments.begin(), end);
  return found;
}

LogEndSearch::LogEndSearch(std::vector<Segment>& segments, const WalBase& base, const Redo& redo)
    : segments_(segments),
      base_(base),
      redo_(redo),
      at_(segment_with(segments, base.ticket.end)),
      scan_(segments[at_]) {
  found_.end = segments_[at_].start();
  found_.synced = base.ticket.end;
  found_.position = std::max(base.position, base.given);
  found_.next = segments_[at_].header.first;
}

bool LogEndSearch::enter_next() {
  if (at_ + 1 == segments_.size()) return false;
  const Segment& next = segments_[at_ + 1];
  if (next.start() != found_.end || !joins(segments_[at_], next)) return false;
  scan_ = SegmentScan(next);
  ++at_;
  found_.next = next.header.first;
  found_.position = std::max(found_.position, next.header.first - 1);
  found_.synced = std::max(found_.synced, next.header.synced);
  return true;
}

Result<bool> LogEndSearch::pass_damage(const FoundRecord& found) {
  const std::uint64_t base = base_.ticket.end;
  if (found_.end >= base) return false;
  note_passed();
  if (found.whole() && found.header.end() <= base) {
    found_.sound = found.header.end();
    return take(found);
  }
  const auto behind = scan_.behind_damage(found_.end, base);
  if (!behind.ok()) return behind.failure();
  if (behind.value() == base) {
    const auto at_base = scan_.at(base);
    if (!at_base.ok()) return at_base.failure();
    const bool next_begins = at_ + 1 < segments_.size() && segments_[at_ + 1].start() == base;
    if (!at_base.value().sound() && !next_begins) return false;
  }
  found_.end = found_.sound = behind.value();
  return true;
}

void LogEndSearch::note_passed() {
  if (found_.passed.size() < LogEnd::kPassedMax) found_.passed.push_back(found_.next);
}

Result<bool> LogEndSearch::take(const FoundRecord& found) {
  const RecordHeader& header = found.header;
  if (header.place >= base_.ticket.end && header.kind == RecordKind::kCommit) {
    auto redone = redo_(Ticket{header.end()}, changes_in(header, found.body));
    if (!redone.ok()) return redone.failure();
    ++found_.redone;
  }
  add_to_index(segments_[at_].index, header, found.body);
  found_.end = header.end();
  found_.next = header.next_position();
  found_.synced = std::max(found_.synced, header.synced);
  found_.position = std::max(found_.position, header.next_position() - 1);
  found_.closed = header.kind == RecordKind::kClosing;
  return true;
}

// Returns whether the walk goes on.
Result<bool> LogEndSearch::step() {
  if (enter_next()) return true;
  if (!segments_[at_].sound) return false;
  const std::uint64_t end = at_ + 1 < segments_.size() ? segments_[at_ + 1].start() : kNoSegment;
  const auto found = scan_.at(found_.end, end);
  if (!found.ok()) return found.failure();
  if (found.value().sound()) return take(found.value());
  return pass_damage(found.value());
}

Result<LogEnd> LogEndSearch::run() {
  const Segment& begin = segments_[at_];
  found_.synced = std::max(found_.synced, begin.header.synced);
  const bool is_gap = begin.start() > base_.ticket.end;
  if (is_gap) {
    found_.end = base_.ticket.end;
  } else {
    found_.position = std::max(found_.position, begin.header.first - 1);
  }
  while (!is_gap) {
    const auto more = step();
    if (!more.ok()) return more.failure();
    if (!more.value()) break;
  }
  if (auto looked = look_behind(); !looked.ok()) return looked.failure();
  return found_;
}

Result<void> LogEndSearch::look_behind() {
  const std::uint64_t from = std::max(found_.end, segments_[at_].start());
  if (auto looked = look_through(segments_[at_], from); !looked.ok()) return looked;
  for (std::size_t i = at_ + 1; i < segments_.size(); ++i) {
    found_.more = true;
    found_.synced = std::max(found_.synced, segments_[i].header.synced);
    auto looked = look_through(segments_[i], segments_[i].start());
    if (!looked.ok()) return looked;
  }
  return {};
}

Result<void> LogEndSearch::look_through(const Segment& segment, std::uint64_t place) {
  SegmentScan scan(segment);
  for (;;) {
    const auto next = scan.next_header(place);
    if (!next.ok()) return next.failure();
    if (!next.value()) return {};
    const auto found = scan.at(*next.value());
    if (!found.ok()) return found.failure();
    const RecordHeader& header = found.value().header;
    found_.more = true;
    found_.synced = std::max(found_.synced, std::min(header.synced, header.place));
    if (found.value().sound() && planted(Bug::kPassLostPositions)) {
      found_.position = std::max(found_.position, header.next_position() - 1);
    }
    place = found.value().sound() ? header.end() : header.place + 1;
  }
}

}  // namespace anabranch::storage
