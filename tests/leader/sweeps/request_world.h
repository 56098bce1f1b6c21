// Regions of a test that execute requests: linked nodes, each with a sweep that has its turn.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <anabranch/handles.h>

#include "leader/sweeps/request_sweep.h"
#include "rows/requests/request_rows.h"
#include "tests/leader/sweeps/sweep_world.h"

namespace anabranch::test {

class RequestWorld : public SweepWorld<leader::RequestSweep> {
 public:
  static constexpr core::Millis kOnceMs = 20'000;
  static constexpr core::Millis kGraceMs = 5'000;
  static constexpr core::Millis kStartMs = 1'700'000'000'000;  // Of all wall clocks.

  // Each region is linked with each.
  explicit RequestWorld(std::size_t size, regions::ReplicaLimits replica_limits = {})
      : replica_limits_(replica_limits) {
    for (std::size_t i = 0; i < size; ++i) {
      add_region(Links::kAll);
      nodes.set_clock_ahead(i, kStartMs);
    }
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
  // The sweep of each region has its turn ten times a second.
  void run(core::Millis duration) {
    for (const core::Millis end = nodes.now() + duration; nodes.now() < end;) run_rarely(100);
  }
  // The sweep of each region has its turn at the end, before it can know of the turns of others.
  void run_rarely(core::Millis duration) {
    nodes.run(duration);
    slice_all();
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

  std::uint64_t corrections() const {
    std::uint64_t all = 0;
    for (const auto& sweep : sweeps) all += sweep->counts().corrections;
    return all;
  }

 private:
  std::unique_ptr<Node> make_node(std::size_t at,
                                  std::unique_ptr<storage::MemoryStorage> disk) override {
    regions::ReplicaOptions options = options_of(at);
    options.limits = replica_limits_;
    auto node = std::make_unique<Node>(options, std::move(disk), kStartMs + nodes.now());
    REQUIRE(node->replica().announce().ok());
    return node;
  }
  std::unique_ptr<leader::RequestSweep> make_sweep(std::size_t at) override {
    return std::make_unique<leader::RequestSweep>(
        nodes.at(at).replica(),
        leader::RequestLimits{.once_ms = kOnceMs, .grace_ms = kGraceMs, .looks = 7, .acts = 5});
  }

  regions::ReplicaLimits replica_limits_;
};

}  // namespace anabranch::test
