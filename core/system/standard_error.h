// Lines for standard error, written by a thread of its own: whoever reads it, or does not, holds up
// nobody else. The thread begins with the first line and is never ended. A file has no reader: to
// it lines are written at once.
//
// The flag O_NONBLOCK would be shared with all processes that have the same pipe or terminal, so
// the thread asks whether there is room before it writes, and writes so little that it fits. At
// most kRoom of lines wait; more are dropped and counted. Signals are left to other threads. A
// process that was forked off has no such thread and writes by itself, as far as there is room.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace anabranch::core {

class StandardError {
 public:
  static constexpr std::size_t kRoom = std::size_t{1} << 20U;
  // How long the last lines of a process, or of a store, wait for room.
  static constexpr std::chrono::milliseconds kLastWait{1000};

  // Called by the thread when lines were dropped and there is room again: it may write().
  using Dropped = void (*)(std::uint64_t lines);

  // Takes a line, with its end. Never waits.
  static void write(std::string line);
  // Returns once all lines are written, or after so long; whether they are.
  static bool flush(std::chrono::milliseconds wait = kLastWait);
  // Writes behind what waits, on this thread, for a process that is about to end: waits for both as
  // long as for the last lines. Neither locks nor allocates: a signal handler may call it.
  static void write_last(std::string_view text);
  // The lines dropped since the process began.
  [[nodiscard]] static std::uint64_t dropped();
  static void tell_dropped(Dropped function);
};

}  // namespace anabranch::core
