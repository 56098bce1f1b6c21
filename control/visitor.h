// A client of the control socket: its requests and answers, one at a time. ANABRANCH with its
// verbs, SELECT, PING and QUIT; it sends the next request to be run when the answer is taken.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "control/owner.h"
#include "control/resp/file.h"
#include "control/resp/parser.h"
#include "control/resp/writer.h"
#include "control/verbs/verb.h"

namespace anabranch::control {

// Not thread-safe.
class Visitor {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // The largest request is a plugin's module; an answer, a value of the greatest size as JSON.
  static constexpr std::size_t kRequestBytesMax = std::size_t{4} << 20U;
  static constexpr std::size_t kAnswerBytesMax = std::size_t{64} << 20U;

  // `owner` must outlive the visitor.
  Visitor(File socket, Owner& owner);
  Visitor(const Visitor&) = delete;
  Visitor& operator=(const Visitor&) = delete;

  [[nodiscard]] int fd() const { return socket_.fd(); }
  // The events of poll() that it waits for.
  [[nodiscard]] short events() const;
  // Reads requests, runs them and sends answers, as far as neither waits. Returns whether the
  // client stays.
  [[nodiscard]] bool go_on(Time now);
  // The time at which a byte came or went last.
  [[nodiscard]] Time last() const { return last_; }

 private:
  [[nodiscard]] bool receive(Time now);
  [[nodiscard]] bool send(Time now);
  // Runs the next request that has arrived; returns whether there was one.
  bool run_next();
  void run(Words words);
  void run_verb(const Verb& verb, Words words);
  void select(Words words);

  File socket_;
  Owner& owner_;
  Parser parser_;
  std::string input_;
  Output output_;
  std::size_t sent_ = 0;
  Writer reply_;
  std::uint8_t database_ = 0;
  bool closing_ = false;  // When the answer is sent.
  Time last_ = {};
};

}  // namespace anabranch::control
