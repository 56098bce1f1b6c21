// CLIENT REPLY: whether a client wants the answers to its requests.
#pragma once

#include <cstdint>

namespace anabranch::server {

class ReplyMode {
 public:
  // Of CLIENT REPLY: ON, OFF and SKIP. SKIP changes nothing while it is off.
  void turn_on() { state_ = State::kOn; }
  void turn_off() { state_ = State::kOff; }
  void skip_next() { state_ = state_ == State::kOff ? State::kOff : State::kNext; }

  // A request is about to be run, perhaps not for the first time.
  void begin_request() { state_ = state_ == State::kNext ? State::kThis : state_; }
  // Whether the answer to the request that has begun is dropped.
  [[nodiscard]] bool drops() const { return state_ == State::kOff || state_ == State::kThis; }
  // The request has its answer.
  void end_request() { state_ = state_ == State::kThis ? State::kOn : state_; }

 private:
  // kNext: all but the answer to the next request; kThis: to the one that has begun.
  enum class State : std::uint8_t { kOn, kOff, kNext, kThis };

  State state_ = State::kOn;
};

}  // namespace anabranch::server
