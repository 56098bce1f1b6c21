// The state of one other leader, and of the exchange with it.
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
#include "regions/state/record_ends.h"
#include "regions/wire/effect.h"
#include "regions/wire/message.h"

namespace anabranch::regions {

// One connection. Greeted once the far side has named itself.
struct Link {
  LinkId id = 0;
  std::string address;  // The address that was dialled; empty when it was accepted.
  // The region that must be at the other end; empty when that is open.
  std::string region;
  core::Origin peer = 0;         // The origin at the other end; 0 before its greeting.
  std::uint64_t nonce = 0;       // That of its last greeting: names the opening of its directory.
  std::uint64_t renewals = 0;    // The number of renewals in its last greeting.
  bool refused = false;          // Of another mesh or version: nothing is exchanged.
  bool endless = false;          // It has shown origins without end: nothing of it is heard.
  std::string why_refused = {};  // The reason, for operators: "is ...".
  // Whether that says that the address leads to the wrong place: to this leader itself, or to one
  // of another mesh, protocol or region.
  bool misled = false;
  bool other_protocol = false;  // Its messages cannot be read, and that is no fault of the peer.
  core::Millis heard_ms = -1;   // When the last message other than a greeting came.
  core::Millis greeted_ms = 0;  // When our last greeting was sent.
  // Whether a message of another origin than `peer` has come since our last greeting.
  bool misheard = false;
  // The time of the last heartbeat, by its sender's steady clock, and that of its arrival.
  struct Beat {
    core::Millis sent_ms = 0;
    core::Millis heard_ms = 0;
  };
  std::optional<Beat> beat = {};
  // The newest heartbeat that echoes one of this leader: that was sent then, by the steady clock
  // here, and the heartbeat was built then, or later.
  struct Answer {
    core::Millis asked_ms = 0;
    core::Millis built_ms = 0;
  };
  std::optional<Answer> answer = {};
  // The time that the last heartbeat and the one it echoes were under way; nullopt while unknown.
  std::optional<core::Millis> round_trip_ms = {};
  // The hash of the settled origins there, as last told, and whether our last greeting left out the
  // origins that are settled here.
  std::optional<core::Hash128> settled = {};
  bool greeted_briefly = false;

  [[nodiscard]] std::optional<Echo> echo(core::Millis now) const {
    return beat ? std::optional(Echo{beat->sent_ms, now - beat->heard_ms}) : std::nullopt;
  }
};

// The consuming side: what is subscribed from this peer.
struct InStream {
  // The maximum rate of subscriptions: kAsksMax per kAskMs. Each time the peer sends a window anew,
  // and a leader that stood still finds all messages of the meantime at once.
  static constexpr core::Millis kAskMs = 10;
  static constexpr int kAsksMax = 4;
  // A stream whose batches arrive, but cannot be applied, is subscribed again after this time at
  // the earliest. The time doubles with each attempt, up to the maximum: after each one the peer
  // sends the same batches again, and over a slow link the batch that proves them must arrive in
  // time.
  static constexpr core::Millis kPatienceMs = 1'000;
  static constexpr core::Millis kPatienceMaxMs = 64'000;

  std::uint64_t id = 0;               // 0: no subscription was sent yet.
  std::vector<core::Origin> origins;  // Sorted.
  std::uint64_t taken = 0;            // Bytes of batches received in this stream.
  std::uint64_t acked = 0;            // The figure that the last ack carried.
  bool stale = true;                  // Must be subscribed anew.
  std::uint64_t since = 0;            // The first stream since its newest link came up.
  std::uint64_t ops = 0;              // In batches that arrived, in all streams.
  core::Millis progress_ms = 0;       // When the last batch arrived, in any stream.
  core::Millis opened_ms = 0;         // When this stream was subscribed.
  core::Millis asked_ms = 0;          // When the first of the newest subscriptions was due...
  int asked = 0;                      // ...and the number since then.
  // {origin: the first seq of this stream that was dropped}: later batches of it come in vain.
  std::map<core::Origin, core::Seq> dropped;
  // When a part of a longer body was last seen to come on a link of the peer; after all of it, or
  // without one, long ago.
  core::Millis part_ms = kLongAgo;
  static constexpr core::Millis kLongAgo = std::numeric_limits<core::Millis>::min() / 2;
  // Parts are told several times a second, or once in one where frames are slow.
  static constexpr core::Millis kPartMs = 2'500;
  // The time before the next attempt with batches that cannot be applied; see kPatienceMs.
  core::Millis patience_ms = kPatienceMs;

