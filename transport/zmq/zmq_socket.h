// The parts of ZeroMQ used by the transport: a socket with all its options, whole messages in and
// out, and libzmq's events of a socket's connections. Used by one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <zmq.hpp>

#include "core/result.h"
#include "transport/frame.h"

namespace anabranch::transport {

// ZeroMQ ends a handshake that takes longer.
inline constexpr std::chrono::milliseconds kHandshakeMost{3000};

// Sets the options of a link and reads them back. Call it before bind and connect: later options
// would silently have no effect.
void set_options(zmq::socket_t& socket, const std::string& address);

// One received ZMTP message. Ours have one part; messages of more parts are malformed, and dropped.
struct Incoming {
  std::string routing_id;  // Of a ROUTER only.
  zmq::message_t frame;
  bool has_more_parts = false;

  // The host at the other end of a ROUTER's connection; empty when ZeroMQ does not report it.
  [[nodiscard]] std::string peer_address() const;
  // The descriptor of the connection; -1 when ZeroMQ does not report it.
  [[nodiscard]] int descriptor() const;
  // Views point into the message.
  [[nodiscard]] core::Result<Frame> decode() const {
    if (has_more_parts) return core::corrupt("a message of several parts");
    return decode_frame(frame.to_string_view());
  }
};

// Takes the messages waiting on a socket, at most 1024, or of 8 MiB as they travel.
void receive_messages(zmq::socket_t& socket, bool is_router,
                      const std::function<void(Incoming)>& take);

// A socket with libzmq's events of its connections. libzmq's thread blocks, and with it every link,
// when it has an event and no room for it. So: 1. the queue of events has no bound; 2. the events
// are switched off before the reading end is closed.
class WatchedSocket {
 public:
  struct Event {
    int id = 0;
    // Of ZMQ_EVENT_CONNECT_RETRIED the pause before the next attempt, in ms, of
    // ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL an errno.
    int descriptor = -1;
  };

  WatchedSocket() = default;
  // Throws zmq::error_t. `events` are those to receive; `number` differs for each socket.
  WatchedSocket(zmq::context_t& context, zmq::socket_type type, int events, std::uint64_t number);
  ~WatchedSocket() { close(); }
  WatchedSocket(WatchedSocket&&) = default;
  WatchedSocket& operator=(WatchedSocket&& other) noexcept;

  void close();
  // Returns the next event; nullopt when there is none.
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
