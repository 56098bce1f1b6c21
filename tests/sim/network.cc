#include "tests/sim/network.h"

#include <algorithm>

#include "core/assert.h"
#include "core/batch.h"
#include "tests/regions/record_history.h"

namespace anabranch::test {

using core::Millis;
using regions::LinkId;

namespace {

constexpr Millis kWallStartMs = 1'700'000'000'000;
constexpr Millis kSkewMsMax = 50;
constexpr Millis kCollectMs = 3'000;

std::string region(std::size_t at) { return "r" + std::to_string(at); }

}  // namespace

Network::Network(std::uint64_t seed, Disks disks) : random_(seed), disks_(disks) {}

// ---- Its shape.

Network::Index Network::add() {
  auto disk = std::make_unique<storage::MemoryStorage>(
      storage::MemoryFaults{.durable_at_once = disks_ == Disks::kPrompt});
  nodes_.push_back(std::make_unique<Node>(region(size()), random_.bits() | 1U, std::move(disk)));
  nodes_.back()->storage().sync();
  skew_ms_.push_back(random_.between(-kSkewMsMax, kSkewMsMax));
  start_ms_.push_back(now_ + random_.between(0, regions::Exchange::kHeartbeatMs - 1));
  next_collect_ms_.push_back(start_ms_.back() + kCollectMs);
  arrivals_.emplace_back();
  return size() - 1;
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
  ends_[here] = {one, there, 0};
  ends_[there] = {other, here, 0};
  node(one).replica().link_up(here, "address of " + region(other), now_);
  node(other).replica().link_up(there, {}, now_);
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
    node(at).replica().link_down(id);
    turn(at);
  }
}

// ---- What happens to it.

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

void Network::restart(Index at, Restart how) {
  std::vector<std::pair<Index, Index>> lost;
  for (const auto& each : connections_) {
    const bool of_this = each.first == at || each.second == at;
    if (of_this && !cut_.contains(each)) lost.push_back(each);
  }
  for (const auto& [one, other] : lost) unlink(one, other);
  const storage::MemoryStorage& disk = node(at).storage();
  auto found = how == Restart::kPowerLoss ? disk.crash() : disk.clone();
  nodes_[at] = std::make_unique<Node>(region(at), random_.bits() | 1U, std::move(found));
  node(at).storage().sync();
  for (const auto& [one, other] : lost) link(one, other);
}

void Network::calm_down() {
  muted_.clear();
  weather_ = {};
  for (const auto& [one, other] : std::exchange(cut_, {})) link(one, other);
}

void Network::write(Index at, const std::function<void(regions::Group&)>& function) {
  Node& here = node(at);
  const core::VersionVector deps = here.vector();
  const storage::Position before = here.storage().last_position();
  here.clock().set(kWallStartMs + now_ + skew_ms_[at]);
  here.replica().write(function);
  const auto position = here.replica().commit();
  ANABRANCH_ASSERT(position.ok());
  here.storage().sync();
  if (position.value() > before) {
    record_history(oracle_, here.storage().read_log(position.value())->bytes, deps);
    written_.raise(here.origin(), here.vector().at(here.origin()));
  }
  turn(at);
}

void Network::run(Millis duration) {
  const Millis end = now_ + duration;
  while (next_ms() <= end) step();
  now_ = end;
}

bool Network::run_until_equal(Millis at_most) {
  const Millis end = now_ + at_most;
  const auto all_complete = [&] {
    for (Index at = 0; at < size(); ++at) {
      if (!complete(at)) return false;
    }
    return true;
  };
  while (!all_complete()) {
    if (next_ms() > end) return false;
    step();
  }
  return true;
}

Network::Index Network::next_to_turn() const {
  Index next = 0;
  for (Index at = 1; at < size(); ++at) {
    if (next_turn_ms(at) < next_turn_ms(next)) next = at;
  }
  return next;
}

Millis Network::next_ms() const {
  const Millis turn_ms = std::max(now_, next_turn_ms(next_to_turn()));
  return events_.empty() ? turn_ms : std::min(turn_ms, events_.top().at_ms);
}

