// Why an address cannot be connected to, found out by trying: ZeroMQ dials for ever and tells
// nobody what the machine said. For words only; nothing is decided by it.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace anabranch::transport {

// "connection refused", "no answer", "the name ... is not known": why no connection to a checked
// address "tcp://HOST:PORT" can be made; empty when one was made, and closed again. Blocks for at
// most `patience`, and as long as the machine takes to look up a name.
std::string why_unreachable(const std::string& address, std::chrono::milliseconds patience);
// Why the name in such an address has no address on the network; empty when it has. Blocks so, too.
std::string why_unresolved(const std::string& address);

// Asks that on a thread of its own, which nobody waits for. Not thread-safe.
class ReachProbe {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kPause{10};

  // Begins to ask, unless it is asking or has asked within the last seconds.
  void ask(const std::string& address, Clock::time_point now);
  // Whether the answer is still to come.
  [[nodiscard]] bool asking() const { return answer_ != nullptr; }
  // What was found out, once; nothing while nothing new is known.
  std::optional<std::string> take();

 private:
  struct Answer {
    std::mutex mutex;
    bool known = false;
    std::string why;
  };
  std::shared_ptr<Answer> answer_;  // Null while nothing is asked.
  std::optional<Clock::time_point> asked_;
};

}  // namespace anabranch::transport
