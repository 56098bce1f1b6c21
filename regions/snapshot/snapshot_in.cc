#include "regions/snapshot/snapshot_in.h"

#include <algorithm>
#include <utility>

namespace anabranch::regions {

using core::Millis;

namespace {

constexpr std::size_t kEarlyMax = 256;
constexpr int kBegunMax = 16;

}  // namespace

SnapshotIn::SnapshotIn(CommittedState& committed, const SnapshotLimits& limits, core::Origin source,
                       std::uint64_t& streams, SendTo send, Millis now, SnapshotTerms terms)
    : committed_(committed),
      limits_(limits),
      source_(source),
      streams_(streams),
      send_(std::move(send)),
      progress_ms_(now),
      terms_(std::move(terms)) {
  ask(now);
}

// ---- Receiving.

void SnapshotIn::ask(Millis now) {
  stream_ = ++streams_;
  asked_ = committed_.applied().vector();
  asked_ms_ = now;
  answered_ = false;
  limit_ = bytes() + limits_.window_bytes;
  ChainMarks newest;
  ChainMarks checkpoints;
  if (!terms_.as_empty) {
    newest = newest_marks(committed_.applied());
    checkpoints = checkpoint_marks(committed_.applied(), committed_.chains());
  }
  core::VersionVector least = terms_.least ? terms_.least() : core::VersionVector();
  send_(source_, SnapshotRequest{stream_, snapshot_, bytes(), limits_.window_bytes,
                                 std::move(newest), std::move(checkpoints), std::move(least)});
}

void SnapshotIn::ask_for_more() {
  limit_ = bytes() + limits_.window_bytes;
  send_(source_, SnapshotRequest{stream_, snapshot_, bytes(), limits_.window_bytes, {}, {}, {}});
}

core::Result<void> SnapshotIn::begin(std::uint64_t snapshot) {
  if (++begun_ > kBegunMax) return core::corrupt("its source begins anew time and again");
  auto spool = committed_.make_spool();
  if (!spool.ok()) return spool.failure();
  scan_.reset();
  spool_ = std::move(spool).value();
  scan_ = std::make_unique<SnapshotScan>(*spool_);
  snapshot_ = snapshot;
  total_ = 0;
  limit_ = limits_.window_bytes;
  early_.clear();
  return {};
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): its bytes are moved.
core::Result<void> SnapshotIn::take(SnapshotChunk chunk, Millis now) {
  // Bytes are the same whichever request they answer; only the newest has been compared for.
  const bool is_newest = chunk.stream == stream_;
  if (!is_newest && (!spool_ || chunk.snapshot != snapshot_)) return {};
  if (is_newest && std::exchange(answered_, true) && chunk.snapshot != snapshot_) {
    ask(now);  // Its source has begun anew, and has compared nothing.
    return {};
  }
  if (is_newest) confirmed_ = asked_;
  asked_ms_ = now;
  if (state_ != State::kReceiving) {
    progress_ms_ = now;
    return {};
  }
  if (chunk.snapshot != snapshot_ || !spool_) {
    if (auto begun = begin(chunk.snapshot); !begun.ok()) return begun;
  }
  if (total_ != 0 && chunk.size != 0 && chunk.size != total_) {
    return core::corrupt("a snapshot changes its size");
  }
  total_ = std::max(total_, chunk.size);
  if (chunk.offset > bytes()) {
    if (chunk.offset < limit_ && early_.size() < kEarlyMax)
      early_.try_emplace(chunk.offset, std::move(chunk.bytes));
    return {};
  }
  if (chunk.offset < bytes()) return {};
  if (auto done = append(chunk.bytes); !done.ok()) return done;
  progress_ms_ = now;  // Repeated bytes are no progress.
  if (total_ != 0 && bytes() > total_) return core::corrupt("a snapshot is longer than it says");
  if (bytes() != total_ && limit_ - bytes() <= limits_.window_bytes / 2) ask_for_more();
  return {};
}

core::Result<void> SnapshotIn::append(std::string_view bytes) {
  if (auto done = spool_->append(bytes); !done.ok()) return done;
  while (!early_.empty() && early_.begin()->first <= spool_->size()) {
    const auto next = early_.extract(early_.begin());
    if (next.key() < spool_->size()) continue;
    if (auto done = spool_->append(next.mapped()); !done.ok()) return done;
  }
  return {};
}

void SnapshotIn::tick(Millis now) {
  const bool whole = total_ != 0 && bytes() == total_;
  if (!whole && now - asked_ms_ >= limits_.ask_again_ms) ask(now);
}

// ---- Checking.

core::Result<bool> SnapshotIn::check(std::size_t rows_max) {
  if (!scan_ || state_ != State::kReceiving) return false;
  const std::uint64_t rows_end = scan_->rows() + rows_max;
  const std::uint64_t bytes_end = scan_->bytes() + limits_.slice_bytes_max;
  while (scan_->rows() < rows_end && scan_->bytes() < bytes_end) {
    const auto item = scan_->next();
    if (!item.ok()) return item.failure();
    if (item.value() == SnapshotScan::Item::kNothing) {
      if (total_ != 0 && bytes() == total_) return core::corrupt("a snapshot ends early");
      return false;
    }
    if (item.value() == SnapshotScan::Item::kHeader && !terms_.as_empty) {
      if (auto checked = compare(); !checked.ok()) return checked.failure();
    }
    if (item.value() == SnapshotScan::Item::kEnd) state_ = State::kChecked;
    if (!terms_.all && committed_.applied().vector().includes(vector())) state_ = State::kUseless;
    if (state_ != State::kReceiving) return false;
  }
  return true;
}

core::Result<void> SnapshotIn::compare() const {
  for (const ChainMarks& marks : {header().newest(), header().checkpoints}) {
    if (const auto origin = fork_at(marks, committed_.chains())) {
      return core::invalid("two histories of origin " + core::to_string(*origin) + " have met");
    }
  }
  const auto unclear =
      unclear_at(header().newest(), header().checkpoints.parted, committed_.chains());
  if (unclear) return core::invalid(unclear_text(*unclear));
  return {};
}

bool SnapshotIn::confirmed() const {
  return std::ranges::all_of(header().heads, [&](const auto& each) {
    const core::Seq mine = committed_.applied().vector().at(each.first);
    return mine >= each.second.seq || mine == confirmed_.at(each.first);
  });
}

void SnapshotIn::confirm(Millis now) {
  const bool answered = asked_ == confirmed_;
  if (answered) progress_ms_ = now;
  if (answered || now - asked_ms_ >= limits_.ask_again_ms) ask(now);
}

}  // namespace anabranch::regions
