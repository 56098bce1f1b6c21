// What is known of one other leader, and how the exchange with it stands.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/version_vector.h"
#include "core/wall_clock.h"
#include "regions/exchange/out_stream.h"
#include "regions/wire/effect.h"
#include "regions/wire/message.h"

namespace anabranch::regions {

// One connection. Greeted once the far side has said who it is.
struct Link {
  LinkId id = 0;
  std::string address;           // The address that was dialled; empty when it was accepted.
  std::string region;            // Who must be at the other end; empty when that is open.
  core::Origin peer = 0;         // Who is at the other end; 0 before its greeting.
  std::uint64_t nonce = 0;       // Of that greeting: which opening of its directory.
  bool refused = false;          // Of another mesh or version: nothing is exchanged.
  std::string why_refused = {};  // Of one that is, for people: "is ...".
  bool other_protocol = false;   // What comes cannot be read, and is no fault of the peer.
  core::Millis heard_ms = -1;    // When something else than a greeting came last.
  core::Millis greeted_ms = 0;   // When our greeting was sent last.
  // When the last heartbeat was sent, by its sender's steady clock, and when it came.
  struct Beat {
    core::Millis sent_ms = 0;
    core::Millis heard_ms = 0;
  };
  std::optional<Beat> beat = {};
  // The hash of what is settled there, as it was said last, and whether our last greeting left out
  // what is settled here.
  std::optional<core::Hash128> settled = {};
  bool greeted_briefly = false;

  [[nodiscard]] std::optional<Echo> echo(core::Millis now) const {
    return beat ? std::optional(Echo{beat->sent_ms, now - beat->heard_ms}) : std::nullopt;
  }
};

// The consuming side: what is subscribed from this peer.
struct InStream {
  // How often it is subscribed anew, at most: so many times in so long. Each time the peer sends a
  // window anew, and a leader that stood still finds all that was said meanwhile at once.
  static constexpr core::Millis kAskMs = 10;
  static constexpr int kAsksMax = 4;

  std::uint64_t id = 0;               // 0: nothing was subscribed yet.
  std::vector<core::Origin> origins;  // Sorted.
  std::uint64_t taken = 0;            // Bytes of batches received in this stream.
  std::uint64_t acked = 0;            // The figure that the last ack carried.
  bool stale = true;                  // To be subscribed anew.
  std::uint64_t since = 0;            // The first stream since its newest link came up.
  core::Millis progress_ms = 0;       // When a batch arrived last, in any stream.
  core::Millis asked_ms = 0;          // When the first of the newest subscriptions was due...
  int asked = 0;                      // ...and how many were since.
  // {origin: the first seq of this stream that was not kept}: what follows comes in vain.
  std::map<core::Origin, core::Seq> dropped;

  [[nodiscard]] bool has(core::Origin origin) const {
    return std::ranges::binary_search(origins, origin);
  }
  // Counts a subscription; false when it is one too many and has to wait for kAskMs.
  [[nodiscard]] bool may_ask(core::Millis now) {
    if (now >= asked_ms + kAskMs) {
      asked_ms = now;
      asked = 0;
    }
    return ++asked <= kAsksMax;
  }
};

struct Peer {
  core::Origin origin = 0;
  std::string region;
  bool follows = false;  // It copies a leader of its region.
  std::uint64_t nonce = 0;
  std::vector<LinkId> links;    // Those that are up and greeted; the first one is used.
  core::VersionVector applied;  // As it showed last.
  core::VersionVector durable;
  core::VersionVector served_from;  // Where its log begins to serve, as far as it said.
  // What it was told, and the origins of which it was told that before the heartbeat was due;
  // when that was last.
  core::VersionVector told = {};
  std::vector<core::Origin> told_early = {};
  core::Millis shown_ms = std::numeric_limits<core::Millis>::min() / 2;
  OutStream out;
  InStream in;
  core::Millis behind_since_ms = -1;  // Since when it has not had everything; -1 when it has.

  [[nodiscard]] bool connected() const { return !links.empty(); }
  [[nodiscard]] bool leads(std::string_view name) const { return !follows && region == name; }
};

using Peers = std::map<core::Origin, Peer>;

// Those that lead: whoever asks what regions have, or waits for them, asks these.
[[nodiscard]] inline std::vector<const Peer*> leaders(const Peers& peers) {
  std::vector<const Peer*> leaders;
  for (const auto& [origin, peer] : peers) {
    if (!peer.follows) leaders.push_back(&peer);
  }
  return leaders;
}
// Those of one region.
[[nodiscard]] inline std::vector<const Peer*> leaders_of(std::string_view region,
                                                         const Peers& peers) {
  std::vector<const Peer*> leading = leaders(peers);
  std::erase_if(leading, [&](const Peer* peer) { return peer->region != region; });
  return leading;
}

}  // namespace anabranch::regions
