// The reason why an address cannot be connected to, found by trying: ZeroMQ dials for ever and does
// not report the system's error. For messages only; no decision depends on it.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace anabranch::transport {

// Returns why no connection to a checked address "tcp://HOST:PORT" can be made: "connection
// refused", "no answer", "the name ... is not known"; empty when a connection was made, and closed
// again. Blocks for at most `timeout` plus the time of a name lookup.
std::string why_unreachable(const std::string& address, std::chrono::milliseconds timeout);
// Returns why the name in such an address has no address on the network; empty when it has one.
// Blocks for the time of a name lookup.
std::string why_unresolved(const std::string& address);

// Probes on a thread of its own, without blocking the caller. Not thread-safe.
class ReachProbe {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kPause{10};

  // Starts a probe, unless one is running or has been started within the last seconds.
  void ask(const std::string& address, Clock::time_point now);
  // Returns whether the answer is pending.
  [[nodiscard]] bool asking() const { return answer_ != nullptr; }
  // Returns each answer once; nullopt when there is no new one.
  std::optional<std::string> take();

 private:
  struct Answer {
    std::mutex mutex;
    bool known = false;
    std::string why;
  };
  std::shared_ptr<Answer> answer_;  // Null while no probe is running.
  std::optional<Clock::time_point> asked_;
};

}  // namespace anabranch::transport
