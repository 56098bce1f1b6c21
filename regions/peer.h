// What is known of one other leader, and how the exchange with it stands.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/version_vector.h"
#include "core/wall_clock.h"
#include "regions/effect.h"
#include "regions/out_stream.h"

namespace anabranch::regions {

// One connection. Greeted once the far side has said who it is.
struct Link {
  LinkId id = 0;
  std::string address;          // The address that was dialled; empty when it was accepted.
  core::Origin peer = 0;        // Who is at the other end; 0 before its greeting.
  bool refused = false;         // Of another mesh or version: nothing is exchanged.
  bool heard = false;           // Something else than a greeting came: our own has arrived there.
  core::Millis greeted_ms = 0;  // When our greeting was sent last.
};

// The consuming side: what is subscribed from this peer.
struct InStream {
  std::uint64_t id = 0;               // 0: nothing was subscribed yet.
  std::vector<core::Origin> origins;  // Sorted.
  std::uint64_t taken = 0;            // Bytes of batches received in this stream.
  std::uint64_t acked = 0;            // The figure that the last ack carried.
  bool stale = true;                  // To be subscribed anew.
  core::Millis progress_ms = 0;       // When a batch arrived last, in any stream.

  [[nodiscard]] bool has(core::Origin origin) const {
    return std::ranges::binary_search(origins, origin);
  }
};

struct Peer {
  core::Origin origin = 0;
  std::string region;
  std::uint64_t nonce = 0;
  std::vector<LinkId> links;    // Those that are up and greeted; the first one is used.
  core::VersionVector applied;  // As it showed last.
  core::VersionVector durable;
  OutStream out;
  InStream in;
  core::Millis behind_since_ms = -1;  // Since when it has not had everything; -1 when it has.

  [[nodiscard]] bool connected() const { return !links.empty(); }
};

}  // namespace anabranch::regions
