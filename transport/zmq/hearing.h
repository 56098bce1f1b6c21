// When a link was last heard. A link is silent when no byte has come for some time, as the kernel
// counts them: ZeroMQ's own pings come every two seconds, whatever the leader at the other end is
// busy with, and the bytes of a frame come long before all of it on a thin line. It is silent, too,
// when no frame has come for kFramesTimes that time. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

#include "transport/zmq/tcp_socket.h"

namespace anabranch::transport {

class Hearing {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr int kFramesTimes = 4;
  // Between two reports of the parts of a body.
  static constexpr std::chrono::milliseconds kPartInterval{100};

  // A frame has come, or could not have come until now.
  void refresh(Clock::time_point now) {
    frame_ = byte_ = now;
    if (taken_ == Clock::time_point{}) taken_ = now;
  }
  // Tells what the kernel has counted. Call it every second or so.
  void look(const TcpBytes& bytes, Clock::time_point now) {
    if (std::exchange(bytes_.received, bytes.received) != bytes.received) byte_ = now;
    const bool goes_on = bytes_.acknowledged != bytes.acknowledged || !bytes.are_under_way;
    if (goes_on) taken_ = now;
    bytes_ = bytes;
  }
  // Returns, once, that what was sent does not come through, again and again, while the other side
  // is heard: as on a line where a packet of full size is lost and nobody says so.
  [[nodiscard]] bool loses_large_ones(Clock::time_point now) {
    const bool is_stuck = now - taken_ >= kStuck && now - byte_ < kHeard;
    return is_stuck && !std::exchange(told_stuck_, true);
  }
  [[nodiscard]] bool is_silent(std::chrono::milliseconds silence_max, Clock::time_point now) const {
    return now - byte_ >= silence_max || now - frame_ >= kFramesTimes * silence_max;
  }
  // Returns whether a part of a body is to be reported, and notes that it is.
  [[nodiscard]] bool reports_part(Clock::time_point now) {
    if (now - part_ < kPartInterval) return false;
    part_ = now;
    return reported_ = true;
  }
  // Returns whether it is to be reported that a body is whole: parts of it were.
  [[nodiscard]] bool reports_whole() { return std::exchange(reported_, false); }

 private:
  static constexpr std::chrono::seconds kStuck{8};
  static constexpr std::chrono::seconds kHeard{5};

  TcpBytes bytes_;
  Clock::time_point taken_;  // When all that was sent had come, or more of it came.
  bool told_stuck_ = false;
  Clock::time_point byte_;
  Clock::time_point frame_;
  Clock::time_point part_;
  bool reported_ = false;
};

}  // namespace anabranch::transport
