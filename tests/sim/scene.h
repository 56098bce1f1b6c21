// The place where faults strike: a network of the shape that a plan asks for, and the ends of
// faults to come. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "tests/sim/network.h"
#include "tests/sim/plan.h"

namespace anabranch::test {

class Scene {
 public:
  using Pair = std::pair<Network::Index, Network::Index>;
  explicit Scene(const Plan& plan);

  [[nodiscard]] Network& network() { return network_; }
  [[nodiscard]] Random& random() { return network_.random(); }
  [[nodiscard]] const Plan& plan() const { return plan_; }

  [[nodiscard]] Network::Index any_region() { return random().below(network_.size()); }
  using IsRight = std::function<bool(Network::Index)>;
  [[nodiscard]] std::optional<Network::Index> region_that(const IsRight& is_right);
  // A region that takes writes now; nullopt when there is none.
  [[nodiscard]] std::optional<Network::Index> writable_region();
  // The same, or a follower that runs.
  [[nodiscard]] std::optional<Network::Index> readable_region();
  // Two regions that were connected, whether the link is up or not; nullopt in a mesh of one.
  [[nodiscard]] std::optional<Pair> connected_pair();
  // How long something lasts, from 10 ms to 20 s, each magnitude as likely as the next.
  [[nodiscard]] core::Millis duration();

  // Has something happen some time from now, unless calm comes first.
  void later(core::Millis after, std::function<void()> what);
  // Runs the functions that are due.
  void let_due_happen();
  // Ends all that will end, heals everything.
  void calm_down();

 private:
  void build();
  void add_followers();

  const Plan& plan_;
  Network network_;
  std::multimap<core::Millis, std::function<void()>> later_;
};

}  // namespace anabranch::test
