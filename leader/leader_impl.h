// The parts of a leader, and its turns, for leader.cc alone.
#pragma once

#include "leader/leader.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/hash.h"
#include "core/log.h"
#include "core/wall_clock.h"
#include "leader/backup/backups.h"
#include "leader/commit_times.h"
#include "leader/effect_outlet.h"
#include "leader/health/act_lines.h"
#include "leader/health/footprint.h"
#include "leader/health/lag.h"
#include "leader/health/read_age.h"
#include "leader/health/warnings.h"
#include "leader/hook_outside.h"
#include "leader/leader_status.h"
#include "leader/link_log.h"
#include "leader/link_options.h"
#include "leader/link_places.h"
#include "leader/members/handover.h"
#include "leader/members/holders.h"
#include "leader/members/members.h"
#include "leader/members/own_card.h"
#include "leader/members/promotion.h"
#include "leader/pace/beside_writes.h"
#include "leader/pace/machine.h"
#include "leader/pace/pacer.h"
#include "leader/pace/taken_events.h"
#include "leader/pace/turn_size.h"
#include "leader/recent_commits.h"
#include "leader/region_keys.h"
#include "leader/replica_options.h"
#include "leader/replication_progress.h"
#include "leader/scopes/group_scope.h"
#include "leader/scrub/scrubs.h"
#include "leader/storage_options.h"
#include "leader/sweeps/sweeps.h"
#include "regions/replica.h"
#include "rows/resolvers.h"
#include "storage/reader_share.h"
#include "transport/zmq/zmq_transport.h"

namespace anabranch::leader {

using regions::Replica;

class Leader::Impl {
 public:
  Impl(Options options, std::unique_ptr<storage::WholeStorage> storage)
      : options_(std::move(options)),
        resolvers_(options_.resolvers, options_.functions,
                   outside_of_hooks(options_.region, steady_us), random_number()),
        storage_(std::move(storage)),
        backups_(*storage_, {options_.region, options_.path, reserve_bytes(options_)}),
        link_log_(options_.region),
        lag_(options_.region, options_.lag_alarm_ms),
        read_age_(options_.region, options_.read_ms_max),
        beside_writes_(options_.region, options_.lag_slow_ms) {}

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    if (replica_ && !replica_->broken()) close();
  }

  core::Result<void> start() {
    if (auto loaded = keys_.load(options_); !loaded.ok()) return loaded;
    const regions::ReplicaOptions opening = replica_options(options_, resolvers_, keys_);
    auto replica = Replica::open(*storage_, clock_, opening);
    if (!replica.ok()) return replica.failure();
    replica_ = std::move(replica).value();
    for (const std::string& lost : replica_->lost().sentences()) {
      core::log_error(options_.region, lost);
    }
    auto announced = replica_->announce();
    if (!announced.ok() && !announced.failure().passes) return announced;
    scope_.emplace(*replica_, resolvers_, options_);
    sweeps_.emplace(*replica_, *storage_, resolvers_, options_);
    auto transport = transport::open_zmq_transport(link_options(options_, keys_.keys()));
    if (!transport.ok()) return transport.failure();
    transport_ = std::move(transport).value();
    members_ = std::make_unique<Members>(
        Members::Opening{options_, *replica_, opening.nonce, keys_.keys()}, *transport_);
    handover_.emplace(*replica_, *members_);
    promotion_.emplace(*replica_, *members_);
    scrubs_.emplace(*storage_, replica_->state().log(),
                    Scrubs::Owner{options_.region, options_.path, options_.scrub_ms});
    return {};
  }

