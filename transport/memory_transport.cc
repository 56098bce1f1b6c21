#include "transport/memory_transport.h"

#include <array>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "core/assert.h"
#include "transport/counters.h"
#include "transport/inbox.h"

namespace anabranch::transport {

// One end of a link. The two ends know each other by number.
struct End {
  std::string here;
  std::string there;
  LinkId other = 0;
  bool is_up = false;                        // Whether this side has received kUp.
  std::array<std::uint64_t, kLanes> left{};  // By lane.
};

class MemoryNetwork::Endpoint final : public Transport {
 public:
  Endpoint(std::shared_ptr<State> state, std::string address, std::vector<std::string> peers)
      : state_(std::move(state)), address_(std::move(address)), peers_(std::move(peers)) {}
  ~Endpoint() override;

  using Transport::send;
  void send(LinkId link, std::uint8_t message_kind, std::string body, Turn turn) override;
  void drop(LinkId /*link*/, Lane /*lane*/, std::uint64_t /*before*/) override {}  // None waits.
  std::vector<Event> receive(std::size_t bytes_max) override;
  void reject(LinkId link, std::string why) override;
  [[nodiscard]] int wake_fd() const override { return inbox_.fd(); }
  [[nodiscard]] std::string endpoint() const override { return address_; }
  [[nodiscard]] TransportCounters counters() const override { return counters_.read(); }

  [[nodiscard]] const std::vector<std::string>& peers() const { return peers_; }
  void emit(Event event) {
    std::vector<Event> events;
    events.push_back(std::move(event));
    inbox_.push(events);
  }
  AtomicCounters& count() { return counters_; }

 private:
  std::shared_ptr<State> state_;
  std::string address_;
  std::vector<std::string> peers_;
  Inbox inbox_;
  AtomicCounters counters_;
};

// Everything below `mutex` is guarded by it.
struct MemoryNetwork::State {
  using Pair = std::pair<std::string, std::string>;

  std::mutex mutex;
  std::map<std::string, Endpoint*> endpoints;
  std::map<LinkId, End> ends;
  std::set<Pair> cut;    // In both orders.
  std::set<Pair> muted;  // Source and target.
  LinkId last_id = 0;

