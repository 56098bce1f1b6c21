// Regions of a test whose keys expire: linked nodes, each with a sweep that has its turn.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <anabranch/handles.h>

#include "leader/scopes/group_scope.h"
#include "leader/sweeps/expiry_sweep.h"
#include "tests/regions/linked_nodes.h"

namespace anabranch::test {

class ExpiryWorld {
 public:
  static constexpr core::Millis kGraceMs = 5'000;
  static constexpr core::Millis kWaitMs = 60'000;

  enum class Links { kNone, kAll };
  explicit ExpiryWorld(std::size_t size, Links links = Links::kNone) {
    for (std::size_t i = 0; i < size; ++i) {
      nodes.add(make_node(i, nullptr));
      sweeps.push_back(make_sweep(i));
      for (std::size_t other = 0; links == Links::kAll && other < i; ++other) {
        nodes.connect(i, other);
      }
    }
  }

  void use(std::size_t at, const std::function<void(Scope&)>& function) {
    nodes.write(at, [&](regions::Group& /*group*/) {
      leader::GroupScope scope(nodes.at(at).replica(), resolvers, limits);
      function(scope);
    });
  }
  void expire(std::size_t at, const std::string& key, core::Millis deadline) {
    use(at, [&](Scope& scope) { CHECK(scope.expire(key, deadline)); });
  }
  Type type(std::size_t at, const std::string& key) {
    Type type = Type::kNone;
    use(at, [&](Scope& scope) { type = scope.type(key); });
    return type;
  }
  std::uint64_t keys(std::size_t at) {
    std::uint64_t keys = 0;
    use(at, [&](Scope& scope) { keys = scope.count(Key::all(0)); });
    return keys;
  }
  // The sweep of each region has its turn ten times a second.
  void run(core::Millis duration) {
    for (const core::Millis end = nodes.now() + duration; nodes.now() < end;) {
      nodes.run(100);
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        REQUIRE(sweeps[i]->slice(nodes.now()).ok());
        CHECK(nodes.at(i).wrong_expiries() == "");
        CHECK(nodes.at(i).wrong_count() == "");
      }
    }
  }
  void run_until(core::Millis time) { run(time - nodes.now()); }
  void set_clock_ahead(std::size_t at, core::Millis ahead) {
    ahead_ms_[at] = ahead;
    nodes.set_clock_ahead(at, ahead);
  }
  // Starts a region again on its storage.
  void restart(std::size_t at) {
    nodes.replace(at, make_node(at, nodes.at(at).storage().clone()));
    sweeps[at] = make_sweep(at);
  }
  [[nodiscard]] std::uint64_t cleared(std::size_t at) const { return sweeps[at]->cleared(); }
  std::uint64_t stored(std::size_t at) {
    return nodes.at(at).storage().snapshot()->size(storage::Table::kExpiries);
  }

  LinkedNodes nodes;
  std::vector<std::unique_ptr<leader::ExpirySweep>> sweeps;
  rows::Resolvers resolvers{{}};
  Options limits;

 private:
  std::unique_ptr<Node> make_node(std::size_t at, std::unique_ptr<storage::MemoryStorage> disk) {
    const regions::ReplicaOptions options{.mesh = {1, 1},
                                          .region = "r" + std::to_string(at),
                                          .fresh_origin = at + 1,
                                          .nonce = ++last_nonce_,
                                          .expiry_wait_ms = kWaitMs,
                                          .announce = true};
    return std::make_unique<Node>(options, std::move(disk), nodes.now() + ahead_ms_[at]);
  }
  std::unique_ptr<leader::ExpirySweep> make_sweep(std::size_t at) {
    return std::make_unique<leader::ExpirySweep>(nodes.at(at).replica(), nodes.at(at).storage(),
                                                 resolvers,
                                                 leader::ExpiryLimits{.grace_ms = kGraceMs});
  }

  std::map<std::size_t, core::Millis> ahead_ms_;
  std::uint64_t last_nonce_ = 0;
};

}  // namespace anabranch::test
