// The pieces of ZeroMQ that the transport is made of: a socket with all its options, whole messages
// in and out, and what libzmq tells of a socket's connections. Used by one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "core/result.h"
#include "transport/frame.h"

namespace anabranch::transport {

// Sets the options of a link and reads them back. To be called before bind and connect: later
// options would silently not count.
void set_options(zmq::socket_t& socket, const std::string& address);

// A message that takes the frame over instead of copying it, where that is cheaper.
zmq::message_t to_message(std::string frame);

// What came in one ZMTP message. Ours have one part; more of them are rubbish, and dropped.
struct Incoming {
  std::string routing_id;  // Of a ROUTER only.
  zmq::message_t frame;
  bool has_more_parts = false;

  [[nodiscard]] core::Result<Frame> decode() const {
    if (has_more_parts) return core::corrupt("a message of several parts");
    return decode_frame(frame.to_string_view());
  }
};

// What has come on a socket, as much as one turn may take; empty when nothing has.
std::vector<Incoming> receive_messages(zmq::socket_t& socket, bool is_router);

// A socket, and what libzmq tells of its connections. libzmq's thread blocks, and with it every
// link, when it has something to tell and nobody can take it. So: 1. the queue of events has no
// bound; 2. the telling is stopped before the end that reads is closed.
class WatchedSocket {
 public:
  struct Event {
    int id = 0;
    int descriptor = -1;
  };

  WatchedSocket() = default;
  // Throws zmq::error_t. `events` are those to be told of; `number` differs for each socket.
  WatchedSocket(zmq::context_t& context, zmq::socket_type type, int events, std::uint64_t number);
  ~WatchedSocket() { close(); }
  WatchedSocket(WatchedSocket&&) = default;
  WatchedSocket& operator=(WatchedSocket&& other) noexcept;

  void close();
  // The next event, or nothing when there is none.
  std::optional<Event> next();

  explicit operator bool() const { return socket_.handle() != nullptr; }
  zmq::socket_t& operator*() { return socket_; }
  zmq::socket_t* operator->() { return &socket_; }
  [[nodiscard]] void* events_handle() { return events_.handle(); }

 private:
  zmq::socket_t socket_;
  zmq::socket_t events_;
};

}  // namespace anabranch::transport
