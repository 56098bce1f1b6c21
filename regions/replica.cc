#include "regions/replica.h"

#include <algorithm>
#include <utility>

#include "crdt/apply.h"
#include "regions/apply_op.h"
#include "regions/batch_check.h"
#include "regions/merge.h"

namespace anabranch::regions {

using core::Batch;
using core::Millis;
using storage::LogRecord;
using storage::Position;

// ---- Opening.

core::Result<std::unique_ptr<Replica>> Replica::open(storage::Storage& storage,
                                                     const core::WallClock& clock,
                                                     ReplicaOptions options) {
  ANABRANCH_ASSERT(options.fresh_origin != 0 && !options.region.empty());
  std::unique_ptr<Replica> replica(new Replica(storage, std::move(options)));
  bool loaded = false;
  const auto load_once = [&]() -> core::Result<void> {
    return std::exchange(loaded, true) ? core::Result<void>() : replica->load();
  };
  auto opened = storage.open([&](const storage::StoredRecord& record) -> core::Result<void> {
    if (auto ready = load_once(); !ready.ok()) return ready;
    return replica->recover(record);
  });
  if (!opened.ok()) return opened.failure();
  if (auto ready = load_once(); !ready.ok()) return ready.failure();
  if (auto recorded = replica->record_opening(); !recorded.ok()) return recorded.failure();
  const Identity& identity = replica->identity_;
  replica->clock_.emplace(clock, replica->applied_.head(identity.origin).hlc,
                          replica->options_.drift_ms_max);
  replica->clock_->observe(replica->applied_.hlc_max());
  replica->exchange_ = std::make_unique<Exchange>(
      Self{identity.mesh, identity.region, identity.origin, replica->options_.nonce},
      replica->applied_, storage, replica->effects_);
  return replica;
}

Replica::Replica(storage::Storage& storage, ReplicaOptions options)
    : storage_(storage), options_(std::move(options)) {}

core::Result<void> Replica::load() {
  const auto snapshot = storage_.snapshot();
  const auto stored = snapshot->get(storage::Table::kMeta, storage::kIdentityKey);
  if (!stored) {
    identity_ = {options_.mesh, options_.region, options_.fresh_origin, 0, 0};
    return {};
  }
  auto identity = decode_identity(*stored);
  if (!identity.ok()) return identity.failure();
  identity_ = std::move(identity).value();
  if (identity_.region != options_.region) {
    return core::invalid("the data belongs to region " + identity_.region + ", not to " +
                         options_.region);
  }
  if (identity_.mesh != options_.mesh) return core::invalid("the data belongs to another mesh");
  auto applied = Applied::load(*snapshot);
  if (!applied.ok()) return applied.failure();
  applied_ = std::move(applied).value();
  return {};
}

core::Result<void> Replica::record_opening() {
  if (options_.new_origin && identity_.opening > 0) {
    identity_.previous = std::exchange(identity_.origin, options_.fresh_origin);
  }
  ++identity_.opening;
  applied_.name(identity_.origin);
  std::vector<storage::Change> changes = applied_.take_changes();
  changes.push_back(
      {storage::Table::kMeta, std::string(storage::kIdentityKey), encode_identity(identity_)});
  const auto position = storage_.commit({}, changes);
  return position.ok() ? core::Result<void>() : position.failure();
}

core::Result<void> Replica::recover(const storage::StoredRecord& record) {
  auto batch = core::decode_batch(record.bytes);
  if (!batch.ok()) return batch.failure();
  return change_rows([&](Stage& stage) {
    const core::VersionVector deps = deps_of(batch.value());
    apply_batch(stage, {record.bytes, std::move(batch).value()}, deps);
    return commit_stage(stage, {});
  });
}

std::unique_ptr<SnapshotReader> Replica::reader() const {
  return std::make_unique<SnapshotReader>(storage_.snapshot(), names().origins());
}

// ---- Local writes.

Group& Replica::group() {
  if (!open_) {
    auto base = reader();
    const RowReader& rows = *base;
    open_.emplace(OpenGroup{std::move(base), Group(rows, identity_.origin, applied_.vector())});
  }
  return open_->group;
}

void Replica::write(const std::function<void(Group&)>& function) {
  if (broken_) throw Error(ErrorCode::kClosed, "closed for writes: " + broken_->message);
  Group& open = group();
  const Group::Mark mark = open.begin(*clock_);
  try {
    function(open);
  } catch (...) {
    open.rollback(mark);
    throw;
  }
  open.end(mark);
}

Batch Replica::make_batch(std::vector<core::Transaction> transactions) const {
  const Head& head = applied_.head(identity_.origin);
  Batch batch;
  batch.origin = identity_.origin;
  batch.previous = head.chain;
  batch.deps_changed = core::difference(applied_.vector(), head.deps);
  batch.transactions = std::move(transactions);
  if (!opening_sent_) {
    batch.opening = core::Opening{identity_.mesh, identity_.region, identity_.opening,
                                  options_.nonce, identity_.previous};
  }
  return batch;
}

core::Result<Position> Replica::commit() {
  if (!dirty()) {
    open_.reset();
    return storage_.last_position();
  }
  OpenGroup open = *std::move(open_);
  open_.reset();
  const Batch batch = make_batch(open.group.take_transactions());
  const std::string bytes = core::encode_batch(batch);
  applied_.advance(batch, applied_.vector(), core::chain_hash(bytes));
  const LogRecord record{batch.origin, batch.first(), batch.last(), bytes};
  const auto committed = commit_stage(open.group.stage(), {&record, 1});
  if (!committed.ok()) return committed.failure();
  opening_sent_ = true;
  return storage_.last_position();
}

core::Result<void> Replica::commit_stage(Stage& stage, std::span<const LogRecord> records) {
  std::vector<storage::Change> changes = stage.changes(
      names().origins(), [&](const core::Path& path, crdt::Row& row) { collect(path, row); });
  for (storage::Change& change : applied_.take_changes()) changes.push_back(std::move(change));
  const auto position = storage_.commit(records, changes);
  if (position.ok()) return {};
  broken_ = position.failure();
  return *broken_;
}

core::Result<void> Replica::change_rows(const std::function<core::Result<void>(Stage&)>& function) {
  ANABRANCH_ASSERT(!dirty());
  open_.reset();
  if (broken_) return *broken_;
  const auto base = reader();
  Stage stage(*base, Stage::Undo::kNone);
  try {
    return function(stage);
  } catch (const Error& error) {  // Stored bytes that cannot be read.
    broken_ = core::Failure{error.code(), error.what()};
    return *broken_;
  }
}

// ---- Dead slots.

void Replica::collect(const core::Path& path, crdt::Row& row) {
  if (std::ranges::none_of(row.tally.slots, &crdt::Slot::dead)) return;
  crdt::collect(
      row.tally, identity_.origin, [&](core::Origin origin) -> const auto& {
        return applied_.head(origin).deps;
      });
  const bool some_stay = std::ranges::any_of(row.tally.slots, &crdt::Slot::dead);
  if (some_stay && dead_.size() < kDeadRowsMax) dead_.insert(path);
}

core::Result<void> Replica::collect() {
  if (dead_.empty() && !broken_) return {};
  return change_rows([&](Stage& stage) {
    for (const core::Path& path : std::exchange(dead_, {})) stage.touch(path);
    return commit_stage(stage, {});
  });
}

// ---- The other leaders.

void Replica::link_up(LinkId link, std::string address, Millis now) {
  exchange_->link_up(link, std::move(address), now);
  if (broken_) send_nothing();
}

void Replica::link_down(LinkId link) {
  exchange_->link_down(link);
  if (broken_) send_nothing();
}

bool Replica::resume(std::string_view peer) {
  const bool known = exchange_->resume(peer);
  if (broken_) send_nothing();
  return known;
}

void Replica::send_nothing() {
  std::erase_if(effects_,
                [](const Effect& effect) { return std::holds_alternative<Send>(effect); });
}

void Replica::step(LinkId link, Message message, Millis now) {
  if (broken_) return;
  if (const auto* heartbeat = std::get_if<Heartbeat>(&message)) {
    if (!clock_->observe(heartbeat->hlc)) {
      alarm_once("the clock of region " + exchange_->region(link) +
                 " is ahead of this one by more than the allowed drift; it is not followed");
    }
  }
  auto received = exchange_->step(link, std::move(message), now);
  if (!received) return;
  auto batch = core::decode_batch(received->bytes);
  if (!batch.ok()) {
    reject(link);
    return;
  }
  if (batch.value().origin == identity_.origin &&
      batch.value().last() > applied_.vector().at(identity_.origin)) {
    alarm_once("a peer has writes of this leader's origin that it does not have itself");
    return;
  }
  const core::Seq applied = applied_.vector().at(batch.value().origin);
  if (batch.value().first() <= applied && applied < batch.value().last()) {
    alarm_two_histories(batch.value().origin);
    return;
  }
  held_.add({std::move(received->bytes), std::move(batch).value()}, applied_.vector());
}

bool Replica::continues_chain(const Batch& batch) const {
  return batch.previous == applied_.head(batch.origin).chain;
}

core::VersionVector Replica::deps_of(const Batch& batch) const {
  core::VersionVector deps = applied_.head(batch.origin).deps;
  deps.join(batch.deps_changed);
  return deps;
}

void Replica::apply_batch(Stage& stage, const HeldBatch& held, const core::VersionVector& deps) {
  const Batch& batch = held.batch;
  core::VersionVector context = deps;
  applied_.name(batch.origin);
  for (const core::Transaction& txn : batch.transactions) {
    for (std::size_t k = 0; k < txn.ops.size(); ++k) {
      context.set(batch.origin, txn.first + k - 1);
      apply_op(stage, txn.ops[k], {batch.origin, txn.first + k}, txn.hlc, context);
    }
    if (clock_) clock_->observe(txn.hlc);
  }
  applied_.advance(batch, deps, core::chain_hash(held.bytes));
}

std::vector<HeldBatch> Replica::apply_slice(Stage& stage) {
  std::vector<HeldBatch> slice;
  std::size_t ops = 0;
  std::size_t bytes = 0;
  while (ops < kSliceOpsMax && bytes < kSliceBytesMax) {
    std::optional<HeldBatch> held = held_.take_deliverable(applied_.vector());
    if (!held) break;
    if (!continues_chain(held->batch)) {
      alarm_two_histories(held->batch.origin);
      continue;
    }
    const core::VersionVector deps = deps_of(held->batch);
    if (!refers_to_what_was_seen(held->batch, deps)) {
      alarm_once("origin " + core::to_string(held->batch.origin) +
                 " sent ops that refer to what its leader had not seen; nothing more of it is "
                 "applied");
      continue;
    }
    apply_batch(stage, *held, deps);
    ops += held->batch.last() - held->batch.first() + 1;
    bytes += held->bytes.size();
    slice.push_back(*std::move(held));
  }
  return slice;
}

core::Result<void> Replica::commit_slice(Stage& stage) {
  const std::vector<HeldBatch> slice = apply_slice(stage);
  std::vector<LogRecord> records;
  records.reserve(slice.size());
  for (const HeldBatch& held : slice) {
    records.push_back({held.batch.origin, held.batch.first(), held.batch.last(), held.bytes});
  }
  return commit_stage(stage, records);
}

core::Result<bool> Replica::apply(Millis now) {
  ANABRANCH_ASSERT(!dirty());
  open_.reset();
  if (broken_) return *broken_;
  if (held_.has_deliverable(applied_.vector())) {
    const auto done = change_rows([&](Stage& stage) { return commit_slice(stage); });
    if (!done.ok()) return done.failure();
  }
  exchange_->applied_more(now);
  return held_.has_deliverable(applied_.vector());
}

core::Result<void> Replica::merge(const RowReader& rows, const Applied& applied) {
  return change_rows([&](Stage& stage) {
    merge_rows(stage, applied_.vector(), rows, applied.vector());
    for (const auto& [origin, head] : applied.heads()) {
      applied_.name(origin);
      if (head.seq > applied_.vector().at(origin)) applied_.set_head(origin, head);
    }
    clock_->observe(applied.hlc_max());
    return commit_stage(stage, {});
  });
}

void Replica::tick(Millis now) {
  if (!broken_) exchange_->tick(now, clock_->high_water());
}

void Replica::durable(Position position, Millis now) {
  if (!broken_) exchange_->log_grew(position, now);
}

void Replica::alarm_two_histories(core::Origin origin) {
  alarm_once("two histories of origin " + core::to_string(origin) +
             " have met: a directory was copied, or restored without a new origin");
}

void Replica::alarm_once(std::string text) {
  if (alarms_.insert(text).second) effects_.push_back(Alarm{std::move(text)});
}

}  // namespace anabranch::regions
