// Whether a turn of the leader will take long: by the messages that wait for it, by the size of the
// newest records, and by the turns before it. Not thread-safe.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>
#include <utility>

#include "leader/pace/pacer.h"
#include "regions/state/commit.h"
#include "transport/transport.h"

namespace anabranch::leader {

class TurnSize {
 public:
  struct Look {
    bool large = false;  // The turn may take some tens of milliseconds or more.
    // One that does not may store so much, about.
    regions::CommitSize stored;
  };
  // Returns what the next turn has to do, with these messages, and so many bytes of batches to
  // apply beside them.
  Look look(std::span<const transport::Event> waiting, std::size_t held_bytes, Pacer::Time now) {
    // Of many small ones a turn takes those of a few milliseconds.
    std::size_t largest = held_bytes;
    std::size_t bytes = held_bytes;
    bool any_cause = false;
    for (const transport::Event& event : waiting) {
      largest = std::max(largest, event.body.size());
      bytes += event.body.size();
      any_cause = any_cause || is_cause(event);
    }
    // The turn that takes a large record in may itself be longer than it is expected for.
    if (std::exchange(cause_waited_, any_cause) || any_cause) expect_long(now);
    bytes = std::min(bytes, kLarge);
    return {.large = largest >= kLarge || now < long_until_,
            .stored = {.bytes = 2 * bytes + kTick, .ops = std::min(bytes / kLeastOp, kOpsMost)}};
  }
  // A large record was written to the log: the turns that follow read it, for peers and for the
  // upkeep of the log.
  void expect_long(Pacer::Time now) { long_until_ = now + kLongFor; }
  // A turn ended. What took long mostly comes again: a peer that lacks much asks each second.
  void took(Pacer::Time begun, Pacer::Time now) {
    if (now - begun >= kLongTurn) expect_long(now);
  }

 private:
  static constexpr Pacer::Time kLongTurn = std::chrono::milliseconds(30);
  // Behind a large record, and behind a new link, since its peer may lack one, turns are long.
  static bool is_cause(const transport::Event& event) {
    return event.kind == transport::Event::Kind::kUp || event.body.size() >= kLargeRecord;
  }

  static constexpr std::size_t kLarge = std::size_t{256} << 10U;
  static constexpr std::size_t kTick = 4096;      // Bytes of rows of meta that a tick stores.
  static constexpr std::size_t kLeastOp = 16;     // Bytes.
  static constexpr std::size_t kOpsMost = 2'000;  // The log is asked for twice as much as applied.
  static constexpr std::size_t kLargeRecord = std::size_t{2} << 20U;  // Larger than a full group.
  static constexpr Pacer::Time kLongFor = std::chrono::seconds(2);

  Pacer::Time long_until_{};   // In the past: no turn is expected to be long.
  bool cause_waited_ = false;  // When this was asked last.
};

}  // namespace anabranch::leader
