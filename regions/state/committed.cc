#include "regions/state/committed.h"

#include <string>
#include <utility>

#include "core/planted_bug.h"
#include "crdt/expiry.h"
#include "regions/state/sound_tables.h"
#include "rows/conflicts/doomed_rows.h"
#include "rows/expiry_index.h"
#include "rows/requests/request_rows.h"
#include "rows/stage/apply_op.h"
#include "rows/stage/deep_counts.h"

namespace anabranch::regions {

using core::Bug;
using core::planted;

namespace {

// A commit with more changes does not leave its memory to the next one.
constexpr std::size_t kSpareBytesMax = std::size_t{4} << 20U;

// The bytes of a commit beside its batches, about: rows have the values once more, with counts,
// scores and keys; and there are rows of meta. With more than that the last segment of the log
// takes more of the disk than it should.
constexpr std::uint64_t kRowBytesPerByte = 1;
constexpr std::uint64_t kRowBytesPerOp = 200;
constexpr std::uint64_t kMetaBytes = 400;
constexpr std::uint64_t kMetaBytesPerBatch = 100;

std::uint64_t stored_bytes(const CommitSize& size) {
  return size.bytes * (1 + kRowBytesPerByte) + size.ops * kRowBytesPerOp + kMetaBytes +
         size.batches * kMetaBytesPerBatch;
}

}  // namespace

CommittedState::CommittedState(storage::Storage& storage, const ClearLimits& limits)
    : storage_(storage), limits_(limits) {}

// ---- Opening.

core::Result<bool> CommittedState::load() {
  tagged_records_.begin(storage_.last_position());
  const auto snapshot = storage_.snapshot();
  const auto stored = snapshot->get(storage::Table::kMeta, storage::kIdentityKey);
  if (!stored) {
    post_tables();  // There are no rows.
    return false;
  }
  auto identity = decode_identity(*stored);
  if (!identity.ok()) return identity.failure();
  identity_ = std::move(identity).value();
  auto applied = Applied::load(*snapshot);
  if (!applied.ok()) return applied.failure();
  applied_ = std::move(applied).value();
  auto digests = rows::Digests::load(*snapshot, names().origins());
  if (!digests.ok()) return digests.failure();
  digests_ = std::move(digests).value();
  auto masks = rows::load_masks(*snapshot);
  if (!masks.ok()) return masks.failure();
  masks_ = std::move(masks).value();
  applied_.published_masks().publish(masks_);
  if (auto loaded = load_tables(); !loaded.ok()) return loaded.failure();
  if (auto loaded = load_requests(); !loaded.ok()) return loaded.failure();
  auto reorder = rows::ScoreReorder::load(*snapshot);
  if (!reorder.ok()) return reorder.failure();
  reorder_ = std::move(reorder).value();
  if (const auto mark = snapshot->get(storage::Table::kMeta, storage::kClockKey)) {
    if (mark->size() != sizeof(core::Hlc)) return core::corrupt("the clock's mark is damaged");
    clock_mark_ = {storage::from_big_endian(*mark)};
  }
  damaged_.load(*snapshot);
  log_.signatures().load(*snapshot);
  const auto chains = chains_.load(*snapshot);
  return chains.ok() ? core::Result<bool>(true) : chains.failure();
}

core::Result<void> CommittedState::load_tables() {
  return reading([&]() -> core::Result<void> {
    const rows::SnapshotReader rows(storage_.snapshot(), names().origins(), masks_);
    tables_ = {.policies = rows.policies(), .regions = rows.regions()};
    post_tables();
    return {};
  });
}

core::Result<void> CommittedState::load_requests() {
  return reading([&]() -> core::Result<void> {
    std::size_t remembered = 0;
    const rows::SnapshotReader rows(sound_snapshot(), names().origins(), masks_);
    rows.scan(rows::requests_path(), [&](const core::Path& path, const crdt::Row& row) {
      applied_.published_requests().note(path, row.cell);
      remembered += rows::is_mark(path) ? 0 : 1;
      return true;
    });
    applied_.published_requests().set_remembered(remembered);
    return {};
  });
}

void CommittedState::post_tables() {
  applied_.published_policies().publish(tables_.policies, tables_.regions);
}

core::Result<void> CommittedState::load_scores(const rows::Resolvers* resolvers,
                                               std::uint64_t seed) {
  static const auto* const none = new rows::Resolvers({});
  const auto note = rows::load_score_note(*storage_.snapshot());
  if (!note.ok()) return note.failure();
  scores_.emplace(resolvers == nullptr ? *none : *resolvers,
                  note.value().format == 0 ? seed : note.value().seed);
  return {};
}

rows::ScoreNote CommittedState::score_note() const {
  return {.policies = scores_->policies(), .seed = scores_->seed(), .opening = identity_.opening};
}

core::Result<void> CommittedState::open_scores() {
  if (identity_.opening == 0) return {};  // There are no rows yet.
  const auto note = rows::load_score_note(*storage_.snapshot());
  if (!note.ok()) return note.failure();
  if (note.value() == score_note()) return {};
  return reading(
      [&] { return rows::order_all_anew(storage_, masks_, *scores_, tables_.policies); });
}

core::Result<void> CommittedState::open_counts() {
  if (identity_.opening == 0) identity_.deep = DeepCounts::kNone;
  if (identity_.deep == DeepCounts::kNone || identity_.deep == DeepCounts::kKept) return {};
  return reading([&]() -> core::Result<void> {
    const bool changing = identity_.deep == DeepCounts::kChanging;
    if (!changing && !rows::has_deep_counts(*sound_snapshot())) {
      identity_.deep = DeepCounts::kNone;
      return {};
    }
    identity_.deep = DeepCounts::kChanging;
    const auto begun = storage_.commit(
        {}, storage::Changes{{storage::Table::kMeta, std::string(storage::kIdentityKey),
                              encode_identity(identity_)}});
    if (!begun.ok()) return begun.failure();
    const auto sound = [this] { return sound_snapshot(); };
    auto counted = rows::count_deep_rows(storage_, names().origins(), masks_, sound);
    if (!counted.ok()) return counted;
    identity_.deep = DeepCounts::kKept;
    return {};
  });
}

core::Result<storage::Changes> CommittedState::load_expiries() {
  storage::Changes changes;
  const auto loaded = rows::load_expiries(*storage_.snapshot(), names().origins(),
                                          applied_.published_expiry(), changes);
  return loaded.ok() ? core::Result<storage::Changes>(std::move(changes)) : loaded.failure();
}

void CommittedState::start_clock(const core::WallClock& clock, core::Hlc newest,
                                 core::Millis drift_ms_max) {
  clock_.emplace(clock, newest, drift_ms_max);
  clock_->observe(applied_.hlc_max());
  applied_.published_expiry().use(clock, drift_ms_max);
}

// ---- Batches.

core::VersionVector CommittedState::deps_of(const core::Batch& batch) const {
  core::VersionVector deps = applied_.head(batch.origin).deps;
  if (planted(Bug::kForgetDepsOfHead)) deps = {};
  deps.join(batch.deps_changed);
  return deps;
}

void CommittedState::apply(rows::Stage& stage, const core::Batch& batch, std::string_view bytes,
                           const core::VersionVector& deps) {
  applied_.name(batch.origin, batch.opening ? batch.opening->region : "");
  rows::apply_ops(stage, batch, deps, [](const auto&...) { return true; });
  for (const core::Transaction& txn : batch.transactions) {
    if (clock_) clock_->observe(txn.hlc);
    // Already now: a later batch of the same slice may write the key.
    for (const core::Op& op : txn.ops) {
      if (const auto* const put = std::get_if<core::Put>(&op)) note_expiry(put->path);
    }
  }
  rows::note_doomed_rows(stage, names().expiries(), batch, deps, stage.notes());
  for (Participant* part : parts_) part->applies(batch, deps);
  go_on(batch, batch.extent(), bytes, deps);
}

void CommittedState::advance(const core::BatchFrame& batch, const core::Extent& extent,
                             std::string_view bytes, const core::VersionVector& deps) {
  if (std::ranges::any_of(parts_, &Participant::reads_batches)) {
    const core::Batch own = core::decode_batch(bytes).value_or_raise();
    for (Participant* part : parts_) part->applies(own, deps);
  }
  go_on(batch, extent, bytes, deps);
}

void CommittedState::go_on(const core::BatchFrame& batch, const core::Extent& extent,
                           std::string_view bytes, const core::VersionVector& deps) {
  const core::ChainHash chain = core::chain_hash(bytes);
  applied_.advance(batch, extent, deps, chain);
  chains_.advance(batch.origin, extent, chain);
  for (Participant* part : parts_) part->applied(batch.origin, extent.first);
}

// ---- The gate.

const core::Failure& CommittedState::fail(core::Failure why) {
  if (!broken_) broken_ = std::move(why);
  return *broken_;
}

core::Result<void> CommittedState::make_ready(const CommitSize& size) {
  ANABRANCH_ASSERT(!under_way_);
  if (broken_) return *broken_;
  auto done = storage_.make_ready(stored_bytes(size), size.batches);
  ready_ = done.ok();
  refused_.reset();
  if (done.ok()) return done;
  if (!done.failure().passes) return fail(done.failure());
  refused_ = done.failure();
  last_refusal_ = refused_->message;
  ++refusals_;
  return done;
}

bool CommittedState::begins_file(const CommitSize& size) const {
  return storage_.begins_file(stored_bytes(size), size.batches);
}

core::Result<void> CommittedState::make_ready_for(const Commit& commit) {
  if (std::exchange(ready_, false)) return {};
  CommitSize size{.bytes = commit.changes.bytes().size()};
  for (const storage::LogRecord& each : commit.records) {
    size.bytes += each.bytes.size();
    size.ops += each.last - each.first + 1;
    ++size.batches;
  }
  auto done = make_ready(size);
  ready_ = false;
  return done;
}

core::Result<CommittedState::MeshTables> CommittedState::tables_after(const Commit& commit) {
  MeshTables tables = tables_;
  if (commit.stage == nullptr) return tables;
  const rows::Stage& stage = *commit.stage;
  if (!stage.changes_policies() && !stage.changes_regions()) return tables;
  return reading([&]() -> core::Result<MeshTables> {
    if (stage.changes_policies()) tables.policies = stage.policies();
    if (stage.changes_regions()) tables.regions = stage.regions();
    return tables;
  });
}

void CommittedState::note_reorder(Commit& commit, const rows::PolicyTable& policies) {
  std::vector<rows::PolicyScope> changed;
  if (&policies != tables_.policies.get()) changed = tables_.policies->changed(policies);
  if (planted(Bug::kForgetReorder)) changed.clear();
  if (commit.reorder == nullptr && changed.empty() && !commit.swap) return;
  if (commit.reorder != nullptr) reorder_ = *commit.reorder;
  reorder_.add(changed);
  // The policies of merged rows are read behind the commit, which has the last of these rows.
  if (commit.swap) reorder_.add_all();
  commit.changes.add(reorder_.change());
}

core::Result<void> CommittedState::commit(Commit commit, Clock clock) {
  const auto begun = begin(std::move(commit), clock, Finish::kNow);
  return begun.ok() ? finish_commit() : begun.failure();
}

core::Result<bool> CommittedState::begin(Commit commit, Clock clock, Finish when) {
  ANABRANCH_ASSERT(commit.stage == nullptr || !commit.swap);
  ANABRANCH_ASSERT(!under_way_);
  if (broken_) return *broken_;
  if (auto ready = make_ready_for(commit); !ready.ok()) return ready.failure();
  if (commit.changes.empty()) std::swap(commit.changes, spare_);
  auto tables = tables_after(commit);
  if (!tables.ok()) return tables.failure();
  note_reorder(commit, *tables.value().policies);
  if (planted(Bug::kForgetPolicies)) tables.value().policies = tables_.policies;
  const bool changes_tables =
      tables.value().policies != tables_.policies || tables.value().regions != tables_.regions;
  // Participants read stored values, too.
  auto gathered = reading([&]() -> core::Result<void> {
    gather(commit, clock);
    return {};
  });
  if (!gathered.ok()) return gathered.failure();
  if (changes_tables || commit.swap) applied_.published_policies().begin_publish();
  under_way_.emplace(UnderWay{std::move(commit), masks_, tables_, nullptr, false});
  auto stored = store(when);
  if (!stored.ok()) return lose_commit(stored.failure());
  if (changes_tables) tables_ = std::move(tables).value();
  if (under_way_->commit.stage != nullptr) {
    masks_ = under_way_->commit.stage->masks();
    cleared_ = under_way_->commit.stage->cleared();
  }
  if (under_way_->commit.swap) cleared_.reset();  // Other rows come.
  return stored;
}

core::Result<void> CommittedState::finish_commit() {
  ANABRANCH_ASSERT(under_way_);
  if (auto stored = storage_.finish_commit(); !stored.ok()) return lose_commit(stored.failure());
  UnderWay made = *std::move(under_way_);
  under_way_.reset();
  tagged_records_.committed(storage_.last_position());
  log_.committed(made.commit.records);
  show(made);
  Commit& commit = made.commit;
  // The last rows of the merge are in the commit itself. What fails breaks the replica.
  if (commit.swap && !planted(Bug::kForgetPoliciesOnSwap)) (void)load_tables();
  for (Participant* part : parts_) part->committed(commit);
  if (commit.changes.bytes().size() <= kSpareBytesMax) std::swap(commit.changes, spare_);
  spare_.clear();
  return broken_ ? core::Result<void>(*broken_) : core::Result<void>();
}

// Sessions leave for other regions, and would wait there in vain for ops that nobody has seen.
core::Failure CommittedState::lose_commit(core::Failure why) {
  if (under_way_->goes_on) applied_.published_vector().begin_publish(*under_way_->announced);
  masks_ = std::move(under_way_->masks);
  cleared_.reset();
  tables_ = std::move(under_way_->tables);
  under_way_.reset();
  return fail(std::move(why));
}

core::Result<void> CommittedState::commit_identity(storage::Changes changes) {
  applied_.name(identity_.origin, identity_.region);
  changes.put(storage::Table::kMeta, storage::kIdentityKey, encode_identity(identity_));
  changes.put(storage::Table::kMeta, storage::kScoresKey, rows::encode_score_note(score_note()));
  return commit({.changes = std::move(changes), .identity = true}, Clock::kAlways);
}

// Not make_durable(), which looks at records alone.
core::Result<void> CommittedState::commit_identity_durably(storage::Changes changes) {
  if (auto done = commit_identity(std::move(changes)); !done.ok()) return done;
  auto synced = storage_.sync_all();
  if (!synced.ok()) return fail(synced.failure());
  durable(storage_.durable_position());
  return {};
}

core::Result<void> CommittedState::commit_clock() {
  (void)clock_->now();
  return commit({}, Clock::kAlways);
}

void CommittedState::gather(Commit& commit, Clock clock) {
  if (commit.stage != nullptr) {
    const auto leaves = [this](const core::Path& path, crdt::Row& row) {
      note(path, row);
      tagged_records_.see(path);
      for (RowWatcher* watcher : watchers_) watcher->leaves(path, row);
    };
    commit.stage->take_changes(names().origins(), leaves, digests_, commit.changes);
  }
  // Rows that a mask hides stay, and those of a rejoin were stored before.
  const bool leaves_rows = commit.stage != nullptr && commit.stage->masks() == masks_;
  if (!leaves_rows && !commit.records.empty()) tagged_records_.see_unknown();
  commit.changes.add(applied_.take_changes());
  commit.changes.add(chains_.take_changes());
  digests_.take_changes(commit.changes);
  mark_clock(commit, clock);
  for (Participant* part : parts_) part->record(commit);
  if (commit.stage != nullptr && commit.stage->counts_deep()) commit.counts_deep = true;
  // From the first of them on an earlier version must not open the directory.
  if (commit.counts_deep && identity_.deep != DeepCounts::kKept) {
    identity_.deep = DeepCounts::kKept;
    commit.changes.put(storage::Table::kMeta, storage::kIdentityKey, encode_identity(identity_));
  }
  damaged_.record(commit.changes, commit.swap);
  if (commit.stage == nullptr || !planted(Bug::kLoseChange)) return;
  std::size_t left = commit.changes.size();
  commit.changes.erase_if([&](const auto&) { return --left == 0; });
}

void CommittedState::mark_clock(Commit& commit, Clock when) {
  if (!clock_) return;
  if (commit.swap) clock_->observe(applied_.hlc_max());
  const bool due = when == Clock::kAlways || commit.stage != nullptr;
  if (!due || clock_->high_water() == clock_mark_) return;
  clock_mark_ = clock_->high_water();
  applied_.published_expiry().publish(clock_mark_);
  commit.changes.put(storage::Table::kMeta, storage::kClockKey,
                     storage::big_endian(clock_mark_.bits));
}

core::Result<bool> CommittedState::store(Finish when) {
  const Commit& commit = under_way_->commit;
  if (commit.stage != nullptr && !commit.stage->masks()->empty()) {
    applied_.published_masks().begin_publish();
  }
  under_way_->goes_on = commit.stage != nullptr || commit.swap;
  rows::PublishedVector& published = applied_.published_vector();
  under_way_->announced = published.announced();
  if (under_way_->goes_on) published.begin_publish(applied_.vector());
  if (when == Finish::kLater) return storage_.begin_commit(commit.records, commit.changes);
  if (commit.swap) {
    const auto swapped = storage_.swap(commit.changes);
    return swapped.ok() ? core::Result<bool>(false) : swapped.failure();
  }
  const auto stored = storage_.commit(commit.records, commit.changes);
  return stored.ok() ? core::Result<bool>(false) : stored.failure();
}

core::Result<void> CommittedState::make_durable() {
  if (broken_) return *broken_;
  if (log_.is_durable()) return {};
  auto synced = storage_.sync_all();
  if (!synced.ok()) return fail(synced.failure());
  durable(storage_.durable_position());
  return {};
}

void CommittedState::show(const UnderWay& made) {
  const Commit& commit = made.commit;
  if (commit.swap) applied_.published_vector().publish(rows::PublishedVector::Jump::kYes);
  if (commit.swap || commit.stage != nullptr || !commit.records.empty()) {
    durable(storage_.durable_position());
  }
  if (commit.stage != nullptr) applied_.published_vector().publish();
  if (masks_ != made.masks) applied_.published_masks().publish(masks_);
  const bool changes_tables =
      tables_.policies != made.tables.policies || tables_.regions != made.tables.regions;
  if (changes_tables) post_tables();
}

core::Result<void> CommittedState::trim(storage::Position position) {
  if (broken_) return *broken_;
  const auto done = storage_.trim(position);
  return done.ok() ? done : core::Result<void>(fail(done.failure()));
}

core::Result<void> CommittedState::clear_next() {
  if (broken_) return *broken_;
  const auto done = storage_.clear_next();
  return done.ok() ? done : core::Result<void>(fail(done.failure()));
}

void CommittedState::note_expiry(const core::Path& path) {
  if (crdt::is_expiry(path)) applied_.published_expiry().mark(crdt::key_part(path));
}

void CommittedState::note(const core::Path& path, const crdt::Row& row) {
  note_expiry(path);
  applied_.published_requests().note(path, row.cell);
}

// ---- The state.

rows::ClearRules CommittedState::clear_rules() const {
  return {identity_.origin, limits_.own_rows_direct, limits_.foreign_rows_direct, cleared_};
}

std::unique_ptr<rows::SnapshotReader> CommittedState::reader(rows::Tallies tallies) const {
  return reader_of(storage_.snapshot(), tallies);
}

std::unique_ptr<rows::SnapshotReader> CommittedState::reader_of(
    std::unique_ptr<storage::Snapshot> snapshot, rows::Tallies tallies) const {
  return std::make_unique<rows::SnapshotReader>(std::move(snapshot), names().origins(), masks_,
                                                tables_.policies, tables_.regions, tallies);
}

std::unique_ptr<storage::Snapshot> CommittedState::sound_snapshot() {
  return std::make_unique<SoundTables>(
      storage_.snapshot(),
      [this](storage::Table table, std::string_view key) { damaged_.note(table, key); });
}

}  // namespace anabranch::regions
