// Regions of a test that execute requests: linked nodes, each with a sweep that has its turn.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <anabranch/handles.h>

#include "leader/scopes/group_scope.h"
#include "leader/sweeps/request_sweep.h"
#include "rows/requests/request_rows.h"
#include "tests/regions/linked_nodes.h"

namespace anabranch::test {

class RequestWorld {
 public:
  static constexpr core::Millis kOnceMs = 20'000;
  static constexpr core::Millis kGraceMs = 5'000;
  static constexpr core::Millis kStartMs = 1'700'000'000'000;  // Of all wall clocks.

  // Each region is linked with each.
  explicit RequestWorld(std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      nodes.add(make_node(i, nullptr));
      nodes.set_clock_ahead(i, kStartMs);
      sweeps.push_back(make_sweep(i));
      for (std::size_t other = 0; other < i; ++other) nodes.connect(i, other);
    }
  }

  void use(std::size_t at, const std::function<void(Scope&)>& function) {
    nodes.write(at, [&](regions::Group& /*group*/) {
      leader::GroupScope scope(nodes.at(at).replica(), resolvers, limits);
      function(scope);
    });
  }
  bool once(std::size_t at, std::string_view id, const std::function<void(Scope&)>& function,
            OnceIn where = OnceIn::kAnyRegion) {
    bool executed = false;
    use(at, [&](Scope& scope) { executed = scope.once(id, function, where); });
    return executed;
  }
  std::int64_t sum(std::size_t at, const std::string& key) {
    std::int64_t sum = 0;
    use(at, [&](Scope& scope) { sum = Counter{scope, key}.get(); });
    return sum;
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
  // The sweep of each region has its turn ten times a second.
  void run(core::Millis duration) {
    for (const core::Millis end = nodes.now() + duration; nodes.now() < end;) {
      nodes.run(100);
      for (std::size_t i = 0; i < nodes.size(); ++i) REQUIRE(sweeps[i]->slice(nodes.now()).ok());
    }
  }
  // Lets time pass until no region remembers a request; returns whether that took at most so long.
  bool run_until_forgotten(core::Millis at_most) {
    const core::Millis end = nodes.now() + at_most;
    const auto left = [&] {
      std::size_t all = 0;
      for (std::size_t at = 0; at < nodes.size(); ++at) all += rows(at);
      return all;
    };
    while (left() > 0 && nodes.now() < end) run(1'000);
    return left() == 0;
  }
  // Starts a region again on its storage.
  void restart(std::size_t at) {
    nodes.replace(at, make_node(at, nodes.at(at).storage().clone()));
    sweeps[at] = make_sweep(at);
  }
  // The rows of requests that a region stores.
  std::size_t rows(std::size_t at) {
    std::size_t rows = 0;
    nodes.at(at).replica().reader()->scan(rows::requests_path(),
                                          [&](const core::Path&, const crdt::Row&) {
                                            ++rows;
                                            return true;
                                          });
    return rows;
  }
  std::uint64_t forgotten() const {
    std::uint64_t all = 0;
    for (const auto& sweep : sweeps) all += sweep->counts().forgotten;
    return all;
  }

  LinkedNodes nodes;
  std::vector<std::unique_ptr<leader::RequestSweep>> sweeps;
  rows::Resolvers resolvers{{}};
  Options limits;

 private:
  std::unique_ptr<Node> make_node(std::size_t at, std::unique_ptr<storage::MemoryStorage> disk) {
    const regions::ReplicaOptions options{.mesh = {1, 1},
                                          .region = "r" + std::to_string(at),
                                          .fresh_origin = at + 1,
                                          .nonce = ++last_nonce_,
                                          .announce = true};
    auto node = std::make_unique<Node>(options, std::move(disk), kStartMs + nodes.now());
    REQUIRE(node->replica().announce().ok());
    return node;
  }
  std::unique_ptr<leader::RequestSweep> make_sweep(std::size_t at) {
    return std::make_unique<leader::RequestSweep>(
        nodes.at(at).replica(),
        leader::RequestLimits{.once_ms = kOnceMs, .grace_ms = kGraceMs, .looks = 7, .acts = 5});
  }

  std::uint64_t last_nonce_ = 0;
};

}  // namespace anabranch::test
