// Notices a transaction whose function does not return: as long as it runs nobody else writes, and
// nothing is exchanged with other regions.
//
// Its thread sleeps as long as nothing runs, and is awake once per `patience` while something does.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace anabranch::leader {

// Thread-safe.
class Watchdog {
 public:
  static constexpr std::chrono::milliseconds kPatience{10'000};

  // A transaction that has been running for longer than `patience`.
  struct Long {
    std::chrono::milliseconds time{};
    std::uint64_t thread = 0;  // As the operating system numbers it.
  };

  // `region` stands before each line of the log.
  explicit Watchdog(std::string region, std::chrono::milliseconds patience = kPatience);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // The function of a transaction begins on this thread; and is over. One at a time. `what` it is
  // stands in the lines of the log.
  void begin(std::string what = "");
  void end();

  // The one that runs now, if it is a long one.
  [[nodiscard]] std::optional<Long> running() const;
  // How many there were since the start, the one that runs included.
  [[nodiscard]] std::uint64_t count() const;

 private:
  using Clock = std::chrono::steady_clock;

  void watch();
  // Says that what runs takes too long, under the mutex.
  void complain();
  [[nodiscard]] std::chrono::milliseconds time() const;

  const std::string region_;
  const std::chrono::milliseconds patience_;
  mutable std::mutex mutex_;  // Held for moments only, and nothing else is taken under it.
  std::condition_variable changed_;
  std::optional<Clock::time_point> began_;  // Nothing while nothing runs.
  Clock::time_point look_at_{};             // When what runs is complained of next.
  std::uint64_t thread_ = 0;
  std::string what_;  // " (EXEC of ...)", or nothing.
  std::uint64_t count_ = 0;
  bool long_ = false;    // What runs has been complained of.
  bool asleep_ = false;  // The thread waits without an end.
  bool stopped_ = false;
  std::thread watcher_;
};

}  // namespace anabranch::leader
