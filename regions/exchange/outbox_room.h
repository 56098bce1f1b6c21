// The bodies of this leader that wait in the outbox of its transport: batches, and chunks of
// snapshots. A peer that takes them slowly, or asks for them again and again, must not fill the
// memory with them. So no more are handed over than a link needs to be kept busy, until the
// transport tells that they have left; and little at first, since who asks again has all read
// again. One that is larger than that goes when nothing else of its lane waits on the link, and all
// of those together have 64 MiB, or there is one: over all links, in turn. One that has not left
// after a minute no longer keeps others waiting. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "core/wall_clock.h"
#include "regions/wire/effect.h"

namespace anabranch::regions {

class OutboxRoom {
 public:
  // The most that waits in one lane of one link, at the begin of a stream and later; less where
  // there are many links.
  static constexpr std::uint64_t kFirstMax = std::uint64_t{1} << 20U;
  static constexpr std::uint64_t kLaneMax = std::uint64_t{8} << 20U;
  static constexpr std::uint64_t kSumMax = std::uint64_t{64} << 20U;
  // One of this size always goes when nothing else of its lane waits on the link.
  static constexpr std::uint64_t kLeastMax = std::uint64_t{65} << 10U;
  static constexpr core::Millis kStuckMs = 60'000;

  // Without a call of this there is always room: for owners that do not tell what has left.
  void bound() { bounded_ = true; }
  void set_time(core::Millis now) { now_ = now; }

  // Returns whether a body of this weight may be handed over now, in a stream of which the far side
  // has taken so much.
  [[nodiscard]] bool has_room(LinkId link, Lane lane, std::uint64_t weight,
                              std::uint64_t taken) const;
  void handed(LinkId link, const Turn& turn);
  // Tells the weight of all bodies of a lane that have left since the link came up.
  void left(LinkId link, Lane lane, std::uint64_t weight);
  void forget(LinkId link);

  // The weight of all that waits, in one lane of a link or in sum.
  [[nodiscard]] std::uint64_t waiting(LinkId link, Lane lane) const;
  [[nodiscard]] std::uint64_t waiting() const { return sum_; }

 private:
  struct Waiting {
    std::uint64_t handed = 0;
    std::uint64_t left = 0;
    std::uint64_t large = 0;  // The weight of the large one that waits; 0: none.
    core::Millis large_ms = 0;

    [[nodiscard]] std::uint64_t sum() const { return handed - left; }
  };
  // The most that waits in a lane beside large ones.
  [[nodiscard]] std::uint64_t share() const;
  [[nodiscard]] std::uint64_t large() const;
  [[nodiscard]] bool is_large(std::uint64_t weight) const {
    return weight > kLeastMax && weight > share();
  }

  bool bounded_ = false;
  core::Millis now_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t large_ = 0;                             // Of these, in large ones.
  std::uint64_t lanes_ = 0;                             // In which something waits.
  std::map<std::pair<LinkId, Lane>, Waiting> waiting_;  // Of links that something was handed to.
};

}  // namespace anabranch::regions
