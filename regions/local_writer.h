// Local writes: the open group, its commit as one batch, and own ops that go along with a slice of
// other changes. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/batch.h"
#include "core/result.h"
#include "core/wall_clock.h"
#include "regions/delivery/own_batches.h"
#include "regions/delivery/signer.h"
#include "regions/exchange/exchange.h"
#include "regions/open_transaction.h"
#include "regions/state/committed.h"
#include "regions/state/group_closed.h"
#include "regions/state/reserve.h"

namespace anabranch::regions {

class LocalWriter final : public OwnBatches {
 public:
  // Slices of other work are so much larger while nobody writes here, when no write has to wait for
  // them: fewer commits, each with a sync, and fewer pages written twice.
  static constexpr std::size_t kQuietScale = 8;
  static constexpr core::Millis kQuietMs = 1000;

  struct Options {
    std::uint64_t nonce = 0;
    bool checksums = true;
    std::uint64_t reserve_bytes = 0;
  };

  // All must outlive this.
  LocalWriter(CommittedState& state, const Exchange& exchange, const Options& options)
      : state_(state),
        exchange_(exchange),
        options_(options),
        reserve_(state.storage(), options.reserve_bytes) {}
  ~LocalWriter() override { state_.abandon_commit(); }
  LocalWriter(const LocalWriter&) = delete;
  LocalWriter& operator=(const LocalWriter&) = delete;

  // Batches carry the signatures of this signer from now on; it must outlive this.
  void sign_with(const Signer& signer) { signer_ = &signer; }

  // Returns the open group, begun when there is none; staged writes can be read from its stage.
  Group& group();
  // Whether the open group holds transactions that are not committed yet.
  [[nodiscard]] bool dirty() const { return open_ && !open_->group.empty(); }
  // Whether the open group is to be committed before more is staged.
  [[nodiscard]] bool full() const { return dirty() && open_->group.full(); }
  // Whether it is so large that its commit takes long.
  [[nodiscard]] bool large() const { return dirty() && open_->group.large(); }
  // Whether its commit waits for a file of the log to be begun.
  [[nodiscard]] bool begins_file() const { return dirty() && state_.begins_file(size()); }
  // Begins a transaction of the open group, or a part of the one that is open already. Throws
  // kClosed after a failed commit, kReadOnly on a follower, and kIo while commits are refused for a
  // cause that may pass, after a try whether it has passed.
  [[nodiscard]] OpenTransaction begin();
  // Commits the open group as one batch, or lets go of it when it is empty. Returns the position
  // in the log up to which it holds all writes so far. A failure that may pass has dropped the
  // group, and nothing of it is anywhere; begin_commit() may fail so, too.
  core::Result<storage::Position> commit();
  // Begins to commit the open group, which must be dirty. Before finish_commit() more may be
  // staged, in another group, and nothing else be done but reads. Returns whether the storage goes
  // on with it meanwhile.
  core::Result<bool> begin_commit();
  // Returns when the commit under way is made.
  core::Result<void> finish_commit();
  // Lets go of the open group; it must not be dirty.
  GroupClosed close_group();
  std::optional<GroupClosed> try_close_group() override;
  // Drops the open group with its staged writes.
  void drop_group() { open_.reset(); }

  HeldBatch stage_own(rows::Stage& stage, std::vector<core::Op> ops) override;

  // How large slices are: 1, or kQuietScale when the last local write is long ago.
  std::size_t slice_scale(core::Millis now);
  // Looks how much room there is; when it is too little, some is made of what was removed.
  void look_at_room();
  // How much room there is, as of the last group, slice or tick.
  [[nodiscard]] Reserve& reserve() { return reserve_; }
  [[nodiscard]] const Reserve& reserve() const { return reserve_; }

 private:
  // A group, and what it is staged over: the committed state, or a group whose commit is under way.
  struct OpenGroup {
    OpenGroup(std::unique_ptr<rows::SnapshotReader> reader, const CommittedState& state)
        : committed(std::move(reader)),
          group(*committed, state.clear_rules(), state.applied().vector(), state.scores()),
          remembered(state.names().requests().remembered()) {}
    OpenGroup(const rows::Stage& under_way, const CommittedState& state)
        : group(under_way, state.clear_rules(), state.applied().vector(), state.scores()),
          remembered(state.names().requests().remembered()) {}

    // Goes on over the committed state. That is the same, unless the commit under way has failed;
    // then this group cannot be committed either.
    void go_on_over(std::unique_ptr<rows::SnapshotReader> reader) {
      group.stage().go_on_over(*reader);
      committed = std::move(reader);
    }

    std::unique_ptr<rows::SnapshotReader> committed;  // Null over a group.
    Group group;
    const std::size_t remembered;  // Requests before it.
  };
  // A group that is being committed as one batch.
  struct ClosedGroup {
    std::unique_ptr<OpenGroup> open;
    std::string bytes = {};
    storage::LogRecord record = {};
  };

  [[nodiscard]] std::unique_ptr<OpenGroup> make_group() const;
  // Tries whether commits are still refused, if they were.
  core::Result<void> try_again();
  [[nodiscard]] std::string refusal() const;
  // Gets what the commit of the open group needs; drops the group when that fails.
  core::Result<void> make_ready();
  // Of the open group.
  [[nodiscard]] CommitSize size() const { return {open_->group.bytes(), open_->group.ops(), 1}; }
  // Makes the batch of the open group, and closes it.
  Commit close_dirty_group();
  // Notes that a group is committed.
  void wrote();
  // Makes the next batch, without its transactions.
  [[nodiscard]] core::BatchFrame make_frame() const;
  // Leaves out the checksum of an encoded batch where batches have none.
  [[nodiscard]] std::string finished(std::string bytes) const;

  CommittedState& state_;
  const Exchange& exchange_;
  const Signer* signer_ = nullptr;
  Options options_;
  std::unique_ptr<OpenGroup> open_;    // Null when there is none.
  std::optional<ClosedGroup> closed_;  // While its commit is being made.
  std::uint64_t opening_sent_ = 0;     // The last opening named by a batch.
  bool wrote_ = false;  // Local writes were committed since slice_scale() was last asked.
  core::Millis wrote_ms_ = 0;
  Reserve reserve_;
};

}  // namespace anabranch::regions
