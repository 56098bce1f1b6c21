#include "tests/sim/scene.h"

#include <cmath>
#include <vector>

namespace anabranch::test {

using core::Millis;

Scene::Scene(const Plan& plan)
    : plan_(plan), network_(plan.seed, plan.disks, plan.limits, plan.trust) {
  if (plan.wishes.engine) network_.run_on_engine(plan.seed);
  network_.announce();
  network_.allow_strays(plan.strays);
  if (plan.listing) network_.list_members();
  if (plan.promote_after_ms > 0) network_.choose_leaders(plan.promote_after_ms);
  if (plan.former) network_.write_as_before();
  build();
  add_followers();
  // Members are listed when they have been ripe for ten seconds; till then none can be promoted.
  constexpr Millis kListedMs = 14'000;
  if (network_.chooses()) network_.run(kListedMs);
}

void Scene::build() {
  const Network::Index size = plan_.regions;
  switch (plan_.shape) {
    case Shape::kMesh:
      network_.mesh(size);
      return;
    case Shape::kRing:
      size > 2 ? network_.ring(size) : network_.line(size);
      return;
    case Shape::kLine:
      network_.line(size);
      return;
    case Shape::kStar:
      network_.star(size);
      return;
    case Shape::kAny:
      break;
  }
  for (Network::Index at = 0; at < size; ++at) {  // Each to one before it, and some more.
    network_.add();
    if (at > 0) network_.connect(at, random().below(at));
    for (Network::Index other = 0; other < at; ++other) {
      if (!network_.connected(at, other) && random().chance(0.3)) network_.connect(at, other);
    }
  }
}

// Each is connected to its leader, mostly, and at times to another region besides.
void Scene::add_followers() {
  for (std::size_t i = 0; i < plan_.followers; ++i) {
    const Network::Index leader = random().below(plan_.regions);
    const Network::Index at = network_.add_follower(leader);
    network_.connect(at, random().chance(0.8) ? leader : random().below(at));
    const Network::Index other = random().below(at);
    if (random().chance(0.5) && !network_.connected(at, other)) network_.connect(at, other);
  }
}

std::optional<Network::Index> Scene::region_that(const IsRight& is_right) {
  const Network::Index first = any_region();
  for (Network::Index step = 0; step < network_.size(); ++step) {
    const Network::Index at = (first + step) % network_.size();
    if (is_right(at)) return at;
  }
  return std::nullopt;
}

std::optional<Network::Index> Scene::writable_region() {
  return region_that([&](Network::Index at) { return network_.writable(at); });
}

std::optional<Network::Index> Scene::readable_region() {
  return region_that([&](Network::Index at) { return network_.readable(at); });
}

std::optional<Scene::Pair> Scene::connected_pair() {
  std::vector<Pair> pairs;
  for (Network::Index one = 0; one < network_.size(); ++one) {
    for (Network::Index other = 0; other < network_.size(); ++other) {
      if (one != other && network_.connected(one, other)) pairs.emplace_back(one, other);
    }
  }
  if (pairs.empty()) return std::nullopt;
  return random().pick(pairs);
}

Millis Scene::duration() { return static_cast<Millis>(10 * std::pow(2000.0, random().unit())); }

void Scene::later(Millis after, std::function<void()> what) {
  later_.emplace(network_.now() + after, std::move(what));
}

void Scene::let_due_happen() {
  while (!later_.empty() && later_.begin()->first <= network_.now()) {
    const auto what = std::move(later_.begin()->second);
    later_.erase(later_.begin());
    what();
  }
}

void Scene::calm_down() {
  later_.clear();
  for (Network::Index at = 0; at < network_.size(); ++at) {
    regions::Replica& replica = network_.node(at).replica();
    for (Network::Index other = 0; other < network_.size(); ++other) {
      replica.resume(network_.node(other).replica().identity().region);
    }
  }
  network_.calm_down();
}

}  // namespace anabranch::test
