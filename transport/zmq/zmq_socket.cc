#include "transport/zmq/zmq_socket.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "core/assert.h"
#include "transport/address.h"
#include "transport/zmq/redial.h"

namespace anabranch::transport {

namespace {

// The most that is read of one socket at once.
constexpr std::size_t kReadMessagesMax = 1024;
constexpr std::size_t kReadBytesMax = std::size_t{8} << 20U;

// Sets an option and reads it back: libzmq accepts some values and applies others.
template <typename T>
void set_option(zmq::socket_t& socket, int option, T value) {
  const int set = zmq_setsockopt(socket.handle(), option, &value, sizeof(value));
  ANABRANCH_ASSERT(set == 0);
  T applied{};
  std::size_t size = sizeof(applied);
  const int got = zmq_getsockopt(socket.handle(), option, &applied, &size);
  ANABRANCH_ASSERT(got == 0 && applied == value);
}

bool receive_message(zmq::socket_t& socket, bool is_router, Incoming& incoming) {
  zmq::message_t part;
  if (is_router) {
    if (!socket.recv(part, zmq::recv_flags::dontwait)) return false;
    incoming.routing_id = part.to_string();
    if (!part.more()) return true;
  }
  if (!socket.recv(incoming.frame, zmq::recv_flags::dontwait)) return false;
  bool more = incoming.frame.more();
  incoming.has_more_parts = more;
  while (more && socket.recv(part, zmq::recv_flags::dontwait)) more = part.more();
  return true;
}

}  // namespace

void set_options(zmq::socket_t& socket, const std::string& address) {
  set_option(socket, ZMQ_LINGER, 0);
  set_option(socket, ZMQ_SNDHWM, 0);  // Little is handed over at once; see out_link.h.
  set_option(socket, ZMQ_RCVHWM, 0);  // See waiting_frames.h.
  set_option(socket, ZMQ_MAXMSGSIZE, static_cast<std::int64_t>(kFrameSizeMax));
  set_option(socket, ZMQ_HEARTBEAT_IVL, 2000);
  set_option(socket, ZMQ_HEARTBEAT_TIMEOUT, 15'000);
  set_option(socket, ZMQ_HEARTBEAT_TTL, 15'000);
  set_option(socket, ZMQ_HANDSHAKE_IVL, static_cast<int>(kHandshakeMost.count()));
  set_option(socket, ZMQ_CONNECT_TIMEOUT, 3000);
  set_option(socket, ZMQ_IMMEDIATE, 1);
  set_option(socket, ZMQ_RECONNECT_IVL, static_cast<int>(Redial::kPauseMin.count()));
  set_option(socket, ZMQ_RECONNECT_IVL_MAX, static_cast<int>(Redial::kPauseMax.count()));
  set_option(socket, ZMQ_IPV6, is_ipv6(address) ? 1 : 0);
}

std::string Incoming::peer_address() const {
  const char* const address = zmq_msg_gets(frame.handle(), "Peer-Address");
  return address == nullptr ? std::string() : address;
}

int Incoming::descriptor() const {
  const char* const descriptor = zmq_msg_gets(frame.handle(), "__fd");
  return descriptor == nullptr ? -1 : std::atoi(descriptor);
}

void receive_messages(zmq::socket_t& socket, bool is_router,
                      const std::function<void(Incoming)>& take) {
  std::size_t bytes = 0;
  for (std::size_t count = 0; count < kReadMessagesMax && bytes < kReadBytesMax; ++count) {
    Incoming incoming;
    if (!receive_message(socket, is_router, incoming)) break;
    bytes += incoming.frame.size();
    take(std::move(incoming));
  }
}

WatchedSocket::WatchedSocket(zmq::context_t& context, zmq::socket_type type, int events,
                             std::uint64_t number)
    : socket_(context, type), events_(context, zmq::socket_type::pair) {
  const std::string address = "inproc://monitor-" + std::to_string(number);
  if (zmq_socket_monitor(socket_.handle(), address.c_str(), events) != 0) throw zmq::error_t{};
  set_option(events_, ZMQ_LINGER, 0);
  set_option(events_, ZMQ_RCVHWM, 0);
  events_.connect(address);
}

WatchedSocket& WatchedSocket::operator=(WatchedSocket&& other) noexcept {
  close();
  socket_ = std::move(other.socket_);
  events_ = std::move(other.events_);
  return *this;
}

void WatchedSocket::close() {
  if (socket_) zmq_socket_monitor(socket_.handle(), nullptr, 0);
  events_.close();
  socket_.close();
}

std::optional<WatchedSocket::Event> WatchedSocket::next() {
  Incoming event;
  if (!receive_message(events_, false, event)) return std::nullopt;
  std::uint16_t id = 0;
  std::int32_t value = 0;
  ANABRANCH_ASSERT(event.frame.size() == sizeof(id) + sizeof(value));
  std::memcpy(&id, event.frame.data(), sizeof(id));
  std::memcpy(&value, event.frame.data<char>() + sizeof(id), sizeof(value));
  return Event{id, value};
}

}  // namespace anabranch::transport
