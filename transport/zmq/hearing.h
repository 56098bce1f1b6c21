// When a link was last heard. A link is silent when no byte has come for some time, as the kernel
// counts them: ZeroMQ's own pings come every two seconds, whatever the leader at the other end is
// busy with, and the bytes of a frame come long before all of it on a thin line. It is silent, too,
// when no frame has come for kFramesTimes that time. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

namespace anabranch::transport {

class Hearing {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr int kFramesTimes = 4;
  // Between two reports of the parts of a body.
  static constexpr std::chrono::milliseconds kPartInterval{100};

  // A frame has come, or could not have come until now.
  void refresh(Clock::time_point now) { frame_ = byte_ = now; }
  // Tells how many bytes the kernel has received; 0 where that is not known.
  void look(std::uint64_t bytes, Clock::time_point now) {
    if (std::exchange(bytes_, bytes) != bytes) byte_ = now;
  }
  [[nodiscard]] bool is_silent(std::chrono::milliseconds silence_max, Clock::time_point now) const {
    return now - byte_ >= silence_max || now - frame_ >= kFramesTimes * silence_max;
  }
  // Returns whether a part of a body is to be reported, and notes that it is.
  [[nodiscard]] bool reports_part(Clock::time_point now) {
    if (now - part_ < kPartInterval) return false;
    part_ = now;
    return true;
  }

 private:
  std::uint64_t bytes_ = 0;
  Clock::time_point byte_;
  Clock::time_point frame_;
  Clock::time_point part_;
};

}  // namespace anabranch::transport