  GroupScope& scope() { return *scope_; }
  const Replica& replica() const { return *replica_; }
  // The replica, to be changed outside of a turn: the next turn does all its work.
  Replica& act() {
    ANABRANCH_ASSERT(!committing());
    stirred_ = true;
    return *replica_;
  }
  transport::Transport& transport() { return *transport_; }
  Members& members() { return *members_; }
  const Holders& look_at_holders() {
    // The start has refused peers that cannot be parsed.
    const auto find = [this] {
      auto names = region_names(*replica_, options_.peers);
      return names.ok() ? std::move(names).value() : RegionNames();
    };
    holders_.look(
        *replica_, [this] { return members_->known(); }, find, steady_ms());
    return holders_;
  }
  Salvage& salvage() { return stirred_ = true, sweeps_->salvage(); }
  // Calls function(rows, names) with the newest committed state.
  template <typename Function>
  void read(const Function& function, storage::ReaderShare share) const {
    const rows::Names& names = replica_->names();
    const auto newest = [&] {
      const storage::TakesPlacesOf places(share);
      return rows::SnapshotReader::newest(*storage_, names);
    };
    function(newest(), names);
  }
  // The same, with all that is applied in it.
  void read_applied(
      const std::function<void(const View&, const core::VersionVector&)>& function) const {
    const rows::Names& names = replica_->names();
    const auto rows = rows::SnapshotReader::newest(*storage_, names);
    const auto applied = regions::Applied::load(rows.snapshot());
    if (!applied.ok()) applied.failure().raise();
    function(View(rows, names, resolvers_), applied.value().vector());
  }
  const rows::Resolvers& resolvers() const { return resolvers_; }
  Backups& backups() { return backups_; }
  storage::Storage& storage() const { return *storage_; }
  const Options& options() const { return options_; }

  core::Result<void> commit() {
    const Members::Inside inside(*members_);
    if (auto finished = finish_commit(); !finished.ok()) return finished;
    if (!replica_->writer().dirty()) {
      (void)replica_->commit();
      return {};
    }
    commit_begun_ = steady_now();
    const bool is_large = replica_->writer().large();
    const auto position = act().commit();
    if (is_large) turn_size_.expect_long(steady_now());
    return committed(position.ok() ? core::Result<void>() : position.failure());
  }

  core::Result<bool> begin_commit() {
    const Members::Inside inside(*members_);
    if (!replica_->writer().dirty()) {
      (void)replica_->commit();
      return false;
    }
    commit_begun_ = steady_now();
    auto begun = act().begin_commit();
    if (begun.ok() && begun.value()) return members_->enter(), begun;
    auto done = committed(begun.ok() ? replica_->finish_commit() : begun.failure());
    return done.ok() ? core::Result<bool>(false) : done.failure();
  }
  core::Result<void> finish_commit() {
    if (!committing()) return {};
    auto done = replica_->finish_commit();
    members_->leave();
    return committed(std::move(done));
  }
  bool committing() const { return replica_->committing(); }

  core::Result<void> sync() {
    const Members::Inside inside(*members_);
    auto synced = storage_->sync_all();
    if (!synced.ok()) return log_failure(synced.failure()), synced;
    replica_->durable(may_be_sent(), steady_ms());
    return {};
  }

  std::chrono::milliseconds turn() {
    ANABRANCH_ASSERT(!replica_->writer().dirty() && !committing());
    members_->beat();
    const core::Millis now = steady_ms();
    const bool any = events_.take(*transport_);
    // Clients that only read have woken this thread: the turn is the same as if it had slept on.
    const bool urgent = members_->take_urgent();
    const bool stirred = std::exchange(stirred_, false) || any || urgent;
    if (!stirred && now < next_turn_ms_) return std::chrono::milliseconds(next_turn_ms_ - now);
    const Members::Inside inside(*members_);
    const Pacer::Time begun = steady_now();
    const bool waiting =
        events_.hand_over([&](transport::Event& event) { take(event, now); }, steady_now);
    const bool works = !leaves() && beside_writes_.due(steady_now());
    const bool working = works && slice(now);
    const bool more = waiting || working;
    replica_->durable(may_be_sent(), now);
    replica_->tick(now);
    collect(now);
    look_around(now);
    if (members_->looks(now)) look_at_members(now);
    if (handover_->is_due()) hand_over(now);
    carry_out();
    const std::chrono::milliseconds rest = more ? std::chrono::milliseconds(0) : until_due(now);
    next_turn_ms_ = now + rest.count();
    turn_size_.took(begun, steady_now());
    return rest;
  }

