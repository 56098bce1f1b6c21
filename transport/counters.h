// TransportCounters incremented by one thread while others read.
#pragma once

#include <atomic>
#include <cstdint>

#include "transport/transport.h"

namespace anabranch::transport {

struct AtomicCounters {
  std::atomic<std::uint64_t> frames_received{0};
  std::atomic<std::uint64_t> frames_sent{0};
  std::atomic<std::uint64_t> bytes_received{0};
  std::atomic<std::uint64_t> bytes_sent{0};
  std::atomic<std::uint64_t> frames_rejected{0};
  std::atomic<std::uint64_t> sends_failed{0};
  std::atomic<std::uint64_t> keys_unknown{0};
  std::atomic<std::uint64_t> keys_expired{0};
  std::atomic<std::uint64_t> handshakes_failed{0};
  std::atomic<std::uint64_t> connections_excess{0};
  std::atomic<std::uint64_t> messages_endless{0};
  std::atomic<std::uint64_t> apart_dropped{0};

  // Returns a copy; its numbers need not be of the same moment.
  [[nodiscard]] TransportCounters read() const {
    return {frames_received,   frames_sent,        bytes_received,   bytes_sent,
            frames_rejected,   sends_failed,       keys_unknown,     keys_expired,
            handshakes_failed, connections_excess, messages_endless, apart_dropped};
  }
};

}  // namespace anabranch::transport
