// How long the answers to wrong passwords wait, by the address that they come from and the user
// that they name.
//
// Each wrong password within a minute of the last one waits twice as long as that, from 50 ms to
// 3.2 s. A right password never waits and is never refused: behind one proxy with clients that
// guess wrongly, or hold an old password, all others go on.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace anabranch::server {

// Not thread-safe.
class FailedLogins {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Milliseconds = std::chrono::milliseconds;

  // Of addresses with users; the one that failed first is forgotten.
  static constexpr std::size_t kLoginsMax = 1024;
  // Users whose names begin with as many equal bytes wait as one.
  static constexpr std::size_t kNameMax = 256;
  static constexpr unsigned kDoublings = 6;

  // The first wrong password waits for `least`.
  explicit FailedLogins(Milliseconds least = Milliseconds(50)) : least_(least) {}

  // Notes a wrong password; returns how long its answer is to wait.
  Milliseconds add(std::string_view host, std::string_view user, Time now);

  // The addresses with the users that had a wrong password.
  [[nodiscard]] std::size_t logins() const { return failures_.size(); }

 private:
  struct Failures {
    unsigned count = 0;
    Time last = {};
  };

  void forget_oldest();

  Milliseconds least_;
  std::map<std::string, Failures, std::less<>> failures_;
};

}  // namespace anabranch::server
