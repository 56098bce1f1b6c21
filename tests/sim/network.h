// A deterministic network of real replicas in virtual time: one thread, one seed.
//
// It carries the effects of N replicas, as encoded messages, over links that delay, lose, repeat
// and reorder, break and heal, or go silent; and restarts replicas from what their disks hold. The
// replicas are those of production, over storage in memory. Everything written is told to the
// oracle, so that wrong() can say at any moment what must be visible where.
//
// This is where simulation begins: new kinds of fault belong here, new scenarios in *_test.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "regions/effect.h"
#include "tests/crdt/random.h"
#include "tests/node.h"
#include "tests/oracle.h"

namespace anabranch::test {

// What messages go through.
struct Weather {
  double loss = 0;  // Probabilities.
  double repeat = 0;
  core::Millis delay_ms_min = 1;
  core::Millis delay_ms_max = 1;
  bool reorder = false;  // Otherwise what one link carries one way arrives in order.
};

class Network {
 public:
  using Index = std::size_t;
  enum class Restart : std::uint8_t { kClean, kPowerLoss };  // With or without the unsynced tail.

  // Disks that are lazy have foreign writes durable, and passed on, with the next heartbeat only.
  enum class Disks : std::uint8_t { kPrompt, kLazy };
  explicit Network(std::uint64_t seed, Disks disks = Disks::kPrompt);

  // ---- Its shape.

  // Adds a region that is connected to nobody; the first one has the index 0.
  Index add();
  // Links two regions; the first one dials.
  void connect(Index one, Index other);
  // `size` regions, linked as the name says; the middle of a star is 0.
  void mesh(Index size);
  void line(Index size);
  void ring(Index size);
  void star(Index size);

  // ---- What happens to it.

  void set_weather(Weather weather) { weather_ = weather; }
  // Breaks the links between two regions, and both notice; heal() links them anew.
  void cut(Index one, Index other);
  void heal(Index one, Index other);
  // Loses everything that goes one way, and nobody notices; until unmute().
  void mute(Index from, Index to) { muted_.emplace(from, to); }
  void unmute(Index from, Index to) { muted_.erase({from, to}); }
  // Ends a region's process and starts it again on what its disk holds.
  void restart(Index at, Restart how);
  // Heals and unmutes everything, in the calmest weather.
  void calm_down();

  // Commits a transaction durably and tells the oracle.
  void write(Index at, const std::function<void(regions::Group&)>& function);
  // Lets time pass.
  void run(core::Millis duration);
  // Lets time pass until every region has every write; returns whether that took at most so long.
  [[nodiscard]] bool run_until_equal(core::Millis at_most);

  // ---- What can be seen.

  [[nodiscard]] core::Millis now() const { return now_; }
  [[nodiscard]] Index size() const { return nodes_.size(); }
  [[nodiscard]] Node& node(Index at) { return *nodes_[at]; }
  // Whether connect() was called for two regions, in this order or the other.
  [[nodiscard]] bool connected(Index one, Index other) const {
    return connections_.contains({one, other}) || connections_.contains({other, one});
  }
  [[nodiscard]] Random& random() { return random_; }
  // Whether a region has every write.
  [[nodiscard]] bool complete(Index at) const;
  // The first thing that is not as it must be, in words: different rows at equal vectors, counts,
  // and what the oracle demands of each region. Empty when there is none.
  [[nodiscard]] std::string wrong() const;
  // How often each batch has arrived at a region: {origin and first seq: times}.
  using Arrivals = std::map<std::pair<core::Origin, core::Seq>, int>;
  [[nodiscard]] const Arrivals& arrivals(Index at) const { return arrivals_[at]; }
  void forget_arrivals();
  // All that replicas wanted an operator to read.
  [[nodiscard]] const std::vector<std::string>& alarms() const { return alarms_; }

 private:
  // One end of a live link; the other end has the link `other`.
  struct End {
    Index at = 0;
    regions::LinkId other = 0;
    core::Millis last_arrival_ms = 0;  // There.
  };
  struct Event {
    core::Millis at_ms = 0;
    std::uint64_t order = 0;
    regions::LinkId link = 0;  // At the receiver.
    std::uint8_t kind = 0;
    std::string body;
    bool operator>(const Event& other) const {
      return std::pair(at_ms, order) > std::pair(other.at_ms, other.order);
    }
  };

  void link(Index one, Index other);
  void unlink(Index one, Index other);
  void arrive(const Event& event);
  // Does for a replica what a leader's turn does.
  void turn(Index at);
  void carry_out(Index at);
  void send(Index from, regions::LinkId link, const regions::Message& message);
  [[nodiscard]] core::Millis next_turn_ms(Index at) const;
  [[nodiscard]] Index next_to_turn() const;
  // When the next thing happens, a message or a tick; and lets it happen.
  [[nodiscard]] core::Millis next_ms() const;
  void step();

  Random random_;
  Disks disks_;
  core::Millis now_ = 0;
  Weather weather_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<core::Millis> skew_ms_;   // Of wall clocks.
  std::vector<core::Millis> start_ms_;  // No tick before, so that ticks do not coincide.
  std::vector<core::Millis> next_collect_ms_;
  std::vector<Arrivals> arrivals_;
  std::set<std::pair<Index, Index>> connections_;  // As connect() was called.
  std::set<std::pair<Index, Index>> cut_;          // Of those.
  std::set<std::pair<Index, Index>> muted_;
  std::map<regions::LinkId, End> ends_;
  regions::LinkId last_link_ = 0;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t last_order_ = 0;
  Oracle oracle_;
  core::VersionVector written_;
  std::vector<std::string> alarms_;
};

}  // namespace anabranch::test
