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

// ---- Opening.

core::Result<std::unique_ptr<Replica>> Replica::open(storage::Storage& storage,
                                                     const core::WallClock& clock,
                                                     ReplicaOptions options) {
  ANABRANCH_ASSERT(options.fresh_origin != 0 && !options.region.empty());
  std::unique_ptr<Replica> replica(new Replica(storage, std::move(options)));
  CommittedState& state = replica->state_;
  bool loaded = false;
  const auto load_once = [&]() -> core::Result<void> {
    if (std::exchange(loaded, true)) return {};
    auto ready = replica->load();
    if (!ready.ok()) return ready;
    return state.load_scores(replica->options_.resolvers, replica->options_.nonce);
  };
  auto opened = state.open_storage([&](const storage::StoredRecord& record) -> core::Result<void> {
    if (auto ready = load_once(); !ready.ok()) return ready;
    return replica->recover(record);
  });
  if (!opened.ok()) return opened.failure();
  if (auto ready = load_once(); !ready.ok()) return ready.failure();
  if (auto kept = replica->keeper_.load(); !kept.ok()) return kept.failure();
  replica->heard_.resume(replica->keeper_.running_ms(0));
  if (auto ordered = state.open_scores(); !ordered.ok()) return ordered.failure();
  if (auto recorded = replica->record_opening(); !recorded.ok()) return recorded.failure();
  const Identity& identity = state.identity();
  core::Hlc newest = std::max(state.stored_clock(), state.applied().head(identity.origin).hlc);
  // A new incarnation need not go on from timestamps of a clock that was wrong.
  const bool ahead = newest.millis() - clock.now_ms() > replica->options_.drift_ms_max;
  if (replica->options_.new_origin && ahead) newest = {};
  state.start_clock(clock, planted(Bug::kForgetHlc) ? core::Hlc{} : newest,
                    replica->options_.drift_ms_max);
  // What was shown before, as far as others can have believed it.
  const core::Millis latest = replica->heard_.latest_ms(replica->keeper_.running_ms(0));
  if (latest >= 0) {
    replica->believed_ms_ =
        std::min(state.stored_clock().millis(), latest + replica->options_.drift_ms_max);
  }
  replica->post_time();
  replica->exchange_ = std::make_unique<Exchange>(
      Self{identity.mesh, identity.region, identity.origin, replica->options_.nonce,
           replica->options_.follows},
      state.applied(), state.chains(), replica->settled_, state.log(), replica->effects_);
  replica->verifier_ =
      std::make_unique<Verifier>(*replica->exchange_, replica->effects_, replica->options_.nonce,
                                 [self = replica.get()] { return self->inspect(); });
  replica->exchange_->set_window(replica->options_.limits.window());
  replica->open_snapshots();
  if (auto listed = replica->load_regions(); !listed.ok()) return listed.failure();
  if (auto resumed = replica->resume_rejoin(); !resumed.ok()) return resumed.failure();
  state.applied().vector_board().announce(state.applied().vector());
  return replica;
}

Replica::Replica(storage::Storage& storage, ReplicaOptions options)
    : options_(std::move(options)),
      state_(storage,
             {options_.limits.own_clear_rows_direct, options_.limits.foreign_clear_rows_direct}),
      keeper_(state_, regions_, settled_, options_.limits.log),
      clocks_(options_.drift_ms_max),
      held_(options_.limits.hold_bytes_max),
      reserve_(storage, options_.limits.reserve_bytes) {
  state_.watch(*this);
  for (Participant* part : std::initializer_list<Participant*>{&settled_, this, &signer_, &keeper_})
    state_.join(*part);
}