void Network::step() {
  now_ = next_ms();
  if (events_.empty() || events_.top().at_ms > now_) {
    turn(next_to_turn());
  } else {
    const Event event = events_.top();
    events_.pop();
    arrive(event);
  }
}

Millis Network::next_turn_ms(Index at) const {
  return std::max(start_ms_[at], nodes_[at]->replica().next_tick_ms());
}

void Network::arrive(const Event& event) {
  const auto end = ends_.find(event.link);
  if (end == ends_.end()) return;  // The link broke meanwhile.
  const Index at = end->second.at;
  auto message = regions::decode_message(event.kind, event.body);
  ANABRANCH_ASSERT(message.ok());
  if (const auto* batch = std::get_if<regions::BatchMessage>(&message.value())) {
    const core::BatchHeader head = core::decode_batch_header(batch->bytes).value();
    ++arrivals_[at][{head.origin, head.first}];
  }
  node(at).replica().step(event.link, std::move(message).value(), now_);
  turn(at);
}

void Network::turn(Index at) {
  Node& here = node(at);
  here.clock().set(kWallStartMs + now_ + skew_ms_[at]);
  for (;;) {
    const auto more = here.replica().apply(now_);
    ANABRANCH_ASSERT(more.ok());
    if (!more.value()) break;
  }
  if (next_turn_ms(at) <= now_) {
    here.storage().sync();
    here.replica().tick(now_);
  }
  if (now_ >= next_collect_ms_[at]) {
    next_collect_ms_[at] = now_ + kCollectMs;
    ANABRANCH_ASSERT(here.replica().collect().ok());
  }
  here.replica().durable(here.storage().durable_position(), now_);
  carry_out(at);
}

void Network::carry_out(Index at) {
  for (const regions::Effect& effect : std::exchange(node(at).replica().effects(), {})) {
    if (const auto* each = std::get_if<regions::Send>(&effect)) send(at, each->link, each->message);
    if (const auto* each = std::get_if<regions::Alarm>(&effect)) alarms_.push_back(each->text);
    ANABRANCH_ASSERT(!std::holds_alternative<regions::Reject>(effect));
  }
}

void Network::send(Index from, LinkId link, const regions::Message& message) {
  const auto end = ends_.find(link);
  if (end == ends_.end()) return;
  const Index to = ends_.at(end->second.other).at;
  for (int copies = random_.chance(weather_.repeat) ? 2 : 1; copies > 0; --copies) {
    if (muted_.contains({from, to}) || random_.chance(weather_.loss)) continue;
    Millis at_ms = now_ + random_.between(weather_.delay_ms_min, weather_.delay_ms_max);
    if (!weather_.reorder) at_ms = std::max(at_ms, end->second.last_arrival_ms);
    end->second.last_arrival_ms = at_ms;
    events_.push({at_ms, ++last_order_, end->second.other, regions::kind_of(message),
                  regions::encode_message(message)});
  }
}

// ---- What can be seen.

void Network::forget_arrivals() {
  for (Arrivals& each : arrivals_) each.clear();
}

bool Network::complete(Index at) const { return nodes_[at]->vector() == written_; }

std::string Network::wrong() const {
  for (const auto& node : nodes_) {
    const std::string who = node->replica().identity().region + ": ";
    if (const std::string wrong = node->wrong_count(); !wrong.empty()) return who + wrong;
    for (const auto& other : nodes_) {
      if (node->vector() == other->vector() && node->digest() != other->digest()) {
        return who + "other rows than " + other->replica().identity().region;
      }
    }
    Oracle::View view;
    const Visible visible = node->visible();
    view.tallies = visible.tallies;
    for (const auto& [path, values] : visible.cells) {
      for (const auto& each : values) view.cells[path].push_back({each.hlc, each.dot, each.value});
    }
    const Oracle::View want = oracle_.visible(node->vector());
    if (view != want) return who + "shows\n" + to_string(view) + "instead of\n" + to_string(want);
  }
  return {};
}

}  // namespace anabranch::test
