// The outbox: requests of callers to the thread that owns the sockets. All functions are
// thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "transport/keys.h"
#include "transport/transport.h"
#include "transport/wake.h"

namespace anabranch::transport {

// A message to send, messages to drop, a link to reject, to dial anew or to doubt, or keys to take
// into use.
struct Request {
  enum class Kind : std::uint8_t { kSend, kDrop, kReject, kRedial, kDoubt, kKeys };
  Kind kind = Kind::kSend;
  LinkId link = 0;
  std::uint8_t message_kind = 0;
  std::string body;  // Of kReject: the reason.
  SharedKeys keys = {};
  Turn turn = {};  // Of kDrop: the lane, and the first stream that stays.
};

class Outbox {
 public:
  void push(Request request);
  // Moves all requests, oldest first, into `taken`, and reuses its memory.
  void take(std::vector<Request>& taken);
  // Wakes the owner without a request.
  void poke() const { wake_.signal(); }
  // Readable when the owner has work; take() makes it unreadable.
  [[nodiscard]] int fd() const { return wake_.fd(); }

 private:
  std::mutex mutex_;
  std::vector<Request> requests_;
  Wake wake_;
};

}  // namespace anabranch::transport