  [[nodiscard]] bool has(core::Origin origin) const {
    return std::ranges::binary_search(origins, origin);
  }
  // Returns whether a body is coming in. As long as it does nothing else can, and nothing is to be
  // asked for again: on a thin line that may take minutes.
  [[nodiscard]] bool is_coming(core::Millis now) const { return now - part_ms < kPartMs; }
  // Counts a subscription; returns false if it is one too many and must wait for kAskMs.
  [[nodiscard]] bool may_ask(core::Millis now) {
    if (now >= asked_ms + kAskMs) {
      asked_ms = now;
      asked = 0;
    }
    return ++asked <= kAsksMax;
  }
};

// The producing side: the newest subscription of a peer that has not begun yet. Beginning one reads
// the log and sends of it. So a peer that asks again and again, without need, has to wait: longer
// the more was read and sent for it, and searched.
struct AskedStream {
  static constexpr std::uint64_t kBytesPerMs = 20'000;
  // The log is searched for each origin that is named; more than a mesh has count as so many bytes.
  static constexpr std::size_t kOriginsFree = 64;
  static constexpr std::uint64_t kBytesPerOrigin = 10'000;

  std::optional<Subscribe> newest;
  core::Millis next_ms = InStream::kLongAgo;   // When it may begin.
  core::Millis since_ms = InStream::kLongAgo;  // When the first of the newest ones began...
  int count = 0;                               // ...and their number since then.

  // A leader asks no more often than this.
  void begun(std::uint64_t bytes, std::size_t origins, core::Millis now) {
    if (origins > kOriginsFree) bytes += (origins - kOriginsFree) * kBytesPerOrigin;
    if (now - since_ms >= InStream::kAskMs) {
      since_ms = now;
      count = 0;
    }
    next_ms = now + static_cast<core::Millis>(bytes / kBytesPerMs);
    if (++count >= InStream::kAsksMax) next_ms = std::max(next_ms, since_ms + InStream::kAskMs);
  }
};

struct Peer {
  core::Origin origin = 0;
  std::string region;
  bool follows = false;  // It copies a leader of its region.
  std::uint64_t nonce = 0;
  std::uint64_t kinds = Greeting::kKindsUntold;  // Of messages that it reads, as it greeted.
  std::vector<LinkId> links;                     // Up and greeted; the first one is used.
  core::VersionVector applied;                   // As it showed last.
  core::VersionVector durable;
  core::VersionVector served_from;  // The first seqs that its log serves, as far as it said.
  // The vector that it was told last, the origins told before the heartbeat was due, and the time
  // of that.
  core::VersionVector told = {};
  std::vector<core::Origin> told_early = {};
  core::Millis shown_ms = std::numeric_limits<core::Millis>::min() / 2;
  OutStream out;
  AskedStream asked;
  InStream in;
  // It has shown too many origins, and nothing of it is heard, or applied, until it greets again.
  bool endless = false;
  mutable ReadAllowance reading;  // Of the log, to compare its history and to tell it the own one.
  core::Millis behind_since_ms = -1;  // Since when it has lacked something; -1 if it lacks nothing.

  [[nodiscard]] bool connected() const { return !links.empty(); }
  // How many origins it has shown.
  [[nodiscard]] std::size_t origins_shown() const {
    return std::max({applied.size(), durable.size(), served_from.size()});
  }
  [[nodiscard]] bool leads(std::string_view name) const { return !follows && region == name; }
};

using Peers = std::map<core::Origin, Peer>;

// The peers that are leaders, not followers: the only ones that count for vectors of regions.
[[nodiscard]] inline std::vector<const Peer*> leaders(const Peers& peers) {
  std::vector<const Peer*> leaders;
  for (const auto& [origin, peer] : peers) {
    if (!peer.follows) leaders.push_back(&peer);
  }
  return leaders;
}
// The leaders of one region.
[[nodiscard]] inline std::vector<const Peer*> leaders_of(std::string_view region,
                                                         const Peers& peers) {
  std::vector<const Peer*> leading = leaders(peers);
  std::erase_if(leading, [&](const Peer* peer) { return peer->region != region; });
  return leading;
}

}  // namespace anabranch::regions
