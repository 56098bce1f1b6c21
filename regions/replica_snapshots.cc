// What a replica does about snapshots: it hands on their messages, gives them slices of time,
// commits what they merge, and keeps the log for whoever takes one.
#include <algorithm>
#include <iterator>
#include <utility>

#include "regions/replica.h"

namespace anabranch::regions {

using core::Millis;

void Replica::open_snapshots() {
  const auto commit = [this](std::vector<storage::Change> changes, Snapshots::Swap swap) {
    return commit_snapshot(std::move(changes), swap);
  };
  const auto note = [this](const core::Path& path, crdt::Row& row) {
    note_dead(path, row);
    note_expiry(path);
  };
  snapshots_ = std::make_unique<Snapshots>(
      Snapshots::Owner{storage_, applied_, chains_, digests_, *scores_, *exchange_, identity_,
                       effects_, commit, note, [this] { return sweeping(); },
                       options_.limits.foreign_clear_rows_direct},
      options_.limits.snapshots, options_.nonce);
}

core::Result<void> Replica::commit_snapshot(std::vector<storage::Change> changes,
                                            Snapshots::Swap swap) {
  take_meta(changes);
  core::Result<void> done;
  if (swap == Snapshots::Swap::kYes) {
    clock_->observe(applied_.hlc_max());
    if (rejoin_) {
      changes.push_back(rejoin_->row());
      std::ranges::move(rejoin_->parted(), std::back_inserter(changes));
    }
    for (const auto& [origin, seq] : applied_.vector()) {
      const core::Seq before = applied_.vector_board().announced()->at(origin);
      if (seq > before) signer_.passed(origin, before + 1);
    }
    applied_.vector_board().announce(applied_.vector());
    done = storage_.swap(changes);
    if (done.ok()) applied_.vector_board().post(rows::VectorBoard::Jump::kYes);
    ordering_ = true;
    aside_.forget_all();  // They are asked for again.
    for (const auto& [origin, seq] : core::VersionVector(settled_.all())) {
      if (applied_.vector().at(origin) != seq) unsettle(origin);
    }
    if (done.ok()) done = load_regions();
  } else if (const auto position = storage_.commit({}, changes); !position.ok()) {
    done = position.failure();
  }
  if (!done.ok()) broken_ = done.failure();
  return done;
}

bool Replica::take_snapshot_message(LinkId link, Message& message, Millis now) {
  const Peer* peer = exchange_->peer_at(link);
  if (auto* request = std::get_if<SnapshotRequest>(&message)) {
    if (peer != nullptr) snapshots_->on(*peer, *request, now);
    hold_log();
  } else if (auto* chunk = std::get_if<SnapshotChunk>(&message)) {
    if (peer != nullptr) snapshots_->on(*peer, std::move(*chunk), now);
  } else if (auto* refusal = std::get_if<SnapshotRefusal>(&message)) {
    if (peer != nullptr) snapshots_->on(*peer, *refusal, now);
  } else {
    return false;
  }
  return true;
}

void Replica::hold_log() {
  const std::string who = "snapshots";
  if (const auto position = snapshots_->pinned()) {
    keeper_.hold(who, *position);
  } else {
    keeper_.release(who);
  }
}

core::Result<bool> Replica::work(Millis now) {
  ANABRANCH_ASSERT(!dirty());
  open_.reset();
  if (broken_) return *broken_;
  if (rejoin_ && rejoin_->logging()) return log_slice(now);
  const std::size_t scale = slice_scale(now);
  const auto more = reading([&] { return snapshots_->work(now, scale); });
  if (more.ok()) {
    if (auto ended = give_up_rejoin(now); !ended.ok()) broken_ = ended.failure();
  }
  if (!more.ok() && !broken_) broken_ = more.failure();
  return more;
}

void Replica::ask_for_snapshot(core::Origin peer, Millis now) {
  if (!broken_) snapshots_->ask(peer, now);
}

}  // namespace anabranch::regions
