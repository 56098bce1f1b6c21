// What a replica does about snapshots: it hands on their messages, gives them slices of time, and
// keeps the log for whoever takes one.
#include <utility>

#include "regions/replica.h"

namespace anabranch::regions {

using core::Millis;

void Replica::open_snapshots() {
  const auto note = [this](const core::Path& path, crdt::Row& row) {
    note_dead(path, row);
    note_expiry(path);
  };
  snapshots_ = std::make_unique<Snapshots>(Snapshots::Owner{state_, *exchange_, effects_, note},
                                           options_.limits.snapshots, options_.nonce);
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
  drop_group();
  if (broken()) return *broken();
  if (rejoin_ && rejoin_->logging()) return log_slice(now);
  const std::size_t scale = slice_scale(now);
  const auto more = state_.reading([&] { return snapshots_->work(now, scale); });
  if (!more.ok()) return state_.fail(more.failure());
  if (auto ended = give_up_rejoin(now); !ended.ok()) state_.fail(ended.failure());
  return more;
}

void Replica::ask_for_snapshot(core::Origin peer, Millis now) {
  if (!broken()) snapshots_->ask(peer, now);
}

}  // namespace anabranch::regions
