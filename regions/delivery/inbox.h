// Foreign batches between their arrival and their commit: they are proven, wait for the batches
// they depend on, and are applied in slices, each in one commit. Not thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/result.h"
#include "regions/delivery/deferred_clears.h"
#include "regions/delivery/hold_back_queue.h"
#include "regions/delivery/own_batches.h"
#include "regions/delivery/proofs.h"
#include "regions/exchange/exchange.h"
#include "regions/state/committed.h"
#include "regions/state/group_closed.h"
#include "regions/state/reserve.h"
#include "regions/wire/alarms.h"

namespace anabranch::regions {

class Inbox final : public Participant {
 public:
  static constexpr std::size_t kSliceBytesMax = std::size_t{4} << 20U;
  // With so much to apply, nothing more is asked for.
  static constexpr std::size_t kHeldEnoughBytes = Subscriptions::kWindowBytes;

  struct Owner {
    CommittedState& state;
    Exchange& exchange;
    Alarms& alarms;
    Effects& effects;
    OwnBatches& own;
    Reserve& reserve;
  };
  struct Limits {
    std::size_t hold_bytes_max = HoldBackQueue::kBytesMax;
    // The rows that a foreign clear over more rows than this leaves are counted ahead.
    std::size_t rows_counted_at_once = 8000;
    std::size_t looks = 1000;
    const Signatures* signatures = nullptr;
  };

  // All that the owner refers to must outlive this.
  Inbox(Owner owner, const Limits& limits)
      : owner_(owner),
        limits_(limits),
        held_(limits.hold_bytes_max),
        proofs_({owner.state, owner.exchange, owner.alarms, owner.effects}, held_,
                limits.signatures, limits.hold_bytes_max) {}

  // Takes in a batch that came on a link; one that is damaged, of another history, or not accepted
  // is not taken.
  using Accepts = std::function<bool(const BatchMessage& message, const core::Batch& batch)>;
  void receive(LinkId link, BatchMessage message, core::Millis now, const Accepts& accepts);
  // A batch that came on a link and is taken; tells the exchange when there was no room for it.
  void on(LinkId link, BatchMessage&& message, core::Batch&& batch, core::Millis now);
  void on(LinkId link, const SignedPosition& position, core::Millis now);
  // Signs the positions that are due, passes new ones on, and keeps them now and then.
  void sign_and_pass_on(core::Millis now);
  // Counts on for a large foreign clear. Returns whether anything can be applied.
  core::Result<bool> count_deferred_clears();
  // Applies a slice of so many ops, in one commit.
  core::Result<void> apply(const GroupClosed& closed, std::size_t ops_max);
  // Whether more can be applied now, as far as there is room for it.
  [[nodiscard]] bool has_more();
  // Whether so much waits that nothing more should be asked for.
  [[nodiscard]] bool has_enough();
  // Whether batches could be applied if there were room, or if the system gave what a commit needs.
  [[nodiscard]] bool out_of_space() const { return out_of_space_; }

  // Returns the bytes of all batches that have come and are not applied yet.
  [[nodiscard]] std::size_t bytes() const {
    return held_.bytes() + aside_.bytes() + proofs_.provenance().bytes();
  }
  // Whether anything of an origin has come that is not applied yet.
  [[nodiscard]] bool holds(core::Origin origin) const;
  // Whether the next batch of an origin is here, proven, and waits for other origins.
  [[nodiscard]] bool waits_for_others(core::Origin origin) const {
    return held_.waits(origin, owner_.state.applied().vector());
  }
  // Drops the waiting batches of an origin; they may come again.
  void forget(core::Origin origin);
  // Drops everything that waits: another history comes.
  void clear();

  void applied(core::Origin origin, core::Seq first) override { proofs_.applied(origin, first); }
  void record(Commit& commit) override { proofs_.record(commit); }
  void committed(const Commit& commit) override;

  [[nodiscard]] const HoldBackQueue& held() const { return held_; }
  [[nodiscard]] Proofs& proofs() { return proofs_; }
  [[nodiscard]] const Proofs& proofs() const { return proofs_; }

 private:
  // Says what is wrong with a message that holds no batch, or a damaged one.
  void refuse(LinkId link, const BatchMessage& received);
  // Stores signatures when that is due and no group is staged.
  void keep_signatures(core::Millis now);
  // Applies deliverable batches until there were `ops_max` ops; returns the batches to be logged.
  std::vector<HeldBatch> apply_slice(rows::Stage& stage, std::size_t ops_max);
  // Whether a batch may be applied: it continues its origin's chain, and refers to nothing that its
  // leader had not seen.
  bool accepts(const HeldBatch& held, const core::VersionVector& deps);
  // Whether there is room for a slice of this size, and all that its commit needs is there.
  bool may_apply(const CommitSize& size);
  // The next batch to be applied to a slice; nothing when there is none now.
  std::optional<HeldBatch> next_batch(rows::Stage& stage);
  // Before a foreign batch: lists the waiting tallies that it adds to. Nothing when there are none.
  std::optional<HeldBatch> list_waiting(rows::Stage& stage, const core::Batch& batch);
  // Whether a batch that is not the next one of its origin is not here: there was no room for it.
  [[nodiscard]] bool had_no_room(core::Origin origin, core::Seq first) const;

  Owner owner_;
  Limits limits_;
  HoldBackQueue held_;
  DeferredClears aside_;
  Proofs proofs_;
  bool out_of_space_ = false;
  CommitSize ready_for_;  // Of the slice that is being made.
};

}  // namespace anabranch::regions
