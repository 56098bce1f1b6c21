// Two leaders of which one takes a snapshot of the other: a test carries their messages.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <variant>

#include "regions/snapshot/snapshots.h"
#include "tests/regions/receiver.h"

namespace anabranch::test {

struct SnapshotLeader : Receiver {
  static constexpr regions::LinkId kLink = 1;

  regions::SnapshotLimits limits{.slice_rows_max = 2, .chunk_bytes = 100};
  std::uint64_t log_bytes = 0;  // Behind each snapshot.
  regions::Snapshots snapshots{
      {state, exchange, effects, [](const auto&, auto&) {}, [this](auto) { return log_bytes; }},
      limits,
      1};

  SnapshotLeader(const std::string& region, core::Origin origin) : Receiver(region, origin) {
    state.join(snapshots);
  }
  // Hands over what the other one has sent.
  void hear(SnapshotLeader& other) {
    for (regions::Effect& effect : std::exchange(other.effects, {})) {
      auto* const send = std::get_if<regions::Send>(&effect);
      if (send == nullptr) continue;
      const regions::Peer& peer = *exchange.links().peer_at(kLink);
      if (auto* request = std::get_if<regions::SnapshotRequest>(&send->message)) {
        snapshots.on(peer, *request, 0);
      } else if (auto* chunk = std::get_if<regions::SnapshotChunk>(&send->message)) {
        snapshots.on(peer, std::move(*chunk), 0);
      } else if (auto* refusal = std::get_if<regions::SnapshotRefusal>(&send->message)) {
        snapshots.on(peer, *refusal, 0);
      }
    }
  }
};

struct SnapshotPair {
  static constexpr core::Origin kEu = 1;
  static constexpr core::Origin kUs = 2;

  SnapshotLeader eu{"eu", kEu};
  SnapshotLeader us{"us", kUs};

  SnapshotPair() {
    for (int i = 0; i < 9; ++i) us.put("us" + std::to_string(i), "v");
  }
  void meet() {
    eu.greet(SnapshotLeader::kLink, "us", kUs, us.state.applied().vector());
    us.greet(SnapshotLeader::kLink, "eu", kEu, eu.state.applied().vector());
  }
  void turn() {
    REQUIRE(us.snapshots.work(0, 1).ok());
    REQUIRE(eu.snapshots.work(0, 1).ok());
    us.hear(eu);
    eu.hear(us);
  }
  // Carries a snapshot of us to eu, as far as the merge or to its end.
  void begin() {
    eu.snapshots.ask(kUs, 0);
    for (int i = 0; i < 1000 && !eu.snapshots.merging(); ++i) turn();
    REQUIRE(eu.snapshots.merging());
  }
  void finish() {
    for (int i = 0; i < 1000 && eu.snapshots.receiving(); ++i) turn();
    REQUIRE_FALSE(eu.snapshots.receiving());
  }
  void merge() {
    meet();
    begin();
    finish();
  }
};

}  // namespace anabranch::test
