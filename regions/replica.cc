#include "regions/replica.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/checksum.h"
#include "core/mark.h"
#include "core/planted_bug.h"
#include "regions/state/incarnation.h"

namespace anabranch::regions {

using core::Bug;
using core::mark;
using core::Millis;
using core::planted;

// ---- Opening.

core::Result<std::unique_ptr<Replica>> Replica::open(storage::Storage& storage,
                                                     const core::WallClock& clock,
                                                     ReplicaOptions options) {
  ANABRANCH_ASSERT(options.fresh_origin != 0 && !options.region.empty());
  std::unique_ptr<Replica> replica(new Replica(storage, std::move(options)));
  if (auto started = replica->start(clock); !started.ok()) return started.failure();
  return replica;
}

Replica::Replica(storage::Storage& storage, ReplicaOptions options)
    : options_(std::move(options)),
      state_(storage,
             {options_.limits.own_clear_rows_direct, options_.limits.foreign_clear_rows_direct}),
      members_({state_, exchange_, keeper_, inbox_, writer_, snapshots_, alarms_, effects_}),
      exchange_(state_.applied(), state_.chains(), members_.settled(), state_.log(), effects_),
      writer_(state_, exchange_,
              {options_.nonce, options_.checksums, options_.limits.reserve_bytes}),
      inbox_({state_, exchange_, alarms_, effects_, writer_, writer_.reserve()},
             {options_.limits.hold_bytes_max, options_.limits.clear_rows_counted_at_once,
              options_.limits.sweep.looks, options_.signatures}),
      keeper_(state_, members_.list(), members_.settled(), options_.limits.log),
      snapshots_({state_, exchange_, effects_,
                  [this](const core::Path& path, crdt::Row& row) {
                    upkeep_.note_dead(path, row);
                    state_.note_expiry(path);
                  }},
                 options_.limits.snapshots, options_.nonce),
      time_({state_, keeper_, members_.list(), members_.settled(), exchange_, alarms_},
            options_.drift_ms_max, options_.expiry_wait_ms),
      upkeep_(state_, writer_, options_.limits.sweep),
      incarnations_(state_, alarms_,
                    {options_.fresh_origin, options_.nonce, options_.random_origin}),
      repair_({state_, exchange_, keeper_, snapshots_, inbox_, time_, members_.list(),
               members_.settled(), incarnations_, alarms_},
              options_.limits.rejoin),
      verifier_(exchange_, effects_, options_.nonce, [this] { return inspect(); }) {
  writer_.sign_with(inbox_.proofs().signer());
  exchange_.subscriptions().set_window(options_.limits.window());
  state_.watch(members_);
  state_.watch(upkeep_);
  state_.join(members_);
  state_.join(snapshots_);
  state_.join(repair_);  // It keeps records from the log that the keeper counts.
  state_.join(inbox_);
  state_.join(time_);
  state_.join(upkeep_);
  state_.join(keeper_);
}

core::Result<void> Replica::start(const core::WallClock& clock) {
  bool loaded = false;
  const auto load_once = [&]() -> core::Result<void> {
    return std::exchange(loaded, true) ? core::Result<void>() : load();
  };
  auto opened = state_.open_storage([&](const storage::StoredRecord& record) {
    auto ready = load_once();
    return ready.ok() ? recover(record) : ready;
  });
  if (!opened.ok()) return opened;
  if (auto ready = load_once(); !ready.ok()) return ready;
  if (auto kept = keeper_.load(); !kept.ok()) return kept;
  if (auto ordered = state_.open_scores(); !ordered.ok()) return ordered;
  if (auto recorded = record_opening(); !recorded.ok()) return recorded;
  start_clock(clock);
  const Identity& self = state_.identity();
  exchange_.begin({self.mesh, self.region, self.origin, options_.nonce, options_.follows});
  if (auto listed = members_.load_list(); !listed.ok()) return listed;
  if (auto resumed = repair_.resume(); !resumed.ok()) return resumed;
  state_.applied().vector_board().announce(state_.applied().vector());
  return {};
}

core::Result<void> Replica::load() {
  const auto found = state_.load();
  if (!found.ok()) return found.failure();
  Identity& identity = state_.identity();
  if (!found.value()) {
    identity = {.mesh = options_.mesh, .region = options_.region, .origin = incarnations_.fresh()};
    return state_.load_scores(options_.resolvers, options_.nonce);
  }
  if (identity.region != options_.region) {
    return core::invalid("the data belongs to region " + identity.region + ", not to " +
                         options_.region);
  }
  if (identity.mesh != options_.mesh) return core::invalid("the data belongs to another mesh");
  const auto snapshot = state_.storage().snapshot();
  if (auto loaded = time_.load(*snapshot); !loaded.ok()) return loaded;
  if (auto loaded = inbox_.proofs().load(*snapshot); !loaded.ok()) return loaded;
  if (auto loaded = members_.load(*snapshot); !loaded.ok()) return loaded;
  return state_.load_scores(options_.resolvers, options_.nonce);
}

core::Result<void> Replica::recover(const storage::StoredRecord& record) {
  auto batch = core::decode_batch(record.bytes);
  if (!batch.ok()) return batch.failure();
  return state_.change_rows([&](rows::Stage& stage) {
    state_.apply(stage, batch.value(), record.bytes, state_.deps_of(batch.value()));
    return state_.commit({.stage = &stage});
  });
}

core::Result<void> Replica::record_opening() {
  Identity& identity = state_.identity();
  storage::Place here = state_.storage().place();
  if (identity.opening > 0) {
    auto why = why_new_origin(identity, here);
    if (options_.new_origin) why = "the operator wants it";
    if (why && !planted(Bug::kReuseOrigin)) incarnations_.begin(*std::move(why));
  }
  identity.place = std::move(here);
  identity.closed = false;
  ++identity.opening;
  auto expiries = state_.load_expiries();
  return expiries.ok() ? state_.commit_identity(std::move(expiries).value()) : expiries.failure();
}

void Replica::start_clock(const core::WallClock& clock) {
  const core::Hlc head = state_.applied().head(state_.identity().origin).hlc;
  core::Hlc newest = std::max(state_.stored_clock(), head);
  // A new incarnation need not go on from timestamps of a clock that was wrong.
  const bool ahead = newest.millis() - clock.now_ms() > options_.drift_ms_max;
  if ((options_.new_origin && ahead) || planted(Bug::kForgetHlc)) newest = {};
  state_.start_clock(clock, newest, options_.drift_ms_max);
  time_.open();
}

core::Result<void> Replica::close() {
  writer_.drop_group();
  if (broken()) return *broken();
  state_.identity().closed = true;
  auto recorded = state_.commit_identity();
  state_.fail({ErrorCode::kClosed, "the leader was closed"});
  return recorded;
}

// ---- Under which origin it writes.

core::Result<void> Replica::announce() {
  return options_.announce ? members_.announce() : core::Result<void>();
}

core::Result<void> Replica::go_on_as_new(std::string why, Millis now) {
  auto recorded = incarnations_.begin_and_record(std::move(why));
  if (!recorded.ok()) return recorded;
  exchange_.renew(state_.identity().origin, now);
  return announce();  // Before it writes anything else, so that the list knows each that wrote.
}

core::Result<void> Replica::heed_doubt(Millis now) {
  if (exchange_.doubt().empty()) return {};
  if (incarnations_.may_begin()) return go_on_as_new(exchange_.doubt(), now);
  alarms_.raise_once("peers deny every new origin; the last one is kept: " + exchange_.doubt());
  exchange_.forget_doubt();
  return {};
}

core::Result<void> Replica::promote(Millis now) {
  if (broken()) return *broken();
  if (!follows()) return {};
  exchange_.lead();
  if (planted(Bug::kKeepOriginWhenPromoted)) return {};
  return go_on_as_new("it was promoted", now);
}

core::Result<void> Replica::store_clock() {
  (void)writer_.close_group();
  return broken() ? core::Result<void>(*broken()) : state_.commit_clock();
}

// ---- Messages.

void Replica::link_up(LinkId link, std::string address, Millis now, std::string region) {
  exchange_.link_up(link, std::move(address), now, std::move(region));
  if (broken()) send_nothing();
}

void Replica::link_down(LinkId link) {
  exchange_.link_down(link);
  if (broken()) send_nothing();
}

bool Replica::resume(std::string_view peer) {
  const bool known = exchange_.resume(peer);
  if (broken()) send_nothing();
  return known;
}

void Replica::send_nothing() {
  if (planted(Bug::kSendWhenBroken)) return;
  std::erase_if(effects_,
                [](const Effect& effect) { return std::holds_alternative<Send>(effect); });
}

namespace {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <typename... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

bool compares_rows(const Message& message) {
  return std::holds_alternative<Question>(message) || std::holds_alternative<Answer>(message);
}

}  // namespace

// The order is policy. Damage of the log is named before anything may read from it. Rows are
// compared with every peer that has greeted, also with a region that was declared lost; nothing
// else is exchanged with that, and it is told so before any other part hears of its message. A
// heartbeat reaches the exchange last: what it has left out is put back first, and its clocks and
// digest belong to what was applied before it. Positions follow the subscription that they prove.
void Replica::step(LinkId link, Message message, Millis now) {
  if (broken()) return;
  name_damage();
  if (!compares_rows(message) && members_.refuses(link, message)) return;
  const Peer* const peer = exchange_.links().peer_at(link);
  // No parameter is const: the last function would be the better match.
  std::visit(Overloaded{
                 [&](Question& each) { verifier_.step(link, each, now); },
                 [&](Answer& each) { verifier_.step(link, each, now); },
                 [&](Refusal& each) { repair_.on(each); },
                 [&](Heartbeat& each) { on(link, std::move(each), now); },
                 [&](Standing& each) { members_.on(link, std::move(each)); },
                 [&](SnapshotRequest& each) {
                   if (peer != nullptr) snapshots_.on(*peer, each, now);
                   hold_log(keeper_, snapshots_);
                 },
                 [&](SnapshotChunk& each) {
                   if (peer != nullptr) snapshots_.on(*peer, std::move(each), now);
                 },
                 [&](SnapshotRefusal& each) {
                   if (peer != nullptr) snapshots_.on(*peer, each, now);
                 },
                 [&](SignedPosition& each) {
                   if (inbox_.proofs().on(link, each, now)) keep_signatures(now);
                 },
                 [&](Subscribe& each) {
                   const core::VersionVector wanted =
                       inbox_.proofs().signer().active() ? each.from : core::VersionVector();
                   exchange_.step(link, std::move(each), now);
                   inbox_.proofs().send_positions(link, wanted);
                 },
                 [&](BatchMessage& each) { receive(link, std::move(each), now); },
                 [&](auto& each) { exchange_.step(link, std::move(each), now); },
             },
             message);
}

void Replica::on(LinkId link, Heartbeat heartbeat, Millis now) {
  exchange_.complete(link, heartbeat);
  time_.on(link, heartbeat, now);
  compare(link, heartbeat);
  members_.renew_standing(now);
  members_.send_standings(link, heartbeat.standings);
  exchange_.step(link, std::move(heartbeat), now);
}

void Replica::compare(LinkId link, const Heartbeat& heartbeat) {
  const std::string region = exchange_.links().region(link);
  const bool same = heartbeat.applied == state_.applied().vector();
  if (region.empty() || !same || exchange_.joining()) return;
  const bool one_history =
      heartbeat.chains.empty() || heartbeat.chains == state_.applied().chains();
  if (!one_history || planted(Bug::kIgnoreDigests)) return;
  auto alarm = divergence_.compare(region, heartbeat.digest, digest());
  if (alarm) alarms_.raise(*std::move(alarm));
}

void Replica::receive(LinkId link, BatchMessage message, Millis now) {
  auto received = exchange_.step(link, std::move(message), now);
  if (!received) return;
  auto decoded = core::decode_batch(received->bytes);
  if (!decoded.ok()) return refuse(link, *received);
  core::Batch batch = std::move(decoded).value();
  if (batch.origin == state_.identity().origin) {
    exchange_.compare_own(link, batch.last());
    return;  // A new incarnation will ask for it.
  }
  if (!members_.accepts(link, *received, batch)) return;
  const core::Origin from = exchange_.links().peer(link);
  if (!exchange_.may_apply(from, batch, batch.deps_changed)) return;
  const core::Seq applied = state_.applied().vector().at(batch.origin);
  if (batch.first() <= applied && applied < batch.last()) {
    exchange_.forked(from, batch.origin, batch.last());
    return;
  }
  inbox_.on(link, *std::move(received), std::move(batch), now);
}

void Replica::refuse(LinkId link, const BatchMessage& received) {
  const bool well_formed = core::decode_batch(core::without_checksum(received.bytes)).ok();
  if (!well_formed) return reject(link);
  mark<"a damaged batch arrives">();
  alarms_.raise_once(
      "region " + exchange_.links().region(link) +
      " has sent a batch whose checksum is wrong; it is not taken: what it lacks comes by a "
      "snapshot, or from others; have the memory of both machines and the disk of that one "
      "looked at");
  exchange_.subscriptions().distrust_log(link);
}

void Replica::name_damage() {
  for (const LogDamage& damage : state_.log().take_news()) {
    alarms_.raise_once(
        to_string(damage, region_of(damage.origin, state_.applied(), exchange_.peers())));
    if (!damage.certain) continue;
    (void)state_.chains().keep(damage.origin, damage.first - 1);
    (void)state_.chains().keep(damage.origin, damage.last);
  }
}

// ---- Comparing rows.

std::optional<core::Hash128> Replica::digest() const {
  if (sweeping()) return std::nullopt;  // Rows are still stored that others do not have.
  return digests().total();
}

Inspection Replica::inspect() const {
  return {
      {state_.storage().snapshot(), applied().vector(), digests().total(), digest().has_value()},
      names()};
}

void Replica::verify(std::vector<std::string> regions, Millis now) {
  if (!broken()) verifier_.start(std::move(regions), now);
}

// ---- Work.

core::Result<bool> Replica::apply(Millis now) {
  const GroupClosed closed = writer_.close_group();
  if (broken()) return *broken();
  if (auto heeded = heed_doubt(now); !heeded.ok()) return heeded.failure();
  const auto ready = inbox_.look_ahead();
  if (!ready.ok()) return ready;
  if (ready.value()) {
    const std::size_t scale = writer_.slice_scale(now);
    const auto done = inbox_.apply(closed, options_.limits.slice_ops_max * scale);
    if (!done.ok()) return done.failure();
  }
  inbox_.proofs().settle(now);
  inbox_.proofs().prove_stops();
  exchange_.subscriptions().stand_still(inbox_.starved());
  if (inbox_.starved()) return false;
  exchange_.applied_more(now, !inbox_.has_enough());
  return inbox_.has_more();
}

core::Result<bool> Replica::work(Millis now) {
  const GroupClosed closed = writer_.close_group();
  if (broken()) return *broken();
  if (repair_.logging()) return repair_.log_slice(closed, now);
  const std::size_t scale = writer_.slice_scale(now);
  const auto more = state_.reading([&] { return snapshots_.work(now, scale); });
  if (!more.ok()) return state_.fail(more.failure());
  if (auto ended = repair_.give_up(closed, now); !ended.ok()) state_.fail(ended.failure());
  return more;
}

void Replica::ask_for_snapshot(core::Origin peer, Millis now) {
  if (!broken()) snapshots_.ask(peer, now);
}

Millis Replica::next_tick_ms() const {
  Millis next = exchange_.next_tick_ms();
  if (repair_.rejoin() == nullptr) next = std::min(next, keeper_.next_tick_ms());
  const auto verifying = verifier_.next_tick_ms();
  const auto signing = inbox_.proofs().signer().next_ms();
  return std::min({next, verifying.value_or(next), signing.value_or(next)});
}

Showing Replica::showing(Millis now) {
  time_.look(now);
  return {.hlc = state_.clock()->high_water(),
          .wall_ms = state_.clock()->wall_ms(),
          .digest = digest(),
          .standings = keeper_.standings().numbers(),
          .clocks = time_.shown(now),
          .heard = time_.words(now)};
}

void Replica::tick(Millis now) {
  Reserve& reserve = writer_.reserve();
  if (now >= next_tick_ms()) reserve.look();
  if (std::string news = reserve.news(); !news.empty()) alarms_.raise(std::move(news));
  if (broken()) return;
  name_damage();
  state_.log().forget_before(keeper_.segments().first());
  if (!announce().ok()) return;
  members_.renew_standing(now);
  const bool beat = exchange_.tick(now, [&] { return showing(now); });
  if (beat) {
    time_.complain(now);
    inbox_.proofs().complain(now);
  }
  verifier_.tick(now);
  if (repair_.is_lost() && !dirty()) {
    if (!repair_.heed_loss(writer_.close_group(), now).ok()) return;
  }
  const auto waited_for = [&](const std::string& region) {
    return regions().retirement(region) == Retirement::kNone;
  };
  if (repair_.rejoin() == nullptr) {
    (void)keeper_.tick(now, exchange_.peers(), waited_for);  // What fails breaks the replica.
  }
  if (beat && !broken() && !time_.store(now).ok()) return;
  if (!broken()) snapshots_.tick(now);
  hold_log(keeper_, snapshots_);
  sign_and_pass_on(now);
}

void Replica::durable(storage::Position position, Millis now) {
  if (broken()) return;
  exchange_.log_grew(position, now);
  state_.durable(position);
  if (all_durable()) sign_and_pass_on(now);
}

void Replica::sign_and_pass_on(Millis now) {
  inbox_.proofs().sign_and_pass_on(now);
  keep_signatures(now);
}

void Replica::keep_signatures(Millis now) {
  if (broken() || exchange_.joining() || !inbox_.proofs().wants_keeping(now)) return;
  if (dirty() || reserve().full()) return;
  (void)inbox_.proofs().keep(writer_.close_group(), now);  // What fails breaks the replica.
}

}  // namespace anabranch::regions