  bool turn_is_long() {
    const bool any = events_.take(*transport_);
    const Pacer::Time now = steady_now();
    const std::size_t held = beside_writes_.due(now) ? replica_->inbox().bytes() : 0;
    const TurnSize::Look look = turn_size_.look(events_.waiting(), held, now);
    const bool is_long =
        look.large || replica_->state().begins_file(look.stored) || sweeps_->salvage().runs();
    return is_long && (stirred_ || any || steady_ms() >= next_turn_ms_);
  }

  void publish(std::string channel, std::string body, core::Millis published_ms) {
    const core::Millis now = steady_ms();
    replica_->publish(std::move(channel), std::move(body), now - published_ms, now);
    carry_out();
  }

  void hear(OnPresence function) { outlet_.hear(std::move(function)); }

  bool pause(std::string_view peer) {
    const bool known = act().pause(peer);
    if (known) log_paused(options_.region, peer);
    return known;
  }

  bool resume(std::string_view peer) {
    const bool known = act().resume(peer);
    if (known) log_resumed(options_.region, peer);
    carry_out();
    return known;
  }

  core::Result<void> reload_keys() {
    stirred_ = true;
    auto reloaded = keys_.reload(options_, *transport_);
    if (reloaded.ok()) members_->use(keys_.keys());
    return reloaded;
  }

  core::Result<void> begin_handover(std::string_view member) {
    if (salvage().runs()) {
      return core::invalid("this leader writes again what its log has lost: try again behind that");
    }
    if (auto synced = sync(); !synced.ok()) return synced;
    const core::Millis now = steady_ms();
    look_at_members(now);
    (void)act();
    auto begun = promotion_->is_on() ? promotion_->hand_over(member, health(now), now)
                                     : handover_->begin(member, now);
    look_at_members(now);
    carry_out();
    return begun;
  }
  std::uint64_t member_looks() const { return member_looks_; }
  bool chooses() const { return promotion_->is_on(); }
  // Where the files of the directory are gone an opening would begin with an empty one. A storage
  // that is only closed says so behind its look at them.
  std::string why_open_anew() {
    const auto& broken = replica_->broken();
    if (!broken || !chooses()) return {};
    const bool stays = broken->code == ErrorCode::kCorrupt || broken->code == ErrorCode::kBusy;
    if (stays) return {};  // Its rows are damaged, or a copy of it writes under its origins.
    const auto there = storage_->check_place();
    const bool is_there = there.ok() || there.failure().code == ErrorCode::kClosed;
    return is_there ? broken->message : std::string();
  }
  bool hand_over_to_stop() {
    const bool may = chooses() && !replica_->exchange().follows() && !replica_->broken();
    return may && begin_handover({}).ok();
  }
  const HandoverStatus& handover() const {
    return promotion_->is_on() ? promotion_->status() : handover_->status();
  }
  core::Result<void> promote() {
    const core::Millis now = steady_ms();
    (void)act();
    auto promoted =
        promotion_->is_on() ? promotion_->promote(health(now), now) : replica_->promote(now);
    if (promoted.ok()) log_promoted(options_.region);
    look_at_members(now);
    carry_out();
    return promoted;
  }

  core::Result<void> forget_losses() {
    const bool any = !replica_->lost().all().empty();
    auto forgotten = act().forget_losses();
    if (any && replica_->lost().all().empty()) log_forgotten(options_.region);
    salvage().files_changed();
    carry_out();
    return forgotten;
  }

  core::Result<void> retire(std::string_view region, regions::Retirement what) {
    auto staged = act().retire(region, what);
    if (staged.ok()) log_retired(options_.region, region, what);
    return staged;
  }
  core::Result<void> lose(std::string_view region, std::string_view part) {
    return members_->lose(act(), region, part);
  }

  core::Result<void> resolve_fork(core::Origin origin, bool adopt) {
    auto begun = act().background().resolve_fork(origin, adopt, steady_ms());
    carry_out();
    return begun;
  }

  core::Result<void> verify(std::vector<std::string> regions) {
    auto begun = act().background().verify(std::move(regions), steady_ms());
    carry_out();
    return begun;
  }

