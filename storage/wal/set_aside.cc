#include "storage/wal/set_aside.h"

#include <algorithm>
#include <utility>

#include "core/batch.h"
#include "storage/wal/log_end.h"
#include "storage/wal/loss_note.h"

namespace anabranch::storage {

using core::Result;

Result<SetAside> SetAside::open(Files& files, const LogLoss& loss) {
  std::vector<SegmentName> names;
  for (const std::string& text : loss.files) {
    const auto name = SegmentName::parse(text);
    if (!name) continue;
    const auto there = files.has(std::string(kSetAsidePrefix) + text);
    if (!there.ok()) return there.failure();
    if (there.value()) names.push_back(*name);
  }
  std::vector<std::string> replaced;
  SetAside found;
  for (const SegmentName& name : without_replaced(std::move(names), replaced)) {
    auto segment = open_segment(files, name, std::string(kSetAsidePrefix) + name.text());
    if (!segment.ok()) return segment.failure();
    found.segments.push_back(std::move(segment).value());
  }
  return found;
}

// ---- The search.

StretchSearch::StretchSearch(const std::vector<Segment>& segments, const LogLoss& loss)
    : segments_(segments), begin_(loss.place), expected_(loss.first), certain_next_(loss.first) {}

Result<bool> StretchSearch::step() {
  if (at_ == segments_.size()) return false;
  if (!scan_) enter_segment();
  auto done = run_ ? go_on() : look();
  if (!done.ok()) return done.failure();
  return at_ < segments_.size();
}

void StretchSearch::enter_segment() {
  while (at_ + 1 < segments_.size() && segments_[at_ + 1].start() <= begin_) ++at_;
  const Segment& here = segments_[at_];
  scan_.emplace(here);
  place_ = std::max(begin_, here.start());
  known_ = true;
}

Result<void> StretchSearch::look() {
  if (!known_) {
    const auto next = scan_->next_header(place_);
    if (!next.ok()) return next.failure();
    if (!next.value()) {
      scan_.reset();
      ++at_;
      return {};
    }
    place_ = *next.value();
  }
  const auto found = scan_->at(place_);
  if (!found.ok()) return found.failure();
  const RecordHeader& header = found.value().header;
  if (found.value().sound()) {
    begin(found.value(), known_);
  } else if (known_ && found.value().state == FoundRecord::State::kTorn) {
    expected_ = std::max(expected_, header.next_position());
    place_ = header.end();  // Of a record that is known to have been there.
  } else {
    known_ = false;
    ++place_;
  }
  return {};
}

void StretchSearch::begin(const FoundRecord& found, bool known) {
  const RecordHeader& header = found.header;
  run_ = Run{.begin = header.place,
             .end = header.place,
             .first = header.first,
             .next = header.first,
             .known = known};
  if (join(found)) return;
  run_.reset();
  known_ = false;
  place_ = header.place + 1;
}

Result<void> StretchSearch::go_on() {
  const auto found = scan_->at(run_->end);
  if (!found.ok()) return found.failure();
  const bool next = found.value().sound() && found.value().header.first == run_->next;
  if (!next || !join(found.value())) end_run();
  return {};
}

bool StretchSearch::join(const FoundRecord& found) {
  const RecordHeader& header = found.header;
  Run run = *run_;
  BatchWalk walk(header, found.body);
  while (const auto batch = walk.next()) {
    const auto head = core::decode_batch_header(batch->bytes);
    if (!head.ok()) return false;
    const bool fits = head.value().origin == batch->origin && head.value().first == batch->first &&
                      head.value().last == batch->last;
    if (!fits) return false;
    run.firsts.try_emplace(batch->origin, Link{batch->first, head.value().previous, header.place});
    const auto [at, is_first] = run.lasts.try_emplace(batch->origin);
    Link& last = at->second;
    const bool follows = !is_first && batch->first == last.seq + 1;
    if (!is_first && batch->first <= last.seq) return false;
    if (follows && head.value().previous != last.chain) return false;
    if (follows && last.record != header.place) {
      run.linked = std::min(run.linked.value_or(last.record), last.record);
    }
    last = {batch->last, core::chain_hash(batch->bytes), header.place};
  }
  if (walk.failed()) return false;
  run.end = header.end();
  run.next = header.next_position();
  run_ = std::move(run);
  return true;
}

bool StretchSearch::ends_with_segment(const Run& run) const {
  if (at_ + 1 == segments_.size()) return false;
  const Segment& next = segments_[at_ + 1];
  return next.start() == run.end && (!next.sound || next.header.first == run.next);
}

bool StretchSearch::contradicts(const Run& run) const {
  if (run.first < expected_) return true;
  return std::ranges::any_of(run.firsts, [&](const auto& each) {
    const auto last = last_.find(each.first);
    if (last == last_.end()) return false;
    if (each.second.seq <= last->second.seq) return true;
    return each.second.seq == last->second.seq + 1 && each.second.chain != last->second.chain;
  });
}

void StretchSearch::end_run() {
  const Run run = *std::exchange(run_, std::nullopt);
  place_ = run.end;
  const bool whole = run.known || ends_with_segment(run);
  const bool contradicted = contradicts(run);
  if (contradicted) {
    for (std::size_t i = certain_; i < stretches_.size(); ++i) stretches_[i].proven = false;
    last_ = certain_last_;
    expected_ = certain_next_;
  }
  const bool proven = (whole || run.linked) && (run.known || !contradicted);
  known_ = proven;
  if (!proven) return add(run.begin, run.end, false);
  const std::uint64_t from = whole ? run.begin : *run.linked;
  if (from > run.begin) add(run.begin, from, false);
  add(from, run.end, true);
  expected_ = run.next;
  for (const auto& [origin, last] : run.lasts) last_[origin] = last;
  if (!run.known) return;
  certain_ = stretches_.size();
  certain_last_ = last_;
  certain_next_ = expected_;
}

void StretchSearch::add(std::uint64_t begin, std::uint64_t end, bool proven) {
  stretches_.push_back({at_, begin, end, proven});
}

// ---- The records.

void StretchReader::seek(std::size_t segment, std::uint64_t place) {
  at_ = 0;
  place_ = 0;
  while (at_ < stretches_.size() &&
         (stretches_[at_].segment < segment ||
          (stretches_[at_].segment == segment && stretches_[at_].end <= place))) {
    ++at_;
  }
  if (at_ == stretches_.size() || stretches_[at_].segment != segment) return;
  place_ = std::max(place, stretches_[at_].begin);
}

Result<std::optional<SalvagedRecord>> StretchReader::next() {
  while (at_ < stretches_.size() && place_ >= stretches_[at_].end) {
    ++at_;
    place_ = 0;
  }
  if (at_ == stretches_.size()) return std::optional<SalvagedRecord>();
  const Stretch& here = stretches_[at_];
  if (place_ == 0) place_ = here.begin;
  if (!scan_ || scanned_ != here.segment) scan_.emplace(segments_[here.segment]);
  scanned_ = here.segment;
  const auto found = scan_->at(place_);
  if (!found.ok()) return found.failure();
  if (!found.value().sound()) return core::corrupt("a file that is set aside changes");
  place_ = found.value().header.end();
  return std::optional(
      SalvagedRecord{here.segment, found.value().header, found.value().body, here.proven});
}

}  // namespace anabranch::storage
