// The bytes that were sent on a link and that its far side has not shown to have. A link keeps its
// order: when a heartbeat is echoed, everything that was sent before it has arrived. So the queue
// before a slow link is bounded without acks of its own. Not thread-safe.
#pragma once

#include <cstddef>
#include <deque>

#include "core/hlc.h"

namespace anabranch::regions {

class BytesUnderWay {
 public:
  static constexpr std::size_t kBytesMax = std::size_t{1} << 20U;
  // A far side that echoes takes up to two heartbeats for it, and the round trip.
  static constexpr core::Millis kWaitMs = 4000;

  // Whether so many bytes more may be sent.
  [[nodiscard]] bool has_room(std::size_t bytes, core::Millis now) const {
    return parts_.empty() ||
           (bytes_ + bytes <= kBytesMax && now - parts_.front().first_ms <= kWaitMs);
  }
  void sent(std::size_t bytes, core::Millis now) {
    bytes_ += bytes;
    if (parts_.empty() || now - parts_.back().first_ms >= kPartMs) parts_.push_back({now, now, 0});
    parts_.back().last_ms = now;
    parts_.back().bytes += bytes;
  }
  // The far side has heard the heartbeat that was sent at this time.
  void echoed(core::Millis sent_ms) {
    while (!parts_.empty() && parts_.front().last_ms < sent_ms) {
      bytes_ -= parts_.front().bytes;
      parts_.pop_front();
    }
  }

  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  static constexpr core::Millis kPartMs = 100;  // So there are at most about kWaitMs / kPartMs.
  struct Part {
    core::Millis first_ms = 0;
    core::Millis last_ms = 0;
    std::size_t bytes = 0;
  };
  std::deque<Part> parts_;
  std::size_t bytes_ = 0;
};

}  // namespace anabranch::regions
