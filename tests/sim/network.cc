#include "tests/sim/network.h"
#include "tests/write.h"

#include <algorithm>
#include <deque>
#include <limits>

#include "core/assert.h"
#include "core/batch.h"
#include "tests/sim/engine_disk.h"

namespace anabranch::test {

using core::Millis;
using core::VersionVector;
using regions::LinkId;

namespace {

constexpr Millis kWallStartMs = 1'700'000'000'000;
constexpr Millis kSkewMsMax = 50;
constexpr Millis kCollectMs = 3'000;
constexpr Millis kNever = std::numeric_limits<Millis>::max();
constexpr std::size_t kOldMessagesMax = 64;
constexpr std::uint64_t kRememberedEvery = 8;

}  // namespace

Network::Network(std::uint64_t seed, Disks disks, regions::ReplicaLimits limits, Trust trust)
    : random_(seed), disks_(disks), limits_(limits), trust_(trust) {}

// ---- Its shape.

Network::Index Network::add() { return add("r" + std::to_string(size()), false); }

Network::Index Network::add(std::string region, bool follows) {
  const Index at = size();
  Machine& machine = machines_.emplace_back();
  machine.region = std::move(region);
  machine.follows = machine.set_to_follow = follows;
  if (trust_ == Trust::kSigned) machine.seals = std::make_unique<Seals>(machine.region);
  machine.clock = {kWallStartMs + now_ + random_.between(-kSkewMsMax, kSkewMsMax), now_, 1};
  machine.start_ms = now_ + random_.between(0, regions::Exchange::kHeartbeatMs - 1);
  machine.next_collect_ms = machine.start_ms + kCollectMs;
  auto disk = make_disk();
  move(*disk);
  reopen(at, std::move(disk));
  return at;
}

void Network::connect(Index one, Index other) {
  ANABRANCH_ASSERT(one != other && connections_.emplace(one, other).second);
  link(one, other);
}

void Network::mesh(Index size) {
  for (Index i = 0; i < size; ++i) {
    add();
    for (Index k = 0; k < i; ++k) connect(i, k);
  }
}

void Network::line(Index size) {
  for (Index i = 0; i < size; ++i) {
    add();
    if (i > 0) connect(i, i - 1);
  }
}

void Network::ring(Index size) {
  line(size);
  connect(0, size - 1);
}

void Network::star(Index size) {
  add();
  for (Index i = 1; i < size; ++i) connect(add(), 0);
}

void Network::link(Index one, Index other) {
  const LinkId here = ++last_link_;
  const LinkId there = ++last_link_;
  ends_[here] = {one, there, 0, 0};
  ends_[there] = {other, here, 0, 0};
  const auto proven = [&](Index at) {
    return trust_ == Trust::kSigned ? machines_[at].region : std::string();
  };
  node(one).replica().link_up(here, "address of " + name(other), now_, proven(other));
  node(other).replica().link_up(there, {}, now_, proven(one));
  look_soon(one);
  look_soon(other);
  turn(one);
  turn(other);
}

void Network::unlink(Index one, Index other) {
  std::vector<std::pair<Index, LinkId>> gone;
  for (const auto& [id, end] : ends_) {
    const Index far = ends_.at(end.other).at;
    if ((end.at == one && far == other) || (end.at == other && far == one)) {
      gone.emplace_back(end.at, id);
    }
  }
  for (const auto& [at, id] : gone) ends_.erase(id);
  for (const auto& [at, id] : gone) {
    if (machines_[at].dead) continue;
    node(at).replica().link_down(id);
    look_soon(at);
    turn(at);
  }
}

// ---- Events.

void Network::cut(Index one, Index other) {
  if (!connections_.contains({one, other})) std::swap(one, other);
  ANABRANCH_ASSERT(connections_.contains({one, other}));
  if (cut_.emplace(one, other).second) unlink(one, other);
}

void Network::heal(Index one, Index other) {
  if (cut_.erase({one, other}) + cut_.erase({other, one}) == 0) return;
  if (!connections_.contains({one, other})) std::swap(one, other);
  link(one, other);
}

std::size_t Network::replay(Index from, Index to, std::size_t count) {
  const std::deque<OldMessage>& old = old_[{from, to}].messages;
  const auto end = std::ranges::find_if(ends_, [&](const auto& each) {
    return each.second.at == from && ends_.at(each.second.other).at == to;
  });
  if (end == ends_.end() || old.empty()) return 0;
  for (std::size_t i = 0; i < count; ++i) {
    const OldMessage& message = old[random_.below(old.size())];
    push(from, to, end->second, message.kind, message.body);
  }
  return count;
}

void Network::calm_down() {
  muted_.clear();
  clogged_.clear();
  weather_ = {};
  histories_lost_ = 0;
  for (auto& [id, end] : ends_) end.last_arrival_ms = end.busy_until_ms = 0;
  for (Index at = 0; at < size(); ++at) {
    machines_[at].frozen_until_ms = 0;
    machines_[at].candidate.slow_until_ms = 0;
    const bool failed = broken(at) || node(at).disk().failed();
    node(at).disk().set_faults({.durable_at_once = disks_ == Disks::kPrompt});
    if (failed) restart(at, Restart::kClean);
    if (rotten(at)) node(at).replica().background().take_rows_again(true);
  }
  for (const auto& [one, other] : std::exchange(cut_, {})) link(one, other);
}

bool Network::running(Index at) const {
  return !machines_[at].broken && machines_[at].frozen_until_ms <= now_;
}

bool Network::writable(Index at) const {
  const regions::Rejoin* const rejoin = background_of(at).repair().rejoin();
  const bool logging = rejoin != nullptr && rejoin->logging();  // Then no log has the writes.
  return running(at) && !logging && !follows(at) && !leaves(at);
}

bool Network::write(Index at, const std::function<void(regions::Group&)>& function,
                    std::size_t transactions) {
  ANABRANCH_ASSERT(writable(at));
  Machine& machine = machines_[at];
  Node& here = *machine.node;
  const regions::Identity& self = here.replica().identity();
  if (announce_ && !here.replica().members().list().knows(self.region, self.origin)) {
    turn(at);  // As a leader does that opens its directory, before it serves any client.
    if (!writable(at)) return false;
  }
  set_wall(at);
  carry_out(at);
  bool met_damage = false;
  const auto stage = [&](std::size_t count) {
    while (count-- > 0 && !met_damage) met_damage = !run_transaction(at, function);
  };
  // So many are staged while the others are committed.
  const std::size_t beside =
      transactions > 1 && random_.chance(0.5) ? 1 + random_.below(transactions - 1) : 0;
  stage(transactions - beside);
  const bool first = commit_group(at, [&] { stage(beside); });
  if (machine.broken) return false;
  const bool all = first && (beside == 0 || commit_group(at, [] {}));
  if (machine.broken) return false;
  follow(at);
  if (disks_ != Disks::kInterval) sync(at);
  turn(at);
  return all && !met_damage;
}

bool Network::commit_group(Index at, const std::function<void()>& beside) {
  Machine& machine = machines_[at];
  Node& here = *machine.node;
  const VersionVector deps = here.vector();
  const storage::Position before = here.disk().last_position();
  const Millis expiry_ms = here.replica().names().expiries().now_ms();
  const auto position = commit(at, beside);
  machine.broken = breaks(position);
  // The next batch may be one of the leader's own, at a later time, when there was nothing to
  // write.
  const bool wrote = position.ok() && position.value() > before;
  if (wrote || (machine.broken && here.disk().may_keep_failed_commits())) {
    machine.written_ms[{here.origin(), deps.at(here.origin()) + 1}] = expiry_ms;
  }
  if (!position.ok()) return false;
  if (!machine.stray && wrote) {
    note(at, ledger_.wrote(here, deps, machine.wall_max_ms));
  }
  return true;
}

core::Result<storage::Position> Network::commit(Index at, const std::function<void()>& beside) {
  regions::Replica& replica = node(at).replica();
  const Disk& disk = node(at).disk();
  if (!replica.writer().dirty() || random_.chance(0.3)) {
    auto done = replica.commit();
    if (done.ok()) beside();
    return done;
  }
  const storage::Position before = disk.last_position();
  const auto begun = replica.begin_commit();
  if (!begun.ok()) return begun.failure();
  beside();
  if (begun.value() && disk.last_position() != before) note(at, "shows a commit under way");
  const auto finished = replica.finish_commit();
  if (!finished.ok()) return finished.failure();
  return disk.last_position();
}

// ---- Time.

void Network::run(Millis duration) {
  const Millis end = now_ + duration;
  while (next_ms() <= end) step();
  now_ = end;
}

bool Network::run_until_equal(Millis at_most) {
  const Millis end = now_ + at_most;
  sweep_gap_ms_max_ = 1;  // A row at a time, a sweep of thousands would take minutes otherwise.
  const auto all_equal = [&] {
    for (Index at = 0; at < size(); ++at) {
      if (machines_[at].stray || rotten(at)) return false;
      if (!complete(at) || node(at).vector() != node(0).vector()) return false;
      if (node(at).replica().background().upkeep().sweeping()) return false;
    }
    return true;
  };
  while (!all_equal() && next_ms() <= end) step();
  sweep_gap_ms_max_ = kSweepGapMs;
  return all_equal();
}

Network::Index Network::next_to_turn() const {
  Index next = 0;
  for (Index at = 1; at < size(); ++at) {
    if (next_turn_ms(at) < next_turn_ms(next)) next = at;
  }
  return next;
}

Millis Network::next_ms() const {
  Millis turn_ms = next_turn_ms(next_to_turn());
  if (chooses()) turn_ms = std::min(turn_ms, next_beat_ms(next_to_beat()));
  turn_ms = std::max(now_, turn_ms);
  return events_.empty() ? turn_ms : std::min(turn_ms, std::max(now_, events_.front().at_ms));
}

void Network::step() {
  now_ = next_ms();
  ++events_done_;
  if (!events_.empty() && events_.front().at_ms <= now_) {
    arrive(next_event());
  } else if (chooses() && next_beat_ms(next_to_beat()) <= now_) {
    beat(next_to_beat());
  } else {
    turn(next_to_turn());
  }
  kill_who_gives_way();
}

Millis Network::next_turn_ms(Index at) const {
  const Machine& machine = machines_[at];
  const bool waits = machine.broken || leaves(at);
  if (waits || !background_of(at).upkeep().tidying()) return next_tick_ms(at);
  return std::max(machine.frozen_until_ms, std::min(machine.next_sweep_ms, next_tick_ms(at)));
}

Millis Network::next_tick_ms(Index at) const {
  const Machine& machine = machines_[at];
  if (machine.broken) return kNever;
  const Millis work_ms = leaves(at) ? kNever : machine.next_work_ms;
  const Millis next_ms = std::min(machine.node->replica().next_tick_ms(), work_ms);
  return std::max({machine.start_ms, machine.frozen_until_ms, next_ms});
}

// ---- Messages.

// Returns whether the sender of a heartbeat has greeted on the link: until then, as when its
// greeting was lost, a replica cannot tell whose words these are, and hears none.
bool Network::has_greeted(Index at, LinkId link, const regions::Message& message) {
  const auto* const beat = std::get_if<regions::Heartbeat>(&message);
  return beat != nullptr && node(at).replica().exchange().links().peer(link) == beat->sender;
}

void Network::arrive(Event event) {
  const auto found = receiver(event.link);
  if (!found) return;  // The link broke meanwhile.
  const Index at = *found;
  if (machines_[at].frozen_until_ms > now_) {
    event.at_ms = machines_[at].frozen_until_ms;
    schedule(std::move(event));
    return;
  }
  auto message = regions::decode_message(event.kind, event.body);
  if (guests_.contains(event.link)) return arrive_from_guest(at, event, std::move(message));
  ANABRANCH_ASSERT(message.ok());
  if (const auto* cards = std::get_if<regions::MemberCards>(&message.value())) {
    return take_cards(at, event.link, *cards);
  }
  if (std::holds_alternative<regions::Greeting>(message.value())) look_soon(at);
  if (event.heard && has_greeted(at, event.link, message.value())) hear(at, *event.heard);
  if (const auto* batch = std::get_if<regions::BatchMessage>(&message.value())) {
    const auto head = core::decode_batch_header(batch->bytes);
    if (head.ok()) ++machines_[at].arrivals[{head.value().origin, head.value().first}];
  }
  node(at).replica().step(event.link, std::move(message).value(), now_);
  turn(at);
}

std::optional<Network::Index> Network::receiver(LinkId link) const {
  if (const auto end = ends_.find(link); end != ends_.end()) return end->second.at;
  const auto guest = guests_.find(link);
  return guest == guests_.end() ? std::nullopt : std::optional(guest->second.at);
}

void Network::turn(Index at) {
  Machine& machine = machines_[at];
  if (machine.broken) carry_out(at);
  if (machine.broken || machine.frozen_until_ms > now_) return;
  machine.node->disk().work();
  set_wall(at);
  regions::Replica& replica = machine.node->replica();
  const bool waits = leaves(at);
  for (bool more = true; more && !machine.broken && !waits;) {
    carry_out(at);
    const VersionVector before = replica.applied().vector();
    const auto applied = replica.apply(now_);
    machine.broken = breaks(applied);
    more = applied.ok() && applied.value();
    follow(at);
    check_proven(at, before);
  }
  if (!machine.broken && !waits) work(at);
  if (!machine.broken && !waits) sweep(at);
  if (!machine.broken && !waits) expire(at);
  if (!machine.broken && !waits) forget(at);
  if (!machine.broken && !waits) clear_orphans(at);
  if (!machine.broken && !waits) forget_requests(at);
  if (!machine.broken) tick(at);
  const Disk& disk = machine.node->disk();
  const bool at_once = disks_ == Disks::kInterval;
  const storage::Position may_go = at_once ? disk.last_position() : disk.durable_position();
  if (!machine.broken) replica.durable(may_go, now_);
  carry_out(at);
  machine.broken = machine.broken || replica.broken();  // Heartbeats commit, too.
  look_at_refusals(at);
  check_settled(at);
  look_at_damage(at);
}

void Network::follow(Index at) {
  Machine& machine = machines_[at];
  if (machine.stray) {
    machine.stray->follow(node(at), ledger_);
    if (machine.broken) return Ledger::go_on(node(at), machine.trail);
    machine.trail = Ledger::begin(node(at));
    if (disks_ != Disks::kInterval) sync(at);
    return;
  }
  const core::Origin self = machine.node->origin();
  const core::Seq own = machine.trail.vector.at(self);
  note(at, ledger_.made(*machine.node, self, machine.trail, machine.wall_max_ms));
  forgive_followers(at);
  note(at, ledger_.follow(*machine.node, machine.trail));
  const bool same = machine.trail.vector == machine.node->vector();
  if (!same && !machine.broken) note(at, "the vector is not what the log says");
  note_synced(at);
  if (machine.trail.vector.at(self) == own) return;
  check_may_write(at, own);
  if (disks_ != Disks::kInterval) sync(at);
}

void Network::tick(Index at) {
  Machine& machine = machines_[at];
  regions::Replica& replica = machine.node->replica();
  if (next_tick_ms(at) <= now_) {
    sync(at);
    show_members(at);
    // Two records, of which a tick with a short log would forget the first one.
    machine.broken = breaks(replica.announce());
    follow(at);
    tick_and_check(at);
    ask_to_give_way(at);
    machine.broken = replica.broken().has_value();
    follow(at);
  }
  if (now_ >= machine.next_collect_ms) {
    machine.next_collect_ms = now_ + kCollectMs;
    machine.broken = breaks(replica.background().collect());
  }
}

// Rows of a merged snapshot are in no log, and synced with the swap.
void Network::work(Index at) {
  Machine& machine = machines_[at];
  const bool gave_way = background_of(at).repair().rejoin() != nullptr;
  const bool took_again = machine.takes_again;
  const auto more = machine.node->replica().background().work(now_);
  machine.broken = breaks(more);
  const bool again = more.ok() ? more.value() : more.failure().passes;
  machine.next_work_ms = again ? now_ + 1 : kNever;
  if (more.ok() && gave_way && background_of(at).repair().rejoin() == nullptr) take_back(at);
  look_at_damage(at);
  if (took_again && !machine.takes_again && !machine.broken) note_synced(at);
  // After a failed swap the disk has its old content.
  if (machine.broken || machine.trail.vector == machine.node->vector()) return;
  machine.trail.vector = machine.node->vector();
  note_synced(at);
  forgive_followers(at);
  note(at, ledger_.beyond_end(machine.trail.vector));
  machine.gone.join(machine.trail.vector);
}

void Network::sync(Index at) {
  machines_[at].node->disk().sync();
  note_synced(at);
}

// Leaders wait for their disks at times, and an engine may have more on the disk than it was asked.
void Network::note_synced(Index at) {
  Machine& machine = machines_[at];
  const Disk& disk = machine.node->disk();
  const storage::Position durable = disk.durable_position();
  if (durable == machine.trail.position) {
    machine.synced = machine.trail.vector;
  } else {
    for (auto from = machine.synced_to + 1; from <= durable; ++from) {
      const auto record = disk.read_log(from);
      if (record && record->position <= durable) machine.synced.raise(record->origin, record->last);
    }
  }
  machine.synced_to = durable;
}

void Network::carry_out(Index at) {
  std::optional<std::size_t>& may_send = machines_[at].may_send;
  for (const regions::Effect& effect : std::exchange(node(at).replica().effects(), {})) {
    const bool late = may_send == std::size_t{0};
    if (may_send && !late) --*may_send;
    if (const auto* each = std::get_if<regions::Send>(&effect)) {
      if (late) note(at, "sends after a failed commit");
      send(at, each->link, each->message);
    }
    if (const auto* each = std::get_if<regions::Alarm>(&effect)) note_alarm(at, each->text);
    if (const auto* each = std::get_if<regions::Reject>(&effect)) turn_away(at, each->link);
    if (const auto* each = std::get_if<regions::Heard>(&effect)) {
      note(at, presence_.hear(node(at).nonce(), each->message));
    }
  }
}

void Network::send(Index from, LinkId link, const regions::Message& message) {
  if (const auto guest = guests_.find(link); guest != guests_.end()) {
    return post(link, guest->second.intruder->hear(message));
  }
  const auto end = ends_.find(link);
  if (end == ends_.end()) return;
  const Index to = ends_.at(end->second.other).at;
  std::string body = encode(message);
  const std::uint8_t kind = regions::kind_of(message);
  ++carried_.messages;
  check_shown(from, message);
  check_sent(from, message);
  SentMessages& memory = old_[{from, to}];
  if (++memory.sent % kRememberedEvery == 0) {
    memory.messages.push_back({kind, body});
    if (memory.messages.size() > kOldMessagesMax) memory.messages.pop_front();
  }
  const bool beat = std::holds_alternative<regions::Heartbeat>(message);
  if (beat) look_at_clock(from);
  const auto heard = beat ? hearsay(from) : nullptr;
  if (random_.chance(weather_.repeat)) {
    ++carried_.repeated;
    push(from, to, end->second, kind, body, heard);
  }
  push(from, to, end->second, kind, std::move(body), heard);
}

std::string Network::encode(const regions::Message& message) {
  if (const auto* batch = std::get_if<regions::BatchMessage>(&message);
      batch != nullptr && batches_to_rot_ > 0) {
    regions::BatchMessage changed = *batch;
    rot(changed.bytes);
    return regions::encode_message(std::move(changed));
  }
  const auto* const part = std::get_if<regions::SnapshotChunk>(&message);
  if (parts_to_rot_ == 0 || part == nullptr || part->bytes.empty()) {
    return regions::encode_message(message);
  }
  --parts_to_rot_;
  ++carried_.rotten;
  regions::SnapshotChunk rotten = *part;
  char& changed = rotten.bytes[random_.below(rotten.bytes.size())];
  changed = static_cast<char>(changed ^ static_cast<char>(1 + random_.below(255)));
  return regions::encode_message(std::move(rotten));
}

void Network::push(Index from, Index to, End& end, std::uint8_t kind, std::string body,
                   std::shared_ptr<const Hearsay> heard) {
  if (muted_.contains({from, to})) {
    ++carried_.silenced;
  } else if (goes_unsaid(kind)) {
    ++carried_.unsaid;
  } else if (random_.chance(weather_.loss)) {
    ++carried_.lost;
  } else {
    const Millis at_ms = arrival_ms(from, to, end, body.size());
    Event event{at_ms, ++last_order_, end.other, kind, std::move(body)};
    event.heard = std::move(heard);
    schedule(std::move(event));
  }
}

void Network::schedule(Event event) {
  events_.push_back(std::move(event));
  std::push_heap(events_.begin(), events_.end(), std::greater<>());
}

Event Network::next_event() {
  std::pop_heap(events_.begin(), events_.end(), std::greater<>());
  Event event = std::move(events_.back());
  events_.pop_back();
  return event;
}

Millis Network::arrival_ms(Index from, Index to, End& end, std::size_t bytes) {
  Millis at_ms = now_;
  if (const auto clog = clogged_.find({from, to}); clog != clogged_.end() && clog->second > now_) {
    at_ms = clog->second;
    ++carried_.clogged;
  }
  if (weather_.bytes_per_ms > 0) {
    carried_.slowed += end.busy_until_ms > at_ms ? 1 : 0;
    at_ms = std::max(at_ms, end.busy_until_ms) + static_cast<Millis>(bytes / weather_.bytes_per_ms);
    end.busy_until_ms = at_ms;
  }
  at_ms += random_.between(weather_.delay_ms_min, weather_.delay_ms_max);
  if (at_ms < end.last_arrival_ms) {
    if (!weather_.reorder) return end.last_arrival_ms;
    ++carried_.overtaken;
    return at_ms;
  }
  end.last_arrival_ms = at_ms;
  return at_ms;
}

// ---- Queries.

void Network::note(Index at, const std::string& failure) {
  if (!failure.empty() && failure_.empty()) failure_ = name(at) + ": " + failure;
}

void Network::forget_arrivals() {
  for (Machine& each : machines_) each.arrivals.clear();
}

bool Network::complete(Index at) const {
  return machines_[at].node->vector().includes(ledger_.promised());
}

}  // namespace anabranch::test