core::Result<void> Replica::load() {
  const auto found = state_.load();
  if (!found.ok()) return found.failure();
  Identity& identity = state_.identity();
  if (!found.value()) {
    identity = {.mesh = options_.mesh, .region = options_.region, .origin = fresh_origin()};
    return {};
  }
  if (identity.region != options_.region) {
    return core::invalid("the data belongs to region " + identity.region + ", not to " +
                         options_.region);
  }
  if (identity.mesh != options_.mesh) return core::invalid("the data belongs to another mesh");
  const auto snapshot = state_.storage().snapshot();
  if (auto loaded = heard_.load(*snapshot); !loaded.ok()) return loaded;
  if (auto loaded = jumps_.load(*snapshot); !loaded.ok()) return loaded;
  if (auto loaded = signer_.load(*snapshot); !loaded.ok()) return loaded;
  return settled_.load(*snapshot);
}

core::Result<void> Replica::record_opening() {
  storage::Place here = state_.storage().place();
  if (state_.identity().opening > 0) {
    auto why = why_new_origin(state_.identity(), here);
    if (options_.new_origin) why = "the operator wants it";
    if (why && !planted(Bug::kReuseOrigin)) begin_origin(*std::move(why));
  }
  state_.identity().place = std::move(here);
  state_.identity().closed = false;
  ++state_.identity().opening;
  auto expiries = state_.load_expiries();
  return expiries.ok() ? record_identity(std::move(expiries).value()) : expiries.failure();
}

core::Result<void> Replica::record_identity(std::vector<storage::Change> changes) {
  if (rejoin_) changes.push_back(rejoin_->row());
  return state_.commit_identity(std::move(changes));
}

core::Result<void> Replica::close() {
  drop_group();
  if (broken()) return *broken();
  state_.identity().closed = true;
  auto recorded = record_identity();
  state_.fail({ErrorCode::kClosed, "the leader was closed"});
  return recorded;
}

core::Result<void> Replica::recover(const storage::StoredRecord& record) {
  auto batch = core::decode_batch(record.bytes);
  if (!batch.ok()) return batch.failure();
  return state_.change_rows([&](Stage& stage) {
    const core::VersionVector deps = deps_of(batch.value());
    apply_batch(stage, {record.bytes, std::move(batch).value()}, deps);
    return state_.commit({.stage = &stage});
  });
}

// ---- Local writes.

Group& Replica::group() {
  if (!open_) {
    reserve_.look();
    auto base = reader();
    const rows::RowReader& rows = *base;
    open_.emplace(OpenGroup{std::move(base), Group(rows, state_.clear_rules(),
                                                   state_.applied().vector(), state_.scores())});
  }
  return open_->group;
}

void Replica::write(const std::function<void(Group&)>& function) {
  if (broken()) throw Error(ErrorCode::kClosed, "closed for writes: " + broken()->message);
  if (options_.follows && !planted(Bug::kWriteWhileFollowing)) {
    throw Error(ErrorCode::kReadOnly, "this store follows the leader of region " +
                                          state_.identity().region +
                                          ": write there, or promote it to be a leader");
  }
  Group& open = group();
  const Group::Mark mark = open.begin(*state_.clock());
  try {
    function(open);
  } catch (...) {
    open.rollback(mark);
    throw;
  }
  open.end(mark);
}

Batch Replica::make_batch(std::vector<core::Transaction> transactions) const {
  const Head& head = state_.applied().head(state_.identity().origin);
  Batch batch;
  batch.origin = state_.identity().origin;
  batch.previous = head.chain;
  batch.deps_changed = core::difference(state_.applied().vector(), head.deps);
  batch.transactions = std::move(transactions);
  batch.signature = signer_.for_batch();
  if (!opening_sent_) {
    batch.opening =
        core::Opening{state_.identity().mesh, state_.identity().region, state_.identity().opening,
                      options_.nonce, state_.identity().previous};
  }
  return batch;
}

std::string Replica::encode(const Batch& batch) const {
  std::string bytes = core::encode_batch(batch);
  return options_.checksums ? bytes : core::without_checksum(std::move(bytes));
}