  void dial(const std::string& source, const std::string& target);
  void dial_all();
  void up(LinkId id);
  void close(LinkId id);
  void close_between(const std::string& one, const std::string& other);
  bool deliver(LinkId link, std::uint8_t kind, std::string body);
};

void MemoryNetwork::State::dial(const std::string& source, const std::string& target) {
  if (!endpoints.contains(target) || cut.contains({source, target})) return;
  const LinkId dialled = ++last_id;
  const LinkId accepted = ++last_id;
  ends[dialled] = {source, target, accepted, true};
  ends[accepted] = {target, source, dialled, false};
  endpoints[source]->emit(
      {.kind = Event::Kind::kUp, .link = dialled, .body = {}, .address = target});
}

// Dials every peer without a dialled link. Of the two ends of a link, the dialled one has the lower
// id.
void MemoryNetwork::State::dial_all() {
  std::set<Pair> linked;
  for (const auto& [id, end] : ends) {
    if (id < end.other) linked.insert({end.here, end.there});
  }
  for (const auto& [address, endpoint] : endpoints) {
    for (const std::string& peer : endpoint->peers()) {
      if (linked.insert({address, peer}).second) dial(address, peer);
    }
  }
}

// Sends kUp to the accepting side of the link.
void MemoryNetwork::State::up(LinkId id) {
  End& end = ends[id];
  if (std::exchange(end.is_up, true)) return;
  endpoints[end.here]->emit({.kind = Event::Kind::kUp, .link = id, .body = {}, .address = {}});
}

void MemoryNetwork::State::close(LinkId id) {
  const LinkId other = ends[id].other;
  for (const LinkId each : {id, other}) {
    const End& end = ends[each];
    const auto at = endpoints.find(end.here);
    if (end.is_up && at != endpoints.end()) {
      at->second->emit({.kind = Event::Kind::kDown, .link = each, .body = {}, .address = {}});
    }
    ends.erase(each);
  }
}

void MemoryNetwork::State::close_between(const std::string& one, const std::string& other) {
  std::vector<LinkId> between;
  for (const auto& [id, end] : ends) {
    if (id > end.other) continue;
    if (Pair{end.here, end.there} == Pair{one, other} ||
        Pair{end.here, end.there} == Pair{other, one}) {
      between.push_back(id);
    }
  }
  for (const LinkId id : between) close(id);
}

// Delivers a message. Returns false when there is no such link.
bool MemoryNetwork::State::deliver(LinkId link, std::uint8_t kind, std::string body) {
  const auto at = ends.find(link);
  if (at == ends.end()) return false;
  const End& end = at->second;
  if (muted.contains({end.here, end.there})) return true;
  up(end.other);
  Endpoint& target = *endpoints[end.there];
  ++target.count().frames_received;
  target.count().bytes_received += body.size();
  target.emit({Event::Kind::kMessage, end.other, kind, std::move(body), {}});
  return true;
}

MemoryNetwork::Endpoint::~Endpoint() {
  const std::lock_guard lock{state_->mutex};
  std::vector<LinkId> mine;
  for (const auto& [id, end] : state_->ends) {
    if (end.here == address_ && (end.there != address_ || id < end.other)) mine.push_back(id);
  }
  state_->endpoints.erase(address_);
  for (const LinkId id : mine) state_->close(id);
}

void MemoryNetwork::Endpoint::send(LinkId link, std::uint8_t message_kind, std::string body,
                                   Turn turn) {
  const std::lock_guard lock{state_->mutex};
  const std::size_t size = body.size();
  const auto at = state_->ends.find(link);
  const bool is_mine = at != state_->ends.end() && at->second.here == address_;
  if (!is_mine || !state_->deliver(link, message_kind, std::move(body))) {
    ++counters_.sends_failed;
    return;
  }
  ++counters_.frames_sent;
  counters_.bytes_sent += size;
  if (turn.weight == 0) return;
  End& end = state_->ends[link];
  std::uint64_t& left = end.left[static_cast<std::size_t>(turn.lane)];
  left += turn.weight;
  emit({.kind = Event::Kind::kLeft,
        .link = link,
        .body = {},
        .address = {},
        .lane = turn.lane,
        .weight = left});
}

std::vector<Event> MemoryNetwork::Endpoint::receive(std::size_t bytes_max) {
  bool drained = false;  // No sender waits for room: it delivers whatever the inbox holds.
  return inbox_.take(bytes_max, drained);
}

void MemoryNetwork::Endpoint::reject(LinkId link, std::string /*why*/) {
  const std::lock_guard lock{state_->mutex};
  ++counters_.frames_rejected;
  const auto at = state_->ends.find(link);
  if (at == state_->ends.end() || at->second.here != address_) return;
  state_->close(link);
  state_->dial_all();
}

MemoryNetwork::MemoryNetwork() : state_(std::make_shared<State>()) {}
MemoryNetwork::~MemoryNetwork() = default;

std::unique_ptr<Transport> MemoryNetwork::open(const std::string& address,
                                               std::vector<std::string> peers) {
  auto endpoint = std::make_unique<Endpoint>(state_, address, std::move(peers));
  const std::lock_guard lock{state_->mutex};
  const bool is_free = state_->endpoints.try_emplace(address, endpoint.get()).second;
  ANABRANCH_ASSERT(is_free);
  state_->dial_all();
  return endpoint;
}

void MemoryNetwork::cut(const std::string& one, const std::string& other) {
  const std::lock_guard lock{state_->mutex};
  state_->cut.insert({one, other});
  state_->cut.insert({other, one});
  state_->close_between(one, other);
}

void MemoryNetwork::mute(const std::string& source, const std::string& target) {
  const std::lock_guard lock{state_->mutex};
  state_->muted.insert({source, target});
}

void MemoryNetwork::heal(const std::string& one, const std::string& other) {
  const std::lock_guard lock{state_->mutex};
  for (const auto& pair : {State::Pair{one, other}, State::Pair{other, one}}) {
    state_->cut.erase(pair);
    state_->muted.erase(pair);
  }
  state_->dial_all();
}

}  // namespace anabranch::transport
