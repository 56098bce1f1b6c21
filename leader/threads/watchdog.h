// Detects a transaction whose function does not return: while it runs, no other thread writes, and
// nothing is exchanged with other regions.
//
// Its thread sleeps while no function runs, and wakes once per `timeout` while one does.
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
  static constexpr std::chrono::milliseconds kTimeout{10'000};

  // A transaction that has been running for longer than `timeout`.
  struct Long {
    std::chrono::milliseconds time{};
    std::uint64_t thread = 0;  // The operating system's number of the thread.
  };

  // `region` is that of the store, for the log.
  explicit Watchdog(std::string region, std::chrono::milliseconds timeout = kTimeout);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // Note that the function of a transaction begins on this thread, and that it has ended. One at a
  // time. `what` describes the transaction in the lines of the log.
  void begin(std::string what = "");
  void end();

  // The running transaction, if it is a long one.
  [[nodiscard]] std::optional<Long> running() const;
  // The number of long transactions since the start, the running one included.
  [[nodiscard]] std::uint64_t count() const;

 private:
  using Clock = std::chrono::steady_clock;

  void watch();
  // Logs that the running function takes too long; call under the mutex.
  void warn();
  [[nodiscard]] std::chrono::milliseconds time() const;

  const std::string region_;
  const std::chrono::milliseconds patience_;
  mutable std::mutex mutex_;  // Held for moments only, and no other lock is taken under it.
  std::condition_variable changed_;
  std::optional<Clock::time_point> began_;  // nullopt while no function runs.
  Clock::time_point look_at_{};             // The time of the next line about the running function.
  std::uint64_t thread_ = 0;
  std::string what_;  // " (EXEC of ...)", or empty.
  std::uint64_t count_ = 0;
  bool long_ = false;    // The running function has been logged.
  bool asleep_ = false;  // The thread waits without a limit.
  bool stopped_ = false;
  std::thread watcher_;
};

}  // namespace anabranch::leader
