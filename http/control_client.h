// A client of the control socket of a leader: verbs of ANABRANCH, one at a time, on a connection
// that is kept.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "control/resp/file.h"
#include "core/result.h"

namespace anabranch::http {

// Not thread-safe.
class ControlClient {
 public:
  using Words = std::vector<std::string>;

  // `stop_fd`: readable once every call shall end.
  ControlClient(std::string directory, int stop_fd);

  // Sends a verb, without ANABRANCH, and returns the answer: a string. Fails with kInvalid and the
  // leader's own sentence if it refuses; kIo if there is no leader, or it was closed; kTimeout if
  // there is no answer in time.
  core::Result<std::string> call(const Words& verb, std::chrono::milliseconds time);

 private:
  using Time = std::chrono::steady_clock::time_point;

  core::Result<void> connect();
  core::Result<void> send(std::string_view bytes, Time until);
  core::Result<void> receive(Time until);
  core::Result<void> wait(short events, Time until);
  core::Result<std::string> take_line(Time until);
  core::Result<std::string> take_answer(Time until);
  core::Result<std::string> ask(const std::string& request, Time until);

  const std::string directory_;
  const int stop_fd_;
  control::File socket_;
  std::string input_;
};

}  // namespace anabranch::http
