#include "regions/local_writer.h"

#include <utility>

#include "core/checksum.h"
#include "core/planted_bug.h"

namespace anabranch::regions {

using core::Bug;
using core::planted;

// ---- The open group.

Group& LocalWriter::group() {
  if (!open_) {
    look_at_room();
    open_ = make_group();
  }
  return open_->group;
}

std::unique_ptr<LocalWriter::OpenGroup> LocalWriter::make_group() const {
  if (!closed_ || planted(Bug::kStageOverShown)) {
    return std::make_unique<OpenGroup>(state_.reader(), state_);
  }
  return std::make_unique<OpenGroup>(closed_->open->group.stage(), state_);
}

void LocalWriter::look_at_room() {
  reserve_.look();
  if (reserve_.full()) state_.make_room();
}

// What was refused before is tried again with the next write. While a commit is under way none was.
core::Result<void> LocalWriter::try_again() {
  if (!state_.refused() || dirty()) return {};
  return state_.make_ready();
}

OpenTransaction LocalWriter::begin() {
  (void)try_again();
  if (const auto& broken = state_.broken()) {
    throw Error(ErrorCode::kClosed, "closed for writes: " + broken->message);
  }
  if (exchange_.follows() && !planted(Bug::kWriteWhileFollowing)) {
    throw Error(ErrorCode::kReadOnly, "this store follows the leader of region " +
                                          state_.identity().region +
                                          ": write there, or promote it to be a leader");
  }
  if (state_.refused()) throw Error(ErrorCode::kIo, refusal());
  return {group(), *state_.clock()};
}

std::string LocalWriter::refusal() const {
  return "the write is refused, nothing of it is stored, and the next ones are tried again: " +
         state_.refused()->message;
}

// Before the group is closed: its numbers are given to the next one.
core::Result<void> LocalWriter::make_ready() {
  auto ready = state_.make_ready(size());
  if (ready.ok()) return ready;
  core::Failure why = ready.failure();
  if (why.passes) why.message = refusal();
  state_.applied().published_requests().set_remembered(open_->remembered);
  if (planted(Bug::kCountRefused)) {
    (void)close_dirty_group();
    closed_.reset();
  }
  drop_group();
  return why;
}

core::Result<storage::Position> LocalWriter::commit() {
  if (!dirty()) {
    drop_group();
    return state_.storage().last_position();
  }
  if (auto ready = make_ready(); !ready.ok()) return ready.failure();
  const auto done = state_.commit(close_dirty_group());
  closed_.reset();
  if (!done.ok()) return done.failure();
  wrote();
  return state_.storage().last_position();
}

core::Result<bool> LocalWriter::begin_commit() {
  ANABRANCH_ASSERT(dirty());
  if (auto ready = make_ready(); !ready.ok()) return ready.failure();
  auto begun = state_.begin_commit(close_dirty_group());
  if (!begun.ok()) closed_.reset();
  return begun;
}

core::Result<void> LocalWriter::finish_commit() {
  auto done = state_.finish_commit();
  if (open_) open_->go_on_over(state_.reader());
  closed_.reset();
  if (done.ok()) wrote();
  return done;
}

Commit LocalWriter::close_dirty_group() {
  ANABRANCH_ASSERT(!closed_);
  closed_.emplace(ClosedGroup{std::move(open_)});
  const core::TransactionWriter& transactions = closed_->open->group.transactions();
  const core::BatchFrame frame = make_frame();
  const core::Extent extent = transactions.extent();
  closed_->bytes = finished(core::encode_batch(frame, transactions));
  state_.advance(frame, extent, closed_->bytes, state_.applied().vector());
  closed_->record = {frame.origin, extent.first, extent.last, closed_->bytes};
  return {.stage = &closed_->open->group.stage(), .records = {&closed_->record, 1}};
}

void LocalWriter::wrote() {
  opening_sent_ = state_.identity().opening;
  wrote_ = true;
}

GroupClosed LocalWriter::close_group() {
  ANABRANCH_ASSERT(!dirty());
  drop_group();
  return {};
}

std::optional<GroupClosed> LocalWriter::try_close_group() {
  return dirty() ? std::nullopt : std::optional(close_group());
}

// ---- Batches.

core::BatchFrame LocalWriter::make_frame() const {
  const Identity& self = state_.identity();
  ANABRANCH_ASSERT(!self.at_rest || planted(Bug::kRestWhileLeading) ||
                   planted(Bug::kWriteWhileFollowing) || planted(Bug::kKeepRest) ||
                   planted(Bug::kRestOwing));
  const Head& head = state_.applied().head(self.origin);
  core::BatchFrame batch;
  batch.origin = self.origin;
  batch.previous = head.chain;
  batch.deps_changed = core::difference(state_.applied().vector(), head.deps);
  for (const auto& [origin, seq] : batch.deps_changed) {
    batch.deps_hashes.push_back(core::history_hash(state_.applied().head(origin).chain));
  }
  if (signer_ != nullptr) batch.signature = signer_->for_batch();
  if (opening_sent_ != self.opening) {
    batch.opening =
        core::Opening{self.mesh, self.region, self.opening, options_.nonce, self.previous};
  }
  return batch;
}

std::string LocalWriter::finished(std::string bytes) const {
  return options_.checksums ? std::move(bytes) : core::without_checksum(std::move(bytes));
}

HeldBatch LocalWriter::stage_own(rows::Stage& stage, std::vector<core::Op> ops) {
  const core::VersionVector deps = state_.applied().vector();
  HeldBatch own;
  own.batch = {make_frame(), {}};
  own.batch.transactions.push_back(
      {deps.at(state_.identity().origin) + 1, state_.clock()->now(), std::move(ops)});
  own.bytes = finished(core::encode_batch(own.batch));
  opening_sent_ = state_.identity().opening;
  state_.apply(stage, own.batch, own.bytes, deps);
  return own;
}

std::size_t LocalWriter::slice_scale(core::Millis now) {
  if (std::exchange(wrote_, false)) wrote_ms_ = now;
  return now - wrote_ms_ < kQuietMs ? 1 : kQuietScale;
}

}  // namespace anabranch::regions