  ReadLimit read_limit() const {
    if (options_.read_ms_max == 0) return {};
    return {options_.read_ms_max,
            [until = steady_ms() + options_.read_ms_max] { return steady_ms() > until; }};
  }

  LogSource log_source() const {
    const regions::Identity& identity = replica_->identity();
    return {*storage_, replica_->state().log(), replica_->names(), identity.region, identity.mesh};
  }

  StoreStatus status() const {
    StoreStatus status = leader_status(*replica_, options_, *storage_, *transport_, link_log_, lag_,
                                       resolvers_, steady_ms());
    sweeps_->tell(status);
    status.statistics = statistics();
    status.draining = scope_->writer().draining();
    status.backup = backups_.status(options_.backup_alarm_ms);
    status.scrub = scrubs_->status();
    beside_writes_.tell(status);
    status.read_ms = read_age_.age_ms();
    status.read_too_long = read_age_.alarms();
    status.warnings = warnings_in(status, lag_.alarms());
    members_->tell(status);
    return status;
  }

  Statistics statistics() const { return commit_times_.statistics(); }

  ExpiryCounts expiries() const { return count_expiries(*storage_->snapshot()); }

 private:
  static constexpr core::Millis kCollectMs = 10'000;
  static constexpr core::Millis kLookMs = 500;

  void take(transport::Event& event, core::Millis now) {
    const bool is_news = event.kind != transport::Event::Kind::kMessage ||
                         event.message_kind == regions::kind_of(regions::Greeting());
    if (is_news) members_->look_soon();
    switch (event.kind) {
      case transport::Event::Kind::kUp:
        replica_->link_up(event.link, std::move(event.address), now, std::move(event.region));
        break;
      case transport::Event::Kind::kDown:
        look_at_links(now, event.link);  // While it is still known who it was.
        replica_->link_down(event.link);
        next_look_ms_ = 0;
        break;
      case transport::Event::Kind::kPart:
        return replica_->part_came(event.link, event.is_whole, now);
      case transport::Event::Kind::kLeft:
        return replica_->bodies_left(event.link, lane_of(event.lane), event.weight);
      case transport::Event::Kind::kMessage:
        auto message = regions::decode_message(event.message_kind, event.body);
        if (message.ok()) {
          replica_->step(event.link, std::move(message).value(), now);
        } else if (!replica_->exchange().links().speaks_otherwise(event.link)) {
          outlet_.warn(message.failure().message);
          const bool has_greeted = replica_->exchange().links().peer(event.link) != 0;
          replica_->effects().push_back(regions::Reject{
              event.link,
              std::string(has_greeted ? regions::kUnreadable : regions::kMeansNothing)});
        }
        break;
    }
  }

  void look_at_members(core::Millis now) {
    ++member_looks_;
    const regions::Health health = this->health(now);
    (void)promotion_->look(health, handover_->status().under_way(), now);
    members_->look(*replica_, health, now);
    scope_->writer().leave(leaves());
  }
  regions::Health health(core::Millis now) const {
    regions::Health health = health_of(*replica_, scope_->writer().draining());
    health.commit_ms = recent_commits_.median_ms(now);
    return health;
  }
  void hand_over(core::Millis now) {
    if (promotion_->is_on()) return;
    ++member_looks_;
    const bool changed = handover_->look(now);
    scope_->writer().leave(leaves());
    if (changed) look_at_members(now);
  }
  // It gives its lead to another member.
  bool leaves() const { return handover_->leaves() || promotion_->leaves(); }

  // How long after `now` the next turn is due if nothing happens before.
  std::chrono::milliseconds until_due(core::Millis now) const {
    const core::Millis rest = std::min(members_->rest_ms(), handover_->rest_ms());
    const core::Millis next = std::min({replica_->next_tick_ms(), next_look_ms_, now + rest});
    const std::chrono::milliseconds tick(std::max<core::Millis>(0, next - now));
    const Pacer::Time rested = steady_now();
    return beside_writes_.due(rested) ? tick : std::min(tick, beside_writes_.rest(rested));
  }

  bool slice(core::Millis now) {
    return beside_writes_.slice(*replica_, *sweeps_, now,
                                [this](const core::Failure& why) { log_failure(why); });
  }