core::Result<Position> Replica::commit() {
  if (!dirty()) {
    drop_group();
    return state_.storage().last_position();
  }
  OpenGroup open = *std::move(open_);
  drop_group();
  Batch batch = make_batch(open.group.take_transactions());
  const std::string bytes = encode(batch);
  snapshots_->apply(batch, state_.applied().vector());
  advance(batch, state_.applied().vector(), bytes);
  const LogRecord record{batch.origin, batch.first(), batch.last(), bytes};
  const auto done = state_.commit({.stage = &open.group.stage(), .records = {&record, 1}});
  if (!done.ok()) return done.failure();
  opening_sent_ = true;
  wrote_ = true;
  return state_.storage().last_position();
}

void Replica::record(Commit& commit) {
  if (snapshots_) snapshots_->record(commit);
  if (!rejoin_) return;
  if (commit.swap) {
    commit.changes.push_back(rejoin_->row());
    commit.add(rejoin_->parted());
  }
  if (!rejoin_->logging() || logging_) return;
  for (const LogRecord& record : std::exchange(commit.records, {})) {
    commit.changes.push_back(rejoin_->defer(record));
  }
}

void Replica::committed(const Commit& commit) {
  if (commit.stage == nullptr && !commit.swap) return;
  ordering_ = ordering_ || commit.swap || commit.stage->leaves_orders();
  if (commit.swap) {
    aside_.forget_all();  // They are asked for again.
    for (const auto& [origin, seq] : core::VersionVector(settled_.all())) {
      if (state_.applied().vector().at(origin) != seq) unsettle(origin);
    }
  } else if (!aside_.empty()) {
    commit.stage->for_each_changed([&](const core::Path& path) { aside_.note_change(path); });
  }
  const bool reload = std::exchange(regions_touched_, false) || commit.swap;
  if (reload && exchange_) (void)load_regions();
}

core::Result<void> Replica::commit_batches(Stage& stage, std::span<const HeldBatch> batches) {
  std::vector<LogRecord> records;
  records.reserve(batches.size());
  for (const HeldBatch& held : batches) {
    records.push_back({held.batch.origin, held.batch.first(), held.batch.last(), held.bytes});
  }
  if (planted(Bug::kForgetLastRecord) && records.size() > 1) records.pop_back();
  return state_.commit({.stage = &stage, .records = records});
}

// ---- The other leaders.

void Replica::link_up(LinkId link, std::string address, Millis now, std::string region) {
  exchange_->link_up(link, std::move(address), now, std::move(region));
  if (broken()) send_nothing();
}

void Replica::link_down(LinkId link) {
  exchange_->link_down(link);
  if (broken()) send_nothing();
}

bool Replica::resume(std::string_view peer) {
  const bool known = exchange_->resume(peer);
  if (broken()) send_nothing();
  return known;
}

void Replica::send_nothing() {
  if (planted(Bug::kSendWhenBroken)) return;
  std::erase_if(effects_,
                [](const Effect& effect) { return std::holds_alternative<Send>(effect); });
}

