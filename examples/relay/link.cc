#include "examples/relay/link.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace relay {
namespace {

constexpr std::chrono::milliseconds kSlow{300};
constexpr std::size_t kPart = std::size_t{64} << 10U;
constexpr std::size_t kHeldMax = std::size_t{4} << 20U;  // Of one way; then nothing more is read.

[[noreturn]] void fail(const char* call) {
  throw std::system_error(errno, std::generic_category(), call);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

bool would_wait() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

// Returns -1 when nobody listens there.
int dial(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const auto* const to = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(socket, to, sizeof(address)) == 0) return socket;
  ::close(socket);
  return -1;
}

}  // namespace

std::string to_string(State state) {
  return state == State::kOpen ? "open" : state == State::kCut ? "cut" : "slow";
}

int listen_on(std::uint16_t& port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) fail("socket");
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address = loopback(port);
  socklen_t size = sizeof(address);
  auto* const place = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket, place, size) != 0) fail("bind");
  if (::listen(socket, SOMAXCONN) != 0) fail("listen");
  if (::getsockname(socket, place, &size) != 0) fail("getsockname");
  port = ntohs(address.sin_port);
  return socket;
}

Link::Link(std::string one, std::string other, std::uint16_t port, std::uint16_t target)
    : one_(std::move(one)), other_(std::move(other)), target_(target), listener_(listen_on(port)) {}

Link::~Link() {
  for (const Connection& each : connections_) {
    for (const int socket : each.sockets) ::close(socket);
  }
  ::close(listener_);
}

bool Link::is_between(const std::string& one, const std::string& other) const {
  return (one == one_ && other == other_) || (one == other_ && other == one_);
}

std::string Link::describe() const {
  return one_ + ' ' + other_ + ' ' + to_string(state_) + ' ' + std::to_string(passed_[0]) + ' ' +
         std::to_string(passed_[1]);
}

std::optional<Clock::time_point> Link::watch(std::vector<pollfd>& sockets) const {
  std::optional<Clock::time_point> due;
  if (state_ == State::kCut) return due;
  const auto now = Clock::now();
  sockets.push_back({listener_, POLLIN, 0});
  for (const Connection& each : connections_) {
    for (const std::size_t side : {0U, 1U}) {
      const Way& in = each.ways[side];
      const Way& out = each.ways[1 - side];
      const bool must_write = !out.parts.empty() && out.parts.front().due <= now;
      const bool can_read = !in.has_ended && in.bytes < kHeldMax;
      const int events = (can_read ? POLLIN : 0) | (must_write ? POLLOUT : 0);
      if (events != 0) sockets.push_back({each.sockets[side], static_cast<short>(events), 0});
      if (out.parts.empty() || must_write) continue;
      due = std::min(due.value_or(out.parts.front().due), out.parts.front().due);
    }
  }
  return due;
}

void Link::move() {
  if (state_ == State::kCut) return;
  accept();
  const auto now = Clock::now();
  for (Connection& each : connections_) {
    for (const std::size_t side : {0U, 1U}) {
      read(each, side, now);
      write(each, side, now);
    }
  }
  connections_.remove_if([](const Connection& each) {
    const bool is_over = each.is_broken || (each.ways[0].is_told && each.ways[1].is_told);
    if (!is_over) return false;
    for (const int socket : each.sockets) ::close(socket);
    return true;
  });
}

void Link::accept() {
  const int here = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (here < 0) return;
  const int there = dial(target_);
  if (there < 0) {
    ::close(here);
    return;
  }
  const int on = 1;
  for (const int socket : {here, there}) {
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  connections_.push_back({{here, there}, {}, false});
}

void Link::read(Connection& connection, std::size_t side, Clock::time_point now) const {
  Way& way = connection.ways[side];
  if (way.has_ended || way.bytes >= kHeldMax) return;
  std::string bytes(kPart, '\0');
  const ssize_t size = ::recv(connection.sockets[side], bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (size < 0 && would_wait()) return;
  if (size <= 0) {
    way.has_ended = true;
    return;
  }
  bytes.resize(static_cast<std::size_t>(size));
  way.bytes += bytes.size();
  // Bytes behind slow ones stay behind them.
  const auto due = state_ == State::kSlow ? now + kSlow : now;
  const auto before = way.parts.empty() ? due : way.parts.back().due;
  way.parts.push_back({std::max(due, before), std::move(bytes)});
}

void Link::write(Connection& connection, std::size_t side, Clock::time_point now) {
  Way& way = connection.ways[side];
  const int to = connection.sockets[1 - side];
  while (!way.parts.empty() && way.parts.front().due <= now) {
    std::string& bytes = way.parts.front().bytes;
    const ssize_t size = ::send(to, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size < 0) {
      connection.is_broken = !would_wait();
      return;
    }
    const auto sent = static_cast<std::size_t>(size);
    passed_[side] += sent;
    way.bytes -= sent;
    bytes.erase(0, sent);
    if (!bytes.empty()) return;
    way.parts.pop_front();
  }
  if (way.has_ended && way.parts.empty() && !std::exchange(way.is_told, true)) {
    ::shutdown(to, SHUT_WR);
  }
}

}  // namespace relay