  // Dead slots are a matter of space, not of meaning: now and then is enough.
  void collect(core::Millis now) {
    if (now < next_collect_ms_) return;
    next_collect_ms_ = now + kCollectMs;
    if (const auto done = replica_->background().collect(); !done.ok()) log_failure(done.failure());
  }

  // The commit that was begun is made, or has failed.
  core::Result<void> committed(core::Result<void> done) {
    const Pacer::Time ended = steady_now();
    const auto ms = [](Pacer::Time time) {
      return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    };
    const core::Millis now = ms(ended);
    commit_times_.note(ended - commit_begun_, !done.ok());
    recent_commits_.note(ms(ended - commit_begun_), now);
    if (!done.ok()) {
      log_failure(done.failure());
      return done;
    }
    beside_writes_.wrote();
    lag_.note(*replica_, now);
    replica_->durable(may_be_sent(), now);
    carry_out();
    return {};
  }

  void look_at_links(core::Millis now, transport::LinkId broken = 0) {
    link_log_.look(replica_->exchange(), replica_->applied().vector(), now, broken);
  }

  // Returns the end of the log that others may have.
  storage::Position may_be_sent() const {
    const bool late = syncs_later(options_.durability);
    return late ? storage_->last_position() : storage_->durable_position();
  }

  // Looks at what changes without anybody telling: who is connected, and whether the data are still
  // there. What is written into a directory that others have removed would be lost without a word.
  void look_around(core::Millis now) {
    if (now < next_look_ms_) return;
    next_look_ms_ = now + kLookMs;
    look_at_links(now);
    places_.look(replica_->exchange(), *transport_);
    lag_.look(*replica_, now);
    read_age_.look(storage_->read_states(), now);
    const auto there = storage_->check_place();
    if (there.ok() || there.failure().passes) return;
    log_failure(there.failure());
    replica_->close_for_writes(there.failure());
  }

  void close() {
    if (const auto closed = replica_->close(); !closed.ok()) return log_failure(closed.failure());
    members_.reset();
    transport_.reset();  // Peers learn of it before the rest, which may take seconds.
    const auto closed = storage_->close(std::chrono::milliseconds(options_.close_flush_ms));
    log_closed(options_.region, closed, options_.close_flush_ms > 0);
  }

  void carry_out() { outlet_.carry_out(replica_->effects(), *transport_); }

  // What is refused for a cause that may pass is told by the replica.
  void log_failure(const core::Failure& failure) {
    if (failure.passes || (replica_ && !replica_->broken() && replica_->state().refused())) return;
    if (!std::exchange(failure_logged_, true)) {
      core::log_error(options_.region, "closed for writes: " + failure.message);
    }
  }

  Options options_;
  rows::Resolvers resolvers_;
  RegionKeys keys_;
  core::SystemClock clock_;
  std::unique_ptr<storage::WholeStorage> storage_;
  Backups backups_;
  std::unique_ptr<Replica> replica_;
  std::optional<GroupScope> scope_;
  std::optional<Sweeps> sweeps_;
  std::optional<Scrubs> scrubs_;
  std::unique_ptr<transport::Transport> transport_;
  std::unique_ptr<Members> members_;
  Holders holders_;
  std::optional<Handover> handover_;    // Where the region does not choose its leader,
  std::optional<Promotion> promotion_;  // and where it does.
  LinkLog link_log_;
  LinkPlaces places_;
  Lag lag_;
  ReadAge read_age_;
  BesideWrites beside_writes_;
  CommitTimes commit_times_;
  RecentCommits recent_commits_;
  std::uint64_t member_looks_ = 0;
  Pacer::Time commit_begun_{0};
  EffectOutlet outlet_{options_.region};
  core::Millis next_collect_ms_ = 0;
  core::Millis next_look_ms_ = 0;
  core::Millis next_turn_ms_ = 0;  // When the next turn is due.
  bool stirred_ = true;            // Something has changed since the last turn.
  TakenEvents events_;
  TurnSize turn_size_;
  bool failure_logged_ = false;
};

}  // namespace anabranch::leader
