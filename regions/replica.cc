#include "regions/replica.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/checksum.h"
#include "core/mark.h"
#include "core/planted_bug.h"
#include "crdt/apply.h"
#include "regions/delivery/batch_check.h"
#include "regions/state/incarnation.h"
#include "rows/stage/apply_op.h"

namespace anabranch::regions {

using core::Batch;
using core::Bug;
using core::mark;
using core::Millis;
using core::planted;
using rows::Stage;
using storage::LogRecord;
using storage::Position;

namespace {

void append(std::vector<storage::Change>& changes, std::vector<storage::Change> more) {
  std::ranges::move(more, std::back_inserter(changes));
}

}  // namespace

// ---- Opening.

core::Result<std::unique_ptr<Replica>> Replica::open(storage::Storage& storage,
                                                     const core::WallClock& clock,
                                                     ReplicaOptions options) {
  ANABRANCH_ASSERT(options.fresh_origin != 0 && !options.region.empty());
  std::unique_ptr<Replica> replica(new Replica(storage, std::move(options)));
  bool loaded = false;
  const auto load_once = [&]() -> core::Result<void> {
    if (std::exchange(loaded, true)) return {};
    auto ready = replica->load();
    return ready.ok() ? replica->load_scores() : ready;
  };
  auto opened = storage.open([&](const storage::StoredRecord& record) -> core::Result<void> {
    if (auto ready = load_once(); !ready.ok()) return ready;
    return replica->recover(record);
  });
  if (!opened.ok()) return opened.failure();
  if (auto ready = load_once(); !ready.ok()) return ready.failure();
  if (auto kept = replica->keeper_.load(); !kept.ok()) return kept.failure();
  replica->heard_.resume(replica->keeper_.running_ms(0));
  if (auto ordered = replica->open_scores(); !ordered.ok()) return ordered.failure();
  if (auto recorded = replica->record_opening(); !recorded.ok()) return recorded.failure();
  const Identity& identity = replica->identity_;
  core::Hlc newest = std::max(replica->clock_mark_, replica->applied_.head(identity.origin).hlc);
  // A new incarnation need not go on from timestamps of a clock that was wrong.
  const bool ahead = newest.millis() - clock.now_ms() > replica->options_.drift_ms_max;
  if (replica->options_.new_origin && ahead) newest = {};
  replica->clock_.emplace(clock, planted(Bug::kForgetHlc) ? core::Hlc{} : newest,
                          replica->options_.drift_ms_max);
  replica->clock_->observe(replica->applied_.hlc_max());
  replica->applied_.expiry_board().use(clock, replica->options_.drift_ms_max);
  // What was shown before, as far as others can have believed it.
  const core::Millis latest = replica->heard_.latest_ms(replica->keeper_.running_ms(0));
  if (latest >= 0) {
    replica->believed_ms_ =
        std::min(replica->clock_mark_.millis(), latest + replica->options_.drift_ms_max);
  }
  replica->post_time();
  replica->exchange_ = std::make_unique<Exchange>(
      Self{identity.mesh, identity.region, identity.origin, replica->options_.nonce,
           replica->options_.follows},
      replica->applied_, replica->chains_, replica->settled_, replica->log_, replica->effects_);
  replica->verifier_ =
      std::make_unique<Verifier>(*replica->exchange_, replica->effects_, replica->options_.nonce,
                                 [self = replica.get()] { return self->inspect(); });
  replica->exchange_->set_window(replica->options_.limits.window());
  replica->open_snapshots();
  if (auto listed = replica->load_regions(); !listed.ok()) return listed.failure();
  if (auto resumed = replica->resume_rejoin(); !resumed.ok()) return resumed.failure();
  replica->applied_.vector_board().announce(replica->applied_.vector());
  return replica;
}

Replica::Replica(storage::Storage& storage, ReplicaOptions options)
    : storage_(storage),
      options_(std::move(options)),
      chains_(applied_, log_),
      keeper_(storage_, {applied_, regions_, settled_, chains_}, identity_, options_.limits.log),
      clocks_(options_.drift_ms_max),
      held_(options_.limits.hold_bytes_max),
      reserve_(storage, options_.limits.reserve_bytes) {}

core::Result<void> Replica::load() {
  const auto snapshot = storage_.snapshot();
  const auto stored = snapshot->get(storage::Table::kMeta, storage::kIdentityKey);
  if (!stored) {
    identity_ = {.mesh = options_.mesh, .region = options_.region, .origin = fresh_origin()};
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
  auto digests = rows::Digests::load(*snapshot, names().origins());
  if (!digests.ok()) return digests.failure();
  digests_ = std::move(digests).value();
  auto masks = rows::load_masks(*snapshot);
  if (!masks.ok()) return masks.failure();
  masks_ = std::move(masks).value();
  applied_.mask_board().post(masks_);
  if (const auto mark = snapshot->get(storage::Table::kMeta, storage::kClockKey)) {
    if (mark->size() != sizeof(core::Hlc)) return core::corrupt("the clock's mark is damaged");
    clock_mark_ = {storage::from_big_endian(*mark)};
  }
  if (auto loaded = heard_.load(*snapshot); !loaded.ok()) return loaded;
  if (auto loaded = jumps_.load(*snapshot); !loaded.ok()) return loaded;
  if (auto loaded = signer_.load(*snapshot); !loaded.ok()) return loaded;
  if (auto loaded = settled_.load(*snapshot); !loaded.ok()) return loaded;
  return chains_.load(*snapshot);
}

core::Result<void> Replica::record_opening() {
  storage::Place here = storage_.place();
  if (identity_.opening > 0) {
    auto why = why_new_origin(identity_, here);
    if (options_.new_origin) why = "the operator wants it";
    if (why && !planted(Bug::kReuseOrigin)) begin_origin(*std::move(why));
  }
  identity_.place = std::move(here);
  identity_.closed = false;
  ++identity_.opening;
  auto expiries = load_expiries();
  return expiries.ok() ? record_identity(std::move(expiries).value()) : expiries.failure();
}

core::Result<void> Replica::record_identity(std::vector<storage::Change> changes) {
  applied_.name(identity_.origin, identity_.region);
  take_meta(changes);
  changes.push_back(
      {storage::Table::kMeta, std::string(storage::kIdentityKey), encode_identity(identity_)});
  changes.push_back({storage::Table::kMeta, std::string(storage::kScoresKey),
                     rows::encode_score_note(score_note())});
  mark_clock(changes);
  if (rejoin_) changes.push_back(rejoin_->row());
  const auto position = storage_.commit({}, changes);
  return position.ok() ? core::Result<void>() : position.failure();
}

core::Result<void> Replica::close() {
  open_.reset();
  if (broken_) return *broken_;
  identity_.closed = true;
  auto recorded = record_identity();
  broken_ = core::Failure{ErrorCode::kClosed, "the leader was closed"};
  return recorded;
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

std::unique_ptr<rows::SnapshotReader> Replica::reader(rows::Tallies tallies) const {
  return std::make_unique<rows::SnapshotReader>(storage_.snapshot(), names().origins(), masks_,
                                                tallies);
}

rows::ClearRules Replica::clear_rules() const {
  // During recovery the ops are made already, and an own one may have left tallies to be listed.
  return {identity_.origin, clock_ ? options_.limits.own_clear_rows_direct : 0,
          options_.limits.foreign_clear_rows_direct};
}

// ---- Local writes.

Group& Replica::group() {
  if (!open_) {
    reserve_.look();
    auto base = reader();
    const rows::RowReader& rows = *base;
    open_.emplace(
        OpenGroup{std::move(base), Group(rows, clear_rules(), applied_.vector(), *scores_)});
  }
  return open_->group;
}

void Replica::write(const std::function<void(Group&)>& function) {
  if (broken_) throw Error(ErrorCode::kClosed, "closed for writes: " + broken_->message);
  if (options_.follows && !planted(Bug::kWriteWhileFollowing)) {
    throw Error(ErrorCode::kReadOnly, "this store follows the leader of region " +
                                          identity_.region +
                                          ": write there, or promote it to be a leader");
  }
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
  batch.signature = signer_.for_batch();
  if (!opening_sent_) {
    batch.opening = core::Opening{identity_.mesh, identity_.region, identity_.opening,
                                  options_.nonce, identity_.previous};
  }
  return batch;
}

std::string Replica::encode(const Batch& batch) const {
  std::string bytes = core::encode_batch(batch);
  return options_.checksums ? bytes : core::without_checksum(std::move(bytes));
}

core::Result<Position> Replica::commit() {
  if (!dirty()) {
    open_.reset();
    return storage_.last_position();
  }
  OpenGroup open = *std::move(open_);
  open_.reset();
  Batch batch = make_batch(open.group.take_transactions());
  const std::string bytes = encode(batch);
  snapshots_->apply(batch, applied_.vector());
  advance(batch, applied_.vector(), bytes);
  const LogRecord record{batch.origin, batch.first(), batch.last(), bytes};
  const auto committed = commit_stage(open.group.stage(), {&record, 1});
  if (!committed.ok()) return committed.failure();
  opening_sent_ = true;
  wrote_ = true;
  return storage_.last_position();
}

core::Result<void> Replica::commit_stage(Stage& stage, std::span<const LogRecord> records) {
  std::vector<storage::Change> changes = stage.changes(
      names().origins(), [&](const core::Path& path, crdt::Row& row) { collect(path, row); },
      digests_);
  if (snapshots_) snapshots_->take_changes(changes);
  take_meta(changes);
  mark_clock(changes);
  append(changes, signer_.take_changes());
  if (rejoin_ && rejoin_->logging()) {
    for (const LogRecord& record : std::exchange(records, {})) {
      changes.push_back(rejoin_->defer(record));
    }
  }
  keeper_.append(records);
  append(changes, keeper_.take_changes());
  if (planted(Bug::kLoseChange) && !changes.empty()) changes.pop_back();
  if (!stage.masks()->empty()) applied_.mask_board().announce();
  const rows::VectorBoard::Shared before = applied_.vector_board().announced();
  applied_.vector_board().announce(applied_.vector());
  const auto position = storage_.commit(records, changes);
  if (!position.ok()) {
    // Sessions leave for other regions, which would wait in vain for what nobody has seen.
    applied_.vector_board().announce(*before);
    broken_ = position.failure();
    return *broken_;
  }
  all_durable_ = storage_.durable_position() == storage_.last_position();
  applied_.vector_board().post();
  ordering_ = ordering_ || stage.leaves_orders();
  if (masks_ != stage.masks()) applied_.mask_board().post(masks_ = stage.masks());
  if (!aside_.empty()) {
    stage.for_each_changed([&](const core::Path& path) { aside_.note_change(path); });
  }
  const bool reload = std::exchange(regions_touched_, false) && exchange_;
  return reload ? load_regions() : core::Result<void>();
}

core::Result<void> Replica::commit_batches(Stage& stage, std::span<const HeldBatch> batches) {
  std::vector<LogRecord> records;
  records.reserve(batches.size());
  for (const HeldBatch& held : batches) {
    records.push_back({held.batch.origin, held.batch.first(), held.batch.last(), held.bytes});
  }
  if (planted(Bug::kForgetLastRecord) && records.size() > 1) records.pop_back();
  return commit_stage(stage, records);
}

void Replica::take_meta(std::vector<storage::Change>& changes) {
  append(changes, applied_.take_changes());
  append(changes, chains_.take_changes());
  append(changes, settled_.take_changes());
  digests_.take_changes(changes);
}

core::Result<void> Replica::change_rows(const std::function<core::Result<void>(Stage&)>& function) {
  ANABRANCH_ASSERT(!dirty());
  open_.reset();
  if (broken_) return *broken_;
  const auto base = reader();
  Stage stage(*base, Stage::Undo::kNone, clear_rules(), *scores_);
  return reading([&] { return function(stage); });
}

// ---- The other leaders.

void Replica::link_up(LinkId link, std::string address, Millis now, std::string region) {
  exchange_->link_up(link, std::move(address), now, std::move(region));
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
  if (planted(Bug::kSendWhenBroken)) return;
  std::erase_if(effects_,
                [](const Effect& effect) { return std::holds_alternative<Send>(effect); });
}

void Replica::step(LinkId link, Message message, Millis now) {
  if (broken_) return;
  name_damage();
  if (const auto* asked = std::get_if<Question>(&message)) {
    return verifier_->step(link, *asked, now);
  }
  if (const auto* answered = std::get_if<Answer>(&message)) {
    return verifier_->step(link, *answered, now);
  }
  if (refuse_lost(link, message)) return;
  if (const auto* refusal = std::get_if<Refusal>(&message)) return take(*refusal);
  if (auto* heartbeat = std::get_if<Heartbeat>(&message)) take(link, *heartbeat, now);
  if (auto* standing = std::get_if<Standing>(&message)) return take(link, std::move(*standing));
  if (take_snapshot_message(link, message, now)) return;
  if (const auto* position = std::get_if<SignedPosition>(&message)) {
    return take(link, *position, now);
  }
  core::VersionVector subscribed;
  const auto* wanted = std::get_if<Subscribe>(&message);
  if (wanted != nullptr && signer_.active()) subscribed = wanted->from;
  auto received = exchange_->step(link, std::move(message), now);
  send_positions(link, subscribed);
  if (!received) return;
  auto batch = core::decode_batch(received->bytes);
  if (!batch.ok()) return refuse(link, *received);
  if (batch.value().origin == identity_.origin) {
    exchange_->compare_own(link, batch.value().last());
    return;  // A new incarnation will ask for it.
  }
  if (!may_come(link, *received, batch.value())) return;
  const core::Origin from = exchange_->peer(link);
  if (!exchange_->may_apply(from, batch.value(), batch.value().deps_changed)) return;
  const core::Seq applied = applied_.vector().at(batch.value().origin);
  if (batch.value().first() <= applied && applied < batch.value().last()) {
    exchange_->forked(from, batch.value().origin, batch.value().last());
    return;
  }
  const core::Origin origin = batch.value().origin;
  const core::Seq first = batch.value().first();
  hold(link, {std::move(received->bytes), std::move(batch).value(), from}, now);
  if (had_no_room(origin, first)) exchange_->dropped(link, received->stream, origin, first);
}

void Replica::refuse(LinkId link, const BatchMessage& received) {
  const bool well_formed = core::decode_batch(core::without_checksum(received.bytes)).ok();
  if (!well_formed) return reject(link);
  mark<"a damaged batch arrives">();
  alarm_once("region " + exchange_->region(link) +
             " has sent a batch whose checksum is wrong; it is not taken: what it lacks comes by a "
             "snapshot, or from others; have the memory of both machines and the disk of that one "
             "looked at");
  exchange_->distrust_log(link);
}

void Replica::name_damage() {
  for (const LogDamage& damage : log_.take_news()) {
    alarm_once(to_string(damage, region_of(damage.origin)));
    if (!damage.certain) continue;
    (void)chains_.keep(damage.origin, damage.first - 1);
    (void)chains_.keep(damage.origin, damage.last);
  }
}

// A network may bring a batch once more, also over a new link, after its sender has left the
// history that it belongs to. So what nobody has asked for there its sender must show to have. Of
// what has ended only what is asked for now is taken.
bool Replica::may_come(LinkId link, const BatchMessage& message, const core::Batch& batch) const {
  if (ended_.contains(batch.origin)) return exchange_->asks_for(link, message, batch.origin);
  return exchange_->asked_for(link, message) || exchange_->has_shown(link, batch);
}

std::optional<core::Hash128> Replica::digest() const {
  if (sweeping()) return std::nullopt;  // Rows are still stored that others do not have.
  return digests_.total();
}

Inspection Replica::inspect() const {
  return {{storage_.snapshot(), applied_.vector(), digests_.total(), digest().has_value()},
          names()};
}

void Replica::verify(std::vector<std::string> regions, Millis now) {
  if (!broken_) verifier_->start(std::move(regions), now);
}

Millis Replica::next_tick_ms() const {
  const Millis next = std::min(exchange_->next_tick_ms(),
                               rejoin_ ? exchange_->next_tick_ms() : keeper_.next_tick_ms());
  const auto verifying = verifier_->next_tick_ms();
  return std::min({next, verifying.value_or(next), signer_.next_ms().value_or(next)});
}

bool Replica::continues_chain(const Batch& batch) const {
  return batch.previous == applied_.head(batch.origin).chain || planted(Bug::kIgnoreChain);
}

core::VersionVector Replica::deps_of(const Batch& batch) const {
  core::VersionVector deps = applied_.head(batch.origin).deps;
  if (planted(Bug::kForgetDepsOfHead)) deps = {};
  deps.join(batch.deps_changed);
  return deps;
}

void Replica::apply_batch(Stage& stage, const HeldBatch& held, const core::VersionVector& deps) {
  const Batch& batch = held.batch;
  applied_.name(batch.origin, batch.opening ? batch.opening->region : "");
  rows::apply_ops(stage, batch, deps, [](const auto&...) { return true; });
  if (snapshots_) snapshots_->apply(batch, deps);
  for (const core::Transaction& txn : batch.transactions) {
    if (clock_) clock_->observe(txn.hlc);
  }
  advance(batch, deps, held.bytes);
}

void Replica::advance(const Batch& batch, const core::VersionVector& deps, std::string_view bytes) {
  const core::ChainHash chain = core::chain_hash(bytes);
  unsettle(batch.origin);
  applied_.advance(batch, deps, chain);
  signer_.passed(batch.origin, batch.first());
  chains_.advance(batch, chain);
}

std::vector<HeldBatch> Replica::apply_slice(Stage& stage, std::size_t ops_max) {
  std::vector<HeldBatch> slice;
  std::size_t ops = 0;
  std::size_t bytes = 0;
  while (ops < ops_max && bytes < kSliceBytesMax) {
    std::optional<HeldBatch> held = next_batch(stage);
    if (!held) break;
    starved_ = !reserve_.holds(bytes + held->bytes.size());
    if (starved_) {
      held_.add(*std::move(held), applied_.vector());
      break;
    }
    if (!continues_chain(held->batch)) {
      exchange_->forked(held->from, held->batch.origin, held->batch.last());
      continue;
    }
    const core::VersionVector deps = deps_of(held->batch);
    if (!exchange_->may_apply(held->from, held->batch, deps)) continue;
    if (!refers_to_what_was_seen(held->batch, deps)) {
      alarm_once("origin " + core::to_string(held->batch.origin) +
                 " sent ops that refer to what its leader had not seen; nothing more of it is "
                 "applied");
      continue;
    }
    if (auto listed = list_waiting(stage, held->batch)) slice.push_back(*std::move(listed));
    apply_batch(stage, *held, deps);
    ops += held->batch.last() - held->batch.first() + 1;
    bytes += held->bytes.size();
    if (planted(Bug::kApplyTwice)) slice.push_back(*held);
    slice.push_back(*std::move(held));
  }
  return slice;
}

core::Result<void> Replica::commit_slice(Stage& stage, std::size_t ops_max) {
  const std::vector<HeldBatch> slice = apply_slice(stage, ops_max);
  prove_stops();  // With what it proves.
  return commit_batches(stage, slice);
}

std::size_t Replica::slice_scale(Millis now) {
  if (std::exchange(wrote_, false)) wrote_ms_ = now;
  return now - wrote_ms_ < kQuietMs ? 1 : kQuietScale;
}

core::Result<bool> Replica::apply(Millis now) {
  ANABRANCH_ASSERT(!dirty());
  open_.reset();
  if (broken_) return *broken_;
  if (auto heeded = heed_doubt(now); !heeded.ok()) return heeded.failure();
  starved_ = false;
  const bool looked = look_ahead();
  if (broken_) return *broken_;
  if (looked || held_.has_deliverable(applied_.vector())) {
    reserve_.look();
    const std::size_t ops_max = options_.limits.slice_ops_max * slice_scale(now);
    const auto done = change_rows([&](Stage& stage) { return commit_slice(stage, ops_max); });
    if (!done.ok()) return done.failure();
  }
  if (signer_.active()) take(provenance_.settle(), now);
  prove_stops();
  exchange_->stand_still(starved_);
  if (starved_) return false;
  const bool more = held_.has_deliverable(applied_.vector()) || !aside_.empty();
  const bool planted_wait = planted(Bug::kServeByOrigin) && held_.size() > 0;
  exchange_->applied_more(now, !planted_wait && (!more || held_.bytes() < kHeldEnoughBytes));
  return more;
}

void Replica::tick(Millis now) {
  if (now >= next_tick_ms()) reserve_.look();
  if (std::string news = reserve_.news(); !news.empty()) effects_.push_back(Alarm{std::move(news)});
  if (broken_) return;
  name_damage();
  log_.forget_before(keeper_.segments().first());
  if (!announce().ok()) return;
  renew_standing(now);
  const auto showing = [&]() -> Showing {
    look_at_clock(now);
    return {.hlc = clock_->high_water(),
            .wall_ms = clock_->wall_ms(),
            .digest = digest(),
            .standings = keeper_.standings().numbers(),
            .clocks = shown_clocks(now),
            .heard = clock_words(now)};
  };
  const bool beat = exchange_->tick(now, showing);
  if (beat) {
    complain_of_clocks(now);
    complain_of_unproven(now);
  }
  verifier_->tick(now);
  const auto waited_for = [&](const std::string& region) {
    return regions_.retirement(region) == Retirement::kNone;
  };
  if (auto heeded = heed_loss(now); !heeded.ok()) return;
  if (!rejoin_) {
    const auto kept = keeper_.tick(now, exchange_->peers(), waited_for);
    if (!kept.ok()) broken_ = kept.failure();
  }
  if (beat && !broken_ && !store_heard(now).ok()) return;
  if (!broken_) snapshots_->tick(now);
  hold_log();
  sign_and_pass_on(now);
}

void Replica::durable(Position position, Millis now) {
  if (broken_) return;
  exchange_->log_grew(position, now);
  all_durable_ = position == storage_.last_position();
  if (all_durable_) sign_and_pass_on(now);
}

void Replica::alarm_once(std::string text) {
  if (alarms_.size() >= kAlarmsMax) return;  // Whoever provokes so many has been named.
  if (alarms_.insert(text).second) effects_.push_back(Alarm{std::move(text)});
}

}  // namespace anabranch::regions
