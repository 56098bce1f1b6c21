#include "tests/transport/zmq/relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace anabranch::test {
namespace {

constexpr std::size_t kBufferSize = std::size_t{64} << 10U;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

[[noreturn]] void fail(const char* call) {
  throw std::system_error(errno, std::generic_category(), call);
}

// A connection to the port, -1 when no process listens there.
int connect_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    return socket;
  }
  ::close(socket);
  return -1;
}

void set_no_delay(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

// Has the kernel keep few bytes of one direction of a socket.
void set_small(int socket, int buffer) {
  const int size = 16 << 10;
  ::setsockopt(socket, SOL_SOCKET, buffer, &size, sizeof(size));
}

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

Relay::Relay(std::uint16_t target_port, std::size_t bytes_per_second)
    : target_port_(target_port), rate_(bytes_per_second) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof(address);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0) fail("socket");
  if (rate_ != 0) set_small(listener_, SO_RCVBUF);
  if (::bind(listener_, any, size) != 0) fail("bind");
  if (::listen(listener_, SOMAXCONN) != 0) fail("listen");
  if (::getsockname(listener_, any, &size) != 0) fail("getsockname");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread{[this] { run(); }};
}

Relay::~Relay() {
  set_mode(Mode::kStop);
  thread_.join();
  ::close(listener_);
}

std::size_t Relay::connections() const {
  const std::lock_guard lock{mutex_};
  return connections_made_;
}

void Relay::set_mode(Mode mode) {
  std::unique_lock lock{mutex_};
  wanted_ = mode;
  wake_.signal();
  applied_.wait(lock, [&] { return mode_ == mode; });
}

// Takes over the wanted mode. Connections that it closes are closed before set_mode() returns.
Relay::Mode Relay::apply_mode() {
  wake_.reset();
  const std::lock_guard lock{mutex_};
  if (wanted_ == Mode::kCut || wanted_ == Mode::kStop) close_over(true);
  mode_ = wanted_;
  applied_.notify_all();
  return mode_;
}

void Relay::run() {
  std::vector<pollfd> watched;
  for (Mode mode = apply_mode(); mode != Mode::kStop;) {
    wait(mode, watched);
    if (watched[0].revents != 0) {
      mode = apply_mode();
      continue;
    }
    if (watched[1].revents != 0) accept(mode != Mode::kCut);
    if (mode != Mode::kFlow) continue;
    for (Connection& connection : connections_) {
      move(connection, 0);
      move(connection, 1);
    }
    close_over(false);
  }
}

// Watches each socket for its next operation: reading into an empty buffer, or writing the other
// side's.
void Relay::wait(Mode mode, std::vector<pollfd>& watched) {
  watched.clear();
  watched.push_back({wake_.fd(), POLLIN, 0});
  watched.push_back({listener_, POLLIN, 0});
  if (mode == Mode::kFlow) {
    for (const Connection& connection : connections_) {
      for (const std::size_t side : {0U, 1U}) {
        const bool reads = can_read(connection.buffers[side]);
        const bool must_write = !connection.buffers[1 - side].bytes.empty();
        const int events = (reads ? POLLIN : 0) | (must_write ? POLLOUT : 0);
        watched.push_back({connection.sockets[side], static_cast<short>(events), 0});
      }
    }
  }
  ::poll(watched.data(), watched.size(), timeout_ms());
}

bool Relay::can_read(const Buffer& buffer) const {
  return buffer.bytes.empty() && (rate_ == 0 || std::chrono::steady_clock::now() >= buffer.next);
}

void Relay::accept(bool is_wanted) {
  const int dialling = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (dialling < 0) return;
  const int listening = is_wanted ? connect_to(target_port_) : -1;
  if (listening < 0) {
    ::close(dialling);
    return;
  }
  set_no_delay(dialling);
  set_no_delay(listening);
  for (const int each : {dialling, listening}) {
    if (rate_ != 0) set_small(each, SO_SNDBUF);
  }
  connections_.push_back({{dialling, listening}, {}, false});
  const std::lock_guard lock{mutex_};
  ++connections_made_;
}

// Moves the bytes of one direction, without blocking.
void Relay::move(Connection& connection, std::size_t from) {
  Buffer& buffer = connection.buffers[from];
  if (buffer.bytes.empty()) {
    if (!can_read(buffer)) return;
    std::array<char, kBufferSize> read;
    const std::size_t most = rate_ == 0 ? read.size() : std::max<std::size_t>(512, rate_ / 20);
    const ssize_t size = ::recv(connection.sockets[from], read.data(), most, MSG_DONTWAIT);
    if (size == 0 || (size < 0 && !would_block())) connection.is_over = true;
    if (size <= 0) return;
    buffer.bytes.assign(read.data(), static_cast<std::size_t>(size));
    if (rate_ != 0) {
      const auto takes =
          std::chrono::microseconds(static_cast<std::size_t>(size) * 1'000'000 / rate_);
      buffer.next = std::max(buffer.next, std::chrono::steady_clock::now()) + takes;
    }
  }
  const ssize_t size = ::send(connection.sockets[1 - from], buffer.bytes.data() + buffer.sent,
                              buffer.bytes.size() - buffer.sent, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (size < 0 && !would_block()) connection.is_over = true;
  if (size > 0) buffer.sent += static_cast<std::size_t>(size);
  if (buffer.sent < buffer.bytes.size()) return;
  buffer.bytes.clear();
  buffer.sent = 0;
}

void Relay::close_over(bool all) {
  connections_.remove_if([all](const Connection& connection) {
    if (!all && !connection.is_over) return false;
    for (const int socket : connection.sockets) ::close(socket);
    return true;
  });
}

}  // namespace anabranch::test
