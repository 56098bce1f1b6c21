#include "regions/replica.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/overloaded.h"
#include "core/planted_bug.h"
#include "regions/startup.h"
#include "regions/wire/reign.h"

namespace anabranch::regions {

using core::Bug;
using core::Millis;
using core::planted;

// ---- Opening.

core::Result<std::unique_ptr<Replica>> Replica::open(storage::Storage& storage,
                                                     const core::WallClock& clock,
                                                     ReplicaOptions options) {
  ANABRANCH_ASSERT(options.fresh_origin != 0 && !options.region.empty());
  std::unique_ptr<Replica> replica(new Replica(storage, std::move(options)));
  Replica& self = *replica;
  Startup startup({self.options_, self.state_, self.lost_, self.followers_, self.met_,
                   self.members_, self.exchange_, self.inbox_, self.keeper_, self.conflicts_,
                   self.time_, self.background_});
  if (auto started = startup.run(clock); !started.ok()) return started.failure();
  self.policies_.look();
  if (self.exchange_.follows() && !self.options_.follows && !self.listens_) {
    self.alarms_.notice(
        "follows, as it did before this start, although it is set to lead; `anabranch promote` "
        "has it lead");
  }
  return replica;
}

Replica::Replica(storage::Storage& storage, ReplicaOptions options)
    : options_(std::move(options)),
      state_(storage,
             {options_.limits.own_clear_rows_direct, options_.limits.foreign_clear_rows_direct}),
      lost_(state_.applied(), state_.chains()),
      members_({state_, exchange_, keeper_, inbox_, writer_,
                [this] { return background_.snapshots().receiving(); }, alarms_, effects_}),
      exchange_(state_, members_.list(), members_.settled(), effects_),
      writer_(state_, exchange_,
              {options_.nonce, options_.checksums, options_.limits.reserve_bytes}),
      policies_({state_, exchange_, writer_, alarms_}, options_.resolvers, options_.proposals),
      conflicts_(state_, options_.resolvers, options_.limits.conflicts),
      inbox_({state_, exchange_, alarms_, effects_, writer_, writer_.reserve()},
             {options_.limits.hold_bytes_max, options_.limits.clear_rows_counted_at_once,
              options_.limits.sweep.looks, options_.signatures}),
      keeper_(state_, members_.list(), members_.settled(), options_.limits.log),
      time_({state_, keeper_, members_.list(), members_.settled(), exchange_, alarms_},
            options_.drift_ms_max, options_.expiry_wait_ms),
      background_({state_, exchange_, writer_, keeper_, inbox_, time_, members_.list(),
                   members_.settled(), alarms_, effects_},
                  options_),
      presence_(exchange_, effects_) {
  members_.lead_under(options_.reign, false);
  writer_.sign_with(inbox_.proofs().signer());
  exchange_.subscriptions().set_window(options_.limits.window());
  exchange_.set_slice(options_.limits.stream_slice_bytes);
  if (options_.limits.bounded_outbox) exchange_.room().bound();
  state_.watch(members_);
  state_.watch(background_.upkeep());
  state_.join(members_);
  state_.join(policies_);
  state_.join(background_.snapshots());
  state_.join(background_.repair());  // It keeps records from the log that the keeper counts.
  state_.join(inbox_);
  state_.join(time_);
  state_.join(background_.upkeep());
  state_.join(lost_);
  state_.join(met_);
  state_.join(followers_);
  state_.join(conflicts_);  // The snapshots hand their notes over before.
  state_.join(keeper_);
}

core::Result<void> Replica::close() {
  if (committing()) (void)finish_commit();  // A failure breaks the replica.
  writer_.drop_group();
  if (broken()) return *broken();
  auto recorded = state_.make_ready();
  if (recorded.ok()) {
    state_.identity().closed = true;
    recorded = state_.commit_identity();
  }
  state_.fail({ErrorCode::kClosed, "the leader was closed"});
  return recorded;
}

// ---- The origin of its writes.

namespace {

// What was refused for a cause that may pass is left to a later tick; the rest of this one goes on.
bool ends(const core::Result<void>& done) { return !done.ok() && !done.failure().passes; }

}  // namespace

core::Result<void> Replica::announce() {
  if (!options_.announce) return {};
  if (auto announced = members_.announce(); !announced.ok()) return announced;
  // While it writes a branch again no log has its newest writes.
  return background_.repair().rejoin() == nullptr ? policies_.announce() : core::Result<void>();
}

core::Result<void> Replica::promote(Millis now) { return lead(next_role(counts_reigns()), now); }

core::Result<void> Replica::take_over(Millis now) {
  if (!members_.is_listed()) {
    return core::invalid("it is not listed as a member that may lead, so it cannot take the lead");
  }
  return lead(next_role(true), now);
}

core::Result<void> Replica::list_member(const core::Hash128& node, core::Origin origin) {
  const auto is_there = [&] { return members_.list().counts(state_.identity().region, origin); };
  if (is_there()) return {};
  members_.list_soon(node);
  auto announced = members_.announce();
  members_.list_soon({});
  if (!announced.ok() || is_there()) return announced;
  return core::invalid(
      "it cannot be listed as a member that may lead: its origin is lost, has ended, or is used by "
      "another; the list of regions is full; or another leader has a greater reign");
}

core::Result<void> Replica::take_role(const RoleRow& role, Millis now) {
  if (broken()) return *broken();
  ANABRANCH_ASSERT(role.leads || exchange_.follows());
  if (role.leads && exchange_.follows()) return lead(role, now);
  if (auto ready = state_.make_ready(); !ready.ok()) return ready;
  if (auto stored = store_role(role); !stored.ok()) return stored;
  if (!role.leads) return listens_ = false, come_to_rest();
  members_.lead_under(role.reign, role.blind);
  return announce();
}

core::Result<void> Replica::lead(const std::optional<RoleRow>& role, Millis now) {
  if (broken()) return *broken();
  if (!exchange_.follows()) return {};
  if (auto ready = state_.make_ready(); !ready.ok()) return ready;
  if (auto taken = store_role(role); !taken.ok()) return taken;
  if (role) members_.lead_under(role->reign, role->blind);
  const bool goes_on = std::exchange(listens_, false);
  const bool keeps = (goes_on || members_.is_listed()) && !planted(Bug::kRenewWhenPromoted);
  exchange_.lead();
  policies_.announce_again();
  if (planted(Bug::kKeepOriginWhenPromoted)) return {};
  if (keeps) {
    exchange_.renew(state_.identity().origin, now);
    return announce();
  }
  auto renewed = background_.incarnations().renew("it was promoted", now);
  return renewed.ok() ? announce() : renewed;  // Before it writes anything else.
}

std::optional<RoleRow> Replica::next_role(bool counts_reigns) const {
  const bool takes_reign = members_.reign() == 0 && counts_reigns;
  if (!state_.identity().role && !takes_reign) return std::nullopt;
  const std::uint64_t known = members_.known_reign();
  const std::uint64_t next = planted(Bug::kRepeatReign) ? known : next_reign(known);
  return RoleRow{.leads = true, .reign = takes_reign ? next : members_.reign(), .blind = false};
}

core::Result<void> Replica::store_role(const std::optional<RoleRow>& role) {
  Identity& self = state_.identity();
  const std::optional<RoleRow> before = self.role;
  const bool rested = self.at_rest;
  if (role) self.role = role;
  const bool leads = !role || role->leads;
  if (leads && !planted(Bug::kKeepRest)) self.at_rest = false;
  if (rested || role) {
    if (auto stored = state_.commit_identity_durably(); !stored.ok()) {
      self.role = before;
      self.at_rest = rested;
      return stored;
    }
  }
  owes_role_ = false;
  return {};
}

core::Result<void> Replica::step_down(Millis now) {
  if (broken()) return *broken();
  if (exchange_.follows()) return {};
  ANABRANCH_ASSERT(!committing());
  if (background_.repair().rejoin() != nullptr) {
    return core::invalid(
        "this leader gives way to another history of its writes: it can follow once that is done");
  }
  (void)writer_.close_group();
  members_.step_down();
  if (!planted(Bug::kGoOnWriting)) exchange_.follow();
  owes_role_ = true;
  auto stored = come_to_rest();
  if (ends(stored)) return stored;
  inbox_.sign_and_pass_on(now);
  exchange_.renew(state_.identity().origin, now);
  return {};
}

bool Replica::owes() const {
  if (background_.repair().rejoin() != nullptr) return true;
  return state_.masks()->any_tallies() && !planted(Bug::kRestOwing);
}

// What lies before it in the log survives whatever it survives.
core::Result<void> Replica::come_to_rest() {
  Identity& self = state_.identity();
  const bool rests = !self.at_rest && !owes();
  if (!exchange_.follows() || listens_ || committing() || writer_.dirty()) return {};
  if (!rests && !owes_role_) return {};
  if (auto ready = state_.make_ready(); !ready.ok()) return ready;
  if (self.role || owes_role_) {
    self.role = RoleRow{.leads = false, .reign = members_.known_reign()};
  }
  self.at_rest = self.at_rest || rests;
  auto come = owes_role_ ? state_.commit_identity_durably() : state_.commit_identity();
  if (come.ok()) owes_role_ = false;
  if (!come.ok() && rests) self.at_rest = false;
  return come;
}

core::Result<void> Replica::forget_losses() {
  (void)writer_.close_group();
  if (broken()) return *broken();
  if (auto ready = state_.make_ready(); !ready.ok()) return ready;
  lost_.forget();
  auto forgotten = state_.commit({});
  return forgotten.ok() ? state_.remove_set_aside() : forgotten;
}

core::Result<void> Replica::store() {
  (void)writer_.close_group();
  if (broken()) return *broken();
  auto ready = state_.make_ready();
  return ready.ok() ? state_.commit({}) : ready;
}

core::Result<void> Replica::store_clock() {
  (void)writer_.close_group();
  return broken() ? core::Result<void>(*broken()) : state_.commit_clock();
}

// ---- Messages.

namespace {

// Takes back the messages that the exchange wants to send: its vector may count ops that were not
// stored.
void drop_sends(Effects& effects) {
  if (planted(Bug::kSendWhenBroken)) return;
  std::erase_if(effects, [](const Effect& effect) { return std::holds_alternative<Send>(effect); });
}

}  // namespace

void Replica::link_up(LinkId link, std::string address, Millis now, std::string region) {
  exchange_.link_up(link, std::move(address), now, std::move(region));
  if (broken()) drop_sends(effects_);
}

void Replica::link_down(LinkId link) {
  exchange_.link_down(link);
  if (broken()) drop_sends(effects_);
}

bool Replica::resume(std::string_view peer) {
  const bool known = exchange_.resume(peer);
  if (broken()) drop_sends(effects_);
  return known;
}

namespace {

bool compares_rows(const Message& message) {
  return std::holds_alternative<DigestRequest>(message) ||
         std::holds_alternative<DigestResponse>(message);
}

// Names the records of the log that were found damaged, and keeps the chain hashes around them:
// others must be able to see that the histories before and behind them are the same.
void name_damage(CommittedState& state, const Peers& peers, Alarms& alarms) {
  for (const LogDamage& damage : state.log().take_news()) {
    alarms.raise_once(to_string(damage, region_of(damage.origin, state.applied(), peers)));
    if (!damage.certain) continue;
    (void)state.chains().keep(damage.origin, damage.first - 1);
    (void)state.chains().keep(damage.origin, damage.last);
  }
}

// Names the damage of the log that the opening has met, and has the rows taken again when a reader
// has met a damaged value of them.
void look_at_storage(CommittedState& state, Alarms& alarms) {
  const auto engine = state.storage().engine();
  if (engine) {
    for (const std::string& each : engine->log_damage) alarms.raise_once(each);
  }
  if (engine && engine->damaged_rows) state.damaged().take_again();
  if (!state.damaged().any()) return;
  alarms.raise_once(
      "takes all its rows again from another region, as soon as one with all of "
      "them is connected: " +
      state.damaged().why());
}

}  // namespace

// The order is policy. Damage of the log is named before anything may read from it. Rows are
// compared with every peer that has greeted, also with a region that was declared lost; nothing
// else is exchanged with that, and it is told so before any other part hears of its message. A
// heartbeat reaches the exchange last: its omitted origins are put back first, and its clocks and
// digest belong to the vector applied before it. Positions follow the subscription that they prove.
void Replica::step(LinkId link, Message message, Millis now) {
  if (broken()) return;
  name_damage(state_, exchange_.peers(), alarms_);
  if (!compares_rows(message) && members_.refuses(link, message)) return;
  if (exchange_.of_other_origin(link, message)) return;
  const Peer* const peer = exchange_.links().peer_at(link);
  const auto accepts = [&](const BatchMessage& received, const core::Batch& batch) {
    return members_.accepts(link, received, batch);
  };
  // No parameter is const: the last function would be the better match.
  std::visit(core::Overloaded{
                 [&](DigestRequest& each) { background_.verifier().step(link, each, now); },
                 [&](DigestResponse& each) { background_.verifier().step(link, each, now); },
                 [&](Refusal& each) { background_.repair().on(each); },
                 [&](Greeting& each) {
                   note_meeting(link, each);
                   exchange_.step(link, std::move(each), now);
                 },
                 [&](Heartbeat& each) {
                   exchange_.complete(link, each);
                   time_.on(link, each, now);
                   exchange_.note_round_trip(link, ClockWatch::round_trip_ms(each.echo, now));
                   background_.verifier().compare(link, each, now);
                   members_.renew_report(now);
                   members_.send_reports(link, each.reports);
                   policies_.on(link, each, now);
                   presence_.on(link, each, now);
                   exchange_.step(link, std::move(each), now);
                 },
                 [&](RegionReport& each) { members_.on(link, std::move(each)); },
                 [&](SnapshotRequest& each) {
                   if (peer != nullptr) background_.snapshots().on(*peer, each, now);
                   keeper_.hold("snapshots", background_.snapshots().pinned());
                 },
                 [&](SnapshotChunk& each) {
                   if (peer != nullptr) background_.snapshots().on(*peer, std::move(each), now);
                   exchange_.ask_waiting(now);
                 },
                 [&](SnapshotRefusal& each) {
                   if (peer != nullptr) background_.snapshots().on(*peer, each, now);
                 },
                 [&](Presence& each) { presence_.on(link, std::move(each), now); },
                 [&](SignedPosition& each) { inbox_.on(link, each, now); },
                 [&](Subscribe& each) {
                   const core::VersionVector wanted =
                       inbox_.proofs().signer().active() ? each.from : core::VersionVector();
                   exchange_.step(link, std::move(each), now);
                   inbox_.proofs().send_positions(link, wanted, now);
                 },
                 [&](BatchMessage& each) { inbox_.receive(link, std::move(each), now, accepts); },
                 [&](auto& each) { exchange_.step(link, std::move(each), now); },
             },
             message);
}

void Replica::part_came(LinkId link, bool all, Millis now) {
  if (broken()) return;
  exchange_.part_came(link, all, now);
  const Peer* const peer = exchange_.links().peer_at(link);
  if (peer != nullptr) background_.snapshots().part_came(*peer, now);
}

// Also one that is refused as this leader itself, or as one of too many.
void Replica::note_meeting(LinkId link, const Greeting& greeting) {
  const Link* const found = exchange_.links().find(link);
  if (found == nullptr || greeting.mesh != state_.identity().mesh) return;
  if (greeting.protocol != Greeting::kProtocol) return;
  if (!found->region.empty() && greeting.region != found->region) return;
  met_.see(found->address, greeting.region);
}

void Replica::publish(std::string channel, std::string body, Millis held_ms, Millis now) {
  if (!broken()) presence_.publish(std::move(channel), std::move(body), held_ms, now);
}

// ---- Work.

core::Result<bool> Replica::apply(Millis now) {
  const GroupClosed closed = writer_.close_group();
  if (broken()) return *broken();
  auto heeded = background_.incarnations().handle_origin_conflict(now);
  if (!heeded.ok()) return heeded;
  if (heeded.value()) {  // Before it writes anything else, so that the list knows each that wrote.
    if (auto announced = announce(); !announced.ok()) return announced.failure();
  }
  auto ready = inbox_.count_deferred_clears();
  if (!ready.ok()) return ready;
  if (ready.value()) {
    const std::size_t scale = writer_.slice_scale(now);
    const auto done = inbox_.apply(closed, options_.limits.slice_ops_max * scale);
    if (!done.ok()) return done.failure();
  }
  inbox_.proofs().take_proven(now);
  inbox_.proofs().prove_stops();
  exchange_.subscriptions().pause_requests(inbox_.out_of_space());
  if (inbox_.out_of_space()) return false;
  exchange_.applied_more(now, !inbox_.has_enough(),
                         [this](core::Origin origin) { return inbox_.waits_for_others(origin); });
  return inbox_.has_more();
}

Millis Replica::next_tick_ms() const {
  Millis next = exchange_.next_tick_ms();
  if (background_.repair().rejoin() == nullptr) next = std::min(next, keeper_.next_tick_ms());
  const auto verifying = background_.verifier().next_tick_ms();
  const auto signing = inbox_.proofs().signer().next_ms();
  return std::min({next, verifying.value_or(next), signing.value_or(next)});
}

// A small commit may fit where a larger one is refused again and again.
void Replica::try_again(Millis now) {
  if (state_.refused() && !committing() && !writer_.dirty()) (void)state_.make_ready();
  if (std::exchange(refusals_, state_.refusals()) != state_.refusals()) {
    refused_ms_ = now;
    if (std::exchange(refusing_, true)) return;
    alarms_.raise(
        "nothing can be written for now, and nothing is lost by that; it is tried again: " +
        state_.last_refusal());
  } else if (refusing_ && !state_.refused() && now - refused_ms_ >= kRefusingMs) {
    refusing_ = false;
    if (!broken()) alarms_.notice("can write again");
  }
}

void Replica::tick(Millis now) {
  const bool due = now >= next_tick_ms();
  if (due) writer_.look_at_room();
  if (std::string news = writer_.reserve().news(); !news.empty()) alarms_.raise(std::move(news));
  try_again(now);
  if (broken()) return;
  if (due && !writer_.reserve().full()) state_.flush_if_idle(now);
  name_damage(state_, exchange_.peers(), alarms_);
  for (std::string& news : lost_.take_news()) alarms_.raise(std::move(news));
  state_.log().forget_before(keeper_.segments().first());
  if (ends(announce()) || ends(come_to_rest())) return;
  members_.renew_report(now);
  const bool beat = exchange_.tick(now, [&] {
    HeartbeatState heartbeat_state = time_.heartbeat_state(now);
    heartbeat_state.digest = state_.digest();
    heartbeat_state.reports = keeper_.reports().numbers();
    heartbeat_state.rules = policies_.rules();
    return heartbeat_state;
  });
  if (beat) {
    followers_.look(exchange_.peers(), state_.identity().region);
    look_at_storage(state_, alarms_);
    presence_.tick();
    time_.raise_alarms(now);
    inbox_.proofs().raise_alarms(now);
    inbox_.proofs().ask_for_missing(now);
  }
  background_.verifier().tick(now);
  if (background_.repair().is_lost()) {
    const auto closed = writer_.try_close_group();
    if (closed && ends(background_.repair().rejoin_if_declared_lost(*closed, now))) return;
  }
  const auto waited_for = [&](const std::string& region) {
    return members_.list().retirement(region) == Retirement::kNone;
  };
  if (background_.repair().rejoin() == nullptr) {
    (void)keeper_.tick(now, exchange_, waited_for);  // A failure breaks the replica.
  }
  if (beat && !broken() && ends(time_.store(now))) return;
  if (!broken() && ends(conflicts_.tick(now))) return;
  if (!broken()) background_.snapshots().tick(now);
  keeper_.hold("snapshots", background_.snapshots().pinned());
  inbox_.sign_and_pass_on(now);
}

void Replica::durable(storage::Position position, Millis now) {
  if (broken()) return;
  exchange_.log_grew(position, now);
  state_.durable(position);
  if (state_.all_durable()) inbox_.sign_and_pass_on(now);
}

}  // namespace anabranch::regions
