// Regions of a test whose keys expire: linked nodes, each with a sweep that has its turn.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <anabranch/handles.h>

#include "leader/sweeps/expiry_sweep.h"
#include "tests/leader/sweeps/sweep_world.h"

namespace anabranch::test {

class ExpiryWorld : public SweepWorld<leader::ExpirySweep> {
 public:
  static constexpr core::Millis kGraceMs = 5'000;
  static constexpr core::Millis kWaitMs = 60'000;

  explicit ExpiryWorld(std::size_t size, Links links = Links::kNone) {
    for (std::size_t i = 0; i < size; ++i) add_region(links);
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
  // Adds a member of a region that follows it, linked with all; its leader lists it.
  std::size_t add_listed(std::size_t leader) {
    const std::size_t at = nodes.size();
    follows_[at] = leader;
    add_region(Links::kAll);
    run(2'000);
    const regions::Identity& self = nodes.at(at).replica().identity();
    for (const core::Millis now : {core::Millis{0}, regions::Lister::kRipeMs}) {
      nodes.at(leader).replica().see_members(
          {{.node = self.node, .made_ms = now, .ripe = true, .origin = self.origin}}, 0, now);
    }
    run(2'000);
    CHECK(nodes.at(at).replica().members().is_listed());
    return at;
  }
  // The sweep of each region has its turn ten times a second.
  void run(core::Millis duration) {
    for (const core::Millis end = nodes.now() + duration; nodes.now() < end;) {
      nodes.run(100);
      slice_all();
      for (std::size_t i = 0; i < nodes.size(); ++i) {
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
  [[nodiscard]] std::uint64_t cleared(std::size_t at) const { return sweeps[at]->cleared(); }
  std::uint64_t stored(std::size_t at) {
    return nodes.at(at).storage().snapshot()->size(storage::Table::kExpiries);
  }

 private:
  std::unique_ptr<Node> make_node(std::size_t at,
                                  std::unique_ptr<storage::MemoryStorage> disk) override {
    regions::ReplicaOptions options = options_of(at);
    options.expiry_wait_ms = kWaitMs;
    if (const auto found = follows_.find(at); found != follows_.end()) {
      options.region = "r" + std::to_string(found->second);
      options.follows = true;
      options.promote_after_ms = 2'000;
    }
    return std::make_unique<Node>(options, std::move(disk), nodes.now() + ahead_ms_[at]);
  }
  std::unique_ptr<leader::ExpirySweep> make_sweep(std::size_t at) override {
    return std::make_unique<leader::ExpirySweep>(nodes.at(at).replica(), nodes.at(at).storage(),
                                                 resolvers,
                                                 leader::ExpiryLimits{.grace_ms = kGraceMs});
  }

  std::map<std::size_t, core::Millis> ahead_ms_;
  std::map<std::size_t, std::size_t> follows_;  // {a follower: the leader of its region}
};

}  // namespace anabranch::test
