// Between the HTTP port and the thread of the loop: questions about users wait here until its turn.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>

#include "control/resp/file.h"
#include "core/mutex.h"
#include "http/gate.h"
#include "server/resp/web/judge.h"

namespace anabranch::server {

// Thread-safe.
class WebGate final : public http::Gate {
 public:
  // As many as the HTTP port has connections.
  static constexpr std::size_t kWaitingMax = 256;

  // Throws std::system_error if the system has no descriptor left.
  explicit WebGate(bool has_users);

  [[nodiscard]] bool has_users() const override { return has_users_; }
  bool ask(Question question, Then then) override;
  void leave() override;

  // ---- For the loop.

  // Readable while questions wait.
  [[nodiscard]] int fd() const { return wake_.fd(); }
  // Answers all questions that wait.
  void serve(Judge& judge);
  // Takes over whether there are users, and what has become of rights that last.
  void follow(Judge& judge);

 private:
  control::File wake_;
  std::atomic<bool> has_users_;
  core::Mutex mutex_;
  std::deque<std::pair<Question, Then>> waiting_;
  core::Mutex calling_;  // Held while questions are answered.
};

}  // namespace anabranch::server
