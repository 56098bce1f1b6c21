#include "regions/delivery/inbox.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "core/checksum.h"
#include "core/mark.h"
#include "core/planted_bug.h"
#include "regions/delivery/batch_check.h"

namespace anabranch::regions {

using core::Batch;
using core::Bug;
using core::planted;
using rows::Stage;

namespace {

// To check the signature beside a batch takes about as long as to apply so many ops.
constexpr core::Seq kOpsOfSignature = 20;
// A clear looks at so many rows in the time of an op.
constexpr std::size_t kLooksPerOp = 8;

}  // namespace

// ---- Coming.

void Inbox::receive(LinkId link, BatchMessage message, core::Millis now, const Accepts& accepts) {
  Exchange& exchange = owner_.exchange;
  auto received = exchange.step(link, std::move(message), now);
  if (!received) return;
  auto decoded = core::decode_batch(received->bytes);
  if (!decoded.ok()) return refuse(link, *received);
  Batch& batch = decoded.value();
  exchange.count_received(link, batch);
  if (batch.origin == owner_.state.identity().origin) {
    exchange.compare_own(link, batch.last());
    return;  // A new incarnation will ask for it.
  }
  if (!accepts(*received, batch)) return;
  const core::Origin from = exchange.links().peer(link);
  if (!exchange.may_apply(from, batch, batch.deps_changed)) return;
  const core::Seq applied = owner_.state.applied().vector().at(batch.origin);
  if (batch.first() <= applied && applied < batch.last()) {
    exchange.forked(from, batch.origin, batch.last());
    return;
  }
  on(link, *std::move(received), std::move(batch), now);
}

void Inbox::refuse(LinkId link, const BatchMessage& received) {
  const bool well_formed = core::decode_batch(core::without_checksum(received.bytes)).ok();
  if (!well_formed) {
    owner_.effects.push_back(Reject{link, std::string(kUnreadable)});
    return;
  }
  core::mark<"a damaged batch arrives">();
  owner_.alarms.raise_once(
      "region " + owner_.exchange.links().region(link) +
      " has sent a batch whose checksum is wrong; it is not taken: what it lacks comes by a "
      "snapshot, or from others; have the memory of both machines and the disk of that one "
      "looked at");
  owner_.exchange.subscriptions().distrust_log(link);
}

void Inbox::on(LinkId link, BatchMessage&& message, Batch&& batch, core::Millis now) {
  const core::Origin origin = batch.origin;
  const core::Seq first = batch.first();
  HeldBatch held{std::move(message.bytes), std::move(batch), owner_.exchange.links().peer(link)};
  held.signed_beside = held.batch.signature.empty() && !message.signature.empty();
  if (held.signed_beside) held.batch.signature = std::move(message.signature);
  proofs_.hold(link, std::move(held), !out_of_space_, now);
  if (had_no_room(origin, first))
    owner_.exchange.subscriptions().dropped(link, message.stream, origin, first);
}

bool Inbox::had_no_room(core::Origin origin, core::Seq first) const {
  const bool later = first > owner_.state.applied().vector().at(origin) + 1;
  return later && !held_.has(origin, first) && !proofs_.provenance().has(origin, first);
}

bool Inbox::holds(core::Origin origin) const {
  return held_.holds(origin) || aside_.has(origin) || proofs_.provenance().holds(origin);
}

void Inbox::forget(core::Origin origin) {
  held_.forget(origin);
  proofs_.forget(origin);
}

void Inbox::clear() {
  held_.clear();
  proofs_.clear();
}

// ---- Signatures.

void Inbox::on(LinkId link, const SignedPosition& position, core::Millis now) {
  if (proofs_.on(link, position, now)) keep_signatures(now);
}

void Inbox::sign_and_pass_on(core::Millis now) {
  proofs_.sign_and_pass_on(now);
  keep_signatures(now);
}

void Inbox::keep_signatures(core::Millis now) {
  if (owner_.state.broken() || owner_.exchange.joining() || !proofs_.wants_keeping(now)) return;
  if (owner_.reserve.full()) return;
  const auto closed = owner_.own.try_close_group();
  if (closed) (void)proofs_.keep(*closed, now);  // What fails breaks the replica.
}

// ---- Applying.

core::Result<void> Inbox::apply(const GroupClosed& /*closed*/, std::size_t ops_max) {
  owner_.reserve.look();
  return owner_.state.change_rows([&](Stage& stage) -> core::Result<void> {
    const std::vector<HeldBatch> slice = apply_slice(stage, ops_max);
    if (slice.empty() && owner_.state.refused()) return {};
    proofs_.prove_ends(slice);
    const std::vector<storage::LogRecord> records = records_of(slice);
    return owner_.state.commit({.stage = &stage, .records = records});
  });
}

std::vector<HeldBatch> Inbox::apply_slice(Stage& stage, std::size_t ops_max) {
  std::vector<HeldBatch> slice;
  CommitSize size;
  ready_for_ = {};
  while (size.ops + stage.looks() / kLooksPerOp < ops_max && size.bytes < kSliceBytesMax) {
    std::optional<HeldBatch> held = next_batch(stage);
    if (!held) break;
    const core::Seq ops =
        held->batch.last() - held->batch.first() + 1 + (held->signed_beside ? kOpsOfSignature : 0);
    const CommitSize with{size.bytes + held->bytes.size(), size.ops + ops, size.batches + 1};
    out_of_space_ = !may_apply(with);
    if (out_of_space_) {
      held_.add(*std::move(held), owner_.state.applied().vector(), HoldBackQueue::Room::kGranted);
      break;
    }
    const core::VersionVector deps = owner_.state.deps_of(held->batch);
    if (!accepts(*held, deps)) continue;
    if (auto listed = list_waiting(stage, held->batch)) slice.push_back(*std::move(listed));
    owner_.state.apply(stage, held->batch, held->bytes, deps);
    size = with;
    if (planted(Bug::kApplyTwice)) slice.push_back(*held);
    slice.push_back(*std::move(held));
  }
  return slice;
}

// Asks for twice as much as there is so far: not for each batch.
bool Inbox::may_apply(const CommitSize& size) {
  if (!owner_.reserve.holds(size.bytes)) return false;
  const bool ready = size.bytes <= ready_for_.bytes && size.ops <= ready_for_.ops &&
                     size.batches <= ready_for_.batches;
  if (ready) return true;
  const CommitSize twice{2 * size.bytes, 2 * size.ops, 2 * size.batches};
  if (!owner_.state.make_ready(twice).ok()) return false;
  ready_for_ = twice;
  return true;
}

bool Inbox::accepts(const HeldBatch& held, const core::VersionVector& deps) {
  const Batch& batch = held.batch;
  const bool continues = batch.previous == owner_.state.applied().head(batch.origin).chain;
  if (!continues && !planted(Bug::kIgnoreChain)) {
    owner_.exchange.forked(held.from, batch.origin, batch.last());
    return false;
  }
  if (!owner_.exchange.may_apply(held.from, batch, deps)) return false;
  if (refers_to_what_was_seen(batch, deps)) return true;
  owner_.alarms.raise_once("origin " + core::to_string(batch.origin) +
                           " sent ops that refer to what its leader had not seen; nothing more of "
                           "it is applied");
  return false;
}

std::optional<HeldBatch> Inbox::list_waiting(Stage& stage, const Batch& batch) {
  if (!stage.masks()->any_tallies() || planted(Bug::kForgetToList)) return {};
  std::set<core::Path> paths;
  for (const core::Transaction& txn : batch.transactions) {
    for (const core::Op& op : txn.ops) {
      if (const auto* add = std::get_if<core::Add>(&op)) paths.insert(add->path);
    }
  }
  std::vector<core::Op> resets;
  for (const core::Path& path : paths) {
    auto waiting = stage.waiting(path);
    if (!waiting.empty()) resets.push_back(core::Reset{path, std::move(waiting)});
  }
  if (resets.empty()) return std::nullopt;
  return owner_.own.stage_own(stage, std::move(resets));
}

std::optional<HeldBatch> Inbox::next_batch(Stage& stage) {
  const core::VersionVector& applied = owner_.state.applied().vector();
  while (aside_.ready(stage.masks()->last_id())) {
    HeldBatch held = aside_.take(stage);
    if (held.batch.first() == applied.at(held.batch.origin) + 1) return held;
  }
  const std::size_t direct = owner_.state.clear_rules().foreign_rows_direct;
  const std::size_t rows =
      aside_.hurried() ? direct : std::max(limits_.rows_counted_at_once, direct);
  while (auto held = held_.take_deliverable(applied)) {
    if (aside_.has(held->batch.origin)) continue;  // Came twice.
    if (!DeferredClears::has_clears(held->batch)) return held;
    const core::VersionVector deps = owner_.state.deps_of(held->batch);
    DeferredClears::Survey clears = DeferredClears::survey(held->batch, deps, stage, rows);
    if (!clears.large) return held;
    aside_.put(*std::move(held), deps, std::move(clears.counted));
  }
  return std::nullopt;
}

core::Result<bool> Inbox::count_deferred_clears() {
  CommittedState& state = owner_.state;
  out_of_space_ = false;
  if (!aside_.empty()) {
    const auto looked = state.reading([&]() -> core::Result<void> {
      aside_.look(
          limits_.looks, *state.masks(), state.names().origins(),
          [&]() -> std::shared_ptr<const storage::Snapshot> { return state.sound_snapshot(); });
      return {};
    });
    if (!looked.ok()) return looked.failure();
    if (aside_.ready(state.masks()->last_id())) return true;
  }
  return held_.has_deliverable(state.applied().vector());
}

bool Inbox::has_more() {
  return held_.has_deliverable(owner_.state.applied().vector()) || !aside_.empty();
}

bool Inbox::has_enough() {
  const bool planted_wait = planted(Bug::kServeByOrigin) && held_.size() > 0;
  return planted_wait || (has_more() && held_.bytes() >= kHeldEnoughBytes);
}

void Inbox::committed(const Commit& commit) {
  if (commit.swap) aside_.forget_all();  // They are asked for again.
  if (commit.stage == nullptr || aside_.empty()) return;
  commit.stage->for_each_changed([&](const core::Path& path) { aside_.note_change(path); });
}

}  // namespace anabranch::regions
