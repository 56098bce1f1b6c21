// The time that the far side of a connection has for an answer. A far side that is silent, or
// sends a byte now and then, is given up; a large answer over a slow line is not.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "server/steady_clock.h"

namespace anabranch::server {

// Not thread-safe.
class Patience {
 public:
  // How long until something has to come, when nothing else was said.
  static constexpr std::chrono::seconds kFirst{30};
  // For how long an answer that has begun may stand still.
  static constexpr std::chrono::seconds kPause{10};
  // How long an answer may take, beside a second for each 16 KiB that have come.
  static constexpr std::chrono::seconds kWhole{5};
  static constexpr std::size_t kBytesPerSecond = std::size_t{16} << 10U;

  // All that is awaited has to be there at a moment, however much has come.
  explicit Patience(SteadyTime until) : until_(until) {}
  void set_end(SteadyTime until) { until_ = until; }
  // From now on each answer has the time of the constants.
  void set_by_answer() { until_.reset(); }

  // Another answer, or another part of one, is awaited from now on; some of it may be there.
  void begin_answer(bool has_begun = false);
  // Bytes are to be sent from now on: these have kFirst, and a second for each 16 KiB taken.
  void begin_sending();
  // So many bytes have come, or were taken.
  void progress(std::size_t bytes);

  // Waits until a socket is ready for poll(2)'s events, or broken. Returns false when time is over.
  [[nodiscard]] bool wait(int socket, short events) const;

 private:
  [[nodiscard]] SteadyTime end() const;

  std::optional<SteadyTime> until_;
  bool sends_ = false;
  SteadyTime begun_ = steady_now();
  SteadyTime first_ = {};  // When the first byte came.
  SteadyTime last_ = {};
  bool has_begun_ = false;
  std::size_t bytes_ = 0;
};

}  // namespace anabranch::server
