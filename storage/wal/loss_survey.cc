#include "storage/wal/loss_survey.h"

#include <algorithm>

#include "core/batch.h"
#include "core/checksum.h"
#include "core/planted_bug.h"
#include "storage/wal/logged_changes.h"

namespace anabranch::storage {

using core::Result;

namespace {

// The numbers beside the bytes have no checksum of their own there.
bool is_whole(const LogRecord& batch) {
  if (core::checksum_of(batch.bytes) != core::Checksum::kRight) return false;
  const auto header = core::decode_batch_header(batch.bytes);
  return header.ok() && header.value().origin == batch.origin &&
         header.value().first == batch.first && header.value().last == batch.last;
}

}  // namespace

LossSurvey::LossSurvey(const std::vector<Segment>& segments, const LogEnd& end, const WalBase& base)
    : segments_(segments),
      end_(end),
      begin_(std::max(end.end, base.ticket.end)),
      end_place_(begin_),
      expected_(end.end > base.ticket.end ? end.next : base.position + 1),
      has_next_(base.has_next && base.has_next()) {
  loss_.place = begin_;
  loss_.first = expected_;
}

Result<LogLoss> LossSurvey::run() {
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const bool before = i + 1 < segments_.size() && segments_[i + 1].start() <= begin_;
    if (before) continue;
    enter(segments_[i]);
    if (auto walked = walk(i); !walked.ok()) return walked.failure();
  }
  loss_.end_known = end_place_ >= end_.synced;
  for (const auto& [origin, found] : found_) loss_.found.push_back(found);
  return loss_;
}

void LossSurvey::enter(const Segment& segment) {
  if (!segment.sound || segment.start() <= end_place_) return;
  pass_unread(segment.start() - end_place_);
  end_place_ = segment.start();
  loss_.unknown += std::max(segment.header.first, expected_) - expected_;
  expected_ = std::max(segment.header.first, expected_);
}

Result<void> LossSurvey::walk(std::size_t segment) {
  const Segment& here = segments_[segment];
  SegmentScan scan(here);
  for (std::uint64_t place = std::max(begin_, here.start());;) {
    const auto next = scan.next_header(place);
    if (!next.ok()) return next.failure();
    if (!next.value()) return {};
    auto found = scan.at(*next.value());
    if (!found.ok()) return found.failure();
    const RecordHeader header = found.value().header;
    place = header.place + 1;
    if (!found.value().sound()) {
      if (header.place != end_place_ || header.first < expected_) continue;
      miss(header, found.value().body);
      place = header.end();
      continue;
    }
    const auto takes = counts(scan, segment, header);
    if (!takes.ok()) return takes.failure();
    if (!takes.value()) continue;
    found = scan.at(header.place);  // The look behind it has taken its bytes.
    if (!found.ok()) return found.failure();
    take(header, found.value().body);
    place = header.end();
  }
}

Result<bool> LossSurvey::counts(SegmentScan& scan, std::size_t segment,
                                const RecordHeader& header) {
  if (header.first < expected_) return false;
  if (header.place == end_place_) return true;
  if (segment + 1 < segments_.size() && segments_[segment + 1].start() == header.end()) return true;
  const auto behind = scan.at(header.end());
  if (!behind.ok()) return behind.failure();
  return behind.value().sound() && behind.value().header.first == header.next_position();
}

void LossSurvey::miss(const RecordHeader& header, std::string_view body) {
  std::uint64_t whole = 0;
  BatchWalk walk(header, body);
  while (const auto batch = walk.next()) {
    if (!is_whole(*batch)) continue;
    take(*batch);
    ++whole;
  }
  loss_.unknown += header.batches - whole;
  pass_unread(header.end() - header.place);
  expected_ = header.next_position();
  end_place_ = header.end();
}

// Where no record is missing before it, no batch is: an opening may have left out positions.
void LossSurvey::take(const RecordHeader& header, std::string_view body) {
  if (header.place != end_place_) {
    loss_.unknown += header.first - expected_;
    pass_unread(header.place - end_place_);
  }
  expected_ = header.next_position();
  end_place_ = header.end();
  BatchWalk walk(header, body);
  while (const auto batch = walk.next()) take(*batch);
  look_for_swap(changes_in(header, body));
}

// Only a swap leaves no next tables.
void LossSurvey::look_for_swap(std::string_view changes) {
  LoggedChanges walk(changes);
  while (const auto change = walk.next()) {
    if (!change->generations) continue;
    has_next_ = change->generations->next.has_value();
    if (!has_next_ && !core::planted(core::Bug::kForgetSwaps)) loss_.tables = true;
  }
}

void LossSurvey::pass_unread(std::uint64_t bytes) {
  const bool may_be_swap = has_next_ && bytes > kRecordHeaderSize;
  if (may_be_swap && !core::planted(core::Bug::kForgetSwaps)) loss_.tables = true;
}

void LossSurvey::take(const LogRecord& batch) {
  const auto [at, is_new] = found_.try_emplace(batch.origin);
  LogLoss::Found& found = at->second;
  if (is_new) {
    found.origin = batch.origin;
    found.first = batch.first;
  } else if (batch.first > found.last + 1) {
    ++found.gaps;
  }
  found.last = batch.last;
  found.chain = core::chain_hash(batch.bytes);
}

}  // namespace anabranch::storage