void Replica::step(LinkId link, Message message, Millis now) {
  if (broken()) return;
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
  if (batch.value().origin == state_.identity().origin) {
    exchange_->compare_own(link, batch.value().last());
    return;  // A new incarnation will ask for it.
  }
  if (!may_come(link, *received, batch.value())) return;
  const core::Origin from = exchange_->peer(link);
  if (!exchange_->may_apply(from, batch.value(), batch.value().deps_changed)) return;
  const core::Seq applied = state_.applied().vector().at(batch.value().origin);
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
  for (const LogDamage& damage : state_.log().take_news()) {
    alarm_once(to_string(damage, region_of(damage.origin)));
    if (!damage.certain) continue;
    (void)state_.chains().keep(damage.origin, damage.first - 1);
    (void)state_.chains().keep(damage.origin, damage.last);
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
  return state_.digests().total();
}

Inspection Replica::inspect() const {
  return {{state_.storage().snapshot(), state_.applied().vector(), state_.digests().total(),
           digest().has_value()},
          names()};
}

void Replica::verify(std::vector<std::string> regions, Millis now) {
  if (!broken()) verifier_->start(std::move(regions), now);
}

Millis Replica::next_tick_ms() const {
  const Millis next = std::min(exchange_->next_tick_ms(),
                               rejoin_ ? exchange_->next_tick_ms() : keeper_.next_tick_ms());
  const auto verifying = verifier_->next_tick_ms();
  return std::min({next, verifying.value_or(next), signer_.next_ms().value_or(next)});
}

bool Replica::continues_chain(const Batch& batch) const {
  return batch.previous == state_.applied().head(batch.origin).chain || planted(Bug::kIgnoreChain);
}

core::VersionVector Replica::deps_of(const Batch& batch) const {
  core::VersionVector deps = state_.applied().head(batch.origin).deps;
  if (planted(Bug::kForgetDepsOfHead)) deps = {};
  deps.join(batch.deps_changed);
  return deps;
}

void Replica::apply_batch(Stage& stage, const HeldBatch& held, const core::VersionVector& deps) {
  const Batch& batch = held.batch;
  state_.applied().name(batch.origin, batch.opening ? batch.opening->region : "");
  rows::apply_ops(stage, batch, deps, [](const auto&...) { return true; });
  if (snapshots_) snapshots_->apply(batch, deps);
  for (const core::Transaction& txn : batch.transactions) {
    if (core::HybridClock* clock = state_.clock()) clock->observe(txn.hlc);
  }
  advance(batch, deps, held.bytes);
}

void Replica::advance(const Batch& batch, const core::VersionVector& deps, std::string_view bytes) {
  const core::ChainHash chain = core::chain_hash(bytes);
  unsettle(batch.origin);
  state_.applied().advance(batch, deps, chain);
  signer_.passed(batch.origin, batch.first());
  state_.chains().advance(batch, chain);
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
      held_.add(*std::move(held), state_.applied().vector());
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
  drop_group();
  if (broken()) return *broken();
  if (auto heeded = heed_doubt(now); !heeded.ok()) return heeded.failure();
  starved_ = false;
  const bool looked = look_ahead();
  if (broken()) return *broken();
  if (looked || held_.has_deliverable(state_.applied().vector())) {
    reserve_.look();
    const std::size_t ops_max = options_.limits.slice_ops_max * slice_scale(now);
    const auto done =
        state_.change_rows([&](Stage& stage) { return commit_slice(stage, ops_max); });
    if (!done.ok()) return done.failure();
  }
  if (signer_.active()) take(provenance_.settle(), now);
  prove_stops();
  exchange_->stand_still(starved_);
  if (starved_) return false;
  const bool more = held_.has_deliverable(state_.applied().vector()) || !aside_.empty();
  const bool planted_wait = planted(Bug::kServeByOrigin) && held_.size() > 0;
  exchange_->applied_more(now, !planted_wait && (!more || held_.bytes() < kHeldEnoughBytes));
  return more;
}

void Replica::tick(Millis now) {
  if (now >= next_tick_ms()) reserve_.look();
  if (std::string news = reserve_.news(); !news.empty()) effects_.push_back(Alarm{std::move(news)});
  if (broken()) return;
  name_damage();
  state_.log().forget_before(keeper_.segments().first());
  if (!announce().ok()) return;
  renew_standing(now);
  const auto showing = [&]() -> Showing {
    look_at_clock(now);
    return {.hlc = state_.clock()->high_water(),
            .wall_ms = state_.clock()->wall_ms(),
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
    (void)keeper_.tick(now, exchange_->peers(), waited_for);  // What fails breaks the replica.
  }
  if (beat && !broken() && !store_heard(now).ok()) return;
  if (!broken()) snapshots_->tick(now);
  hold_log();
  sign_and_pass_on(now);
}

void Replica::durable(Position position, Millis now) {
  if (broken()) return;
  exchange_->log_grew(position, now);
  state_.durable(position);
  if (state_.all_durable()) sign_and_pass_on(now);
}

void Replica::alarm_once(std::string text) {
  if (alarms_.size() >= kAlarmsMax) return;  // Whoever provokes so many has been named.
  if (alarms_.insert(text).second) effects_.push_back(Alarm{std::move(text)});
}

}  // namespace anabranch::regions
