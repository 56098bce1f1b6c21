// Regions of a test, each with a sweep of one kind: linked nodes r0, r1, ..., used by scopes.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <anabranch/handles.h>

#include "leader/scopes/group_scope.h"
#include "tests/regions/linked_nodes.h"

namespace anabranch::test {

template <typename Sweep>
class SweepWorld {
 public:
  enum class Links { kNone, kAll };

  virtual ~SweepWorld() = default;
  SweepWorld(const SweepWorld&) = delete;
  SweepWorld& operator=(const SweepWorld&) = delete;

  void use(std::size_t at, const std::function<void(Scope&)>& function) {
    nodes.write(at, [&](regions::Group& /*group*/) {
      leader::GroupScope scope(nodes.at(at).replica(), resolvers, limits);
      function(scope);
    });
  }
  // The value of a register; "-" if it is absent.
  std::string value(std::size_t at, const std::string& key) {
    std::string value;
    use(at, [&](Scope& scope) { value = Register<std::string>{scope, key}.get().value_or("-"); });
    return value;
  }
  void part(std::size_t one, std::size_t other) { nodes.disconnect(one, other); }
  void meet(std::size_t one, std::size_t other) {
    nodes.connect(std::max(one, other), std::min(one, other));  // As at the beginning.
  }
  void cut_off(std::size_t at) {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (i != at) part(at, i);
    }
  }
  void bring_back(std::size_t at) {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (i != at) meet(at, i);
    }
  }
  // Starts a region again on its storage.
  void restart(std::size_t at) {
    nodes.replace(at, make_node(at, nodes.at(at).storage().clone()));
    sweeps[at] = make_sweep(at);
  }

  LinkedNodes nodes;
  std::vector<std::unique_ptr<Sweep>> sweeps;
  rows::Resolvers resolvers{{}};
  Options limits;

 protected:
  SweepWorld() = default;

  // Adds a region; with kAll linked with all that are there.
  void add_region(Links links) {
    const std::size_t at = nodes.size();
    nodes.add(make_node(at, nullptr));
    sweeps.push_back(make_sweep(at));
    for (std::size_t other = 0; links == Links::kAll && other < at; ++other) {
      nodes.connect(at, other);
    }
  }
  // The sweep of each region has a turn.
  void slice_all() {
    for (auto& sweep : sweeps) REQUIRE(sweep->slice(nodes.now()).ok());
  }
  // Returns the options of a region at its next start.
  regions::ReplicaOptions options_of(std::size_t at) {
    return {.mesh = {1, 1},
            .region = "r" + std::to_string(at),
            .fresh_origin = at + 1,
            .nonce = ++last_nonce_,
            .announce = true};
  }

  virtual std::unique_ptr<Node> make_node(std::size_t at,
                                          std::unique_ptr<storage::MemoryStorage> disk) = 0;
  virtual std::unique_ptr<Sweep> make_sweep(std::size_t at) = 0;

 private:
  std::uint64_t last_nonce_ = 0;
};

}  // namespace anabranch::test
