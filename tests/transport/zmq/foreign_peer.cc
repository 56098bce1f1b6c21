#include "tests/transport/zmq/foreign_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "core/assert.h"

namespace anabranch::test {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// The flags of a part on the wire.
constexpr unsigned kMore = 1;
constexpr unsigned kLong = 2;
constexpr unsigned kCommand = 4;
constexpr std::size_t kGreetingSize = 64;

int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
  return static_cast<int>(std::max<milliseconds::rep>(0, left.count()));
}

// An integer of `width` bytes, most significant first.
std::string big_endian(std::uint64_t value, unsigned width) {
  std::string bytes;
  while (width-- > 0) bytes.push_back(static_cast<char>(value >> (8 * width)));
  return bytes;
}

std::string part(unsigned flags, const std::string& bytes) {
  const bool is_long = bytes.size() > 255;
  const auto all_flags = static_cast<char>(flags | (is_long ? kLong : 0));
  return all_flags + big_endian(bytes.size(), is_long ? 8 : 1) + bytes;
}

std::string property(const std::string& name, const std::string& value) {
  return big_endian(name.size(), 1) + name + big_endian(value.size(), 4) + value;
}

std::string greeting() {
  std::string bytes{"\xff\0\0\0\0\0\0\0\0\x7f\x03\0NULL", 16};
  bytes.resize(kGreetingSize, '\0');
  return bytes;
}

}  // namespace

std::uint16_t port_of(const std::string& endpoint) {
  return static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
}

RawConnection::RawConnection(std::uint16_t port)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const int connected =
      ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  ANABRANCH_ASSERT(connected == 0);
}

RawConnection::~RawConnection() { ::close(socket_); }

// A send that waits for room would go on for a minute after the other side has closed: the kernel
// opens no window any more, and does not say so.
bool RawConnection::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    pollfd watched{socket_, POLLOUT | POLLRDHUP, 0};
    if (::poll(&watched, 1, -1) < 0 || watched.revents != POLLOUT) return false;
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::optional<std::string> RawConnection::receive(std::size_t size,
                                                  Clock::time_point deadline) const {
  std::string bytes(size, '\0');
  for (std::size_t at = 0; at < size;) {
    pollfd watched{socket_, POLLIN, 0};
    if (::poll(&watched, 1, milliseconds_until(deadline)) <= 0) return std::nullopt;
    const ssize_t got = ::recv(socket_, bytes.data() + at, size - at, 0);
    if (got <= 0) return std::nullopt;
    at += static_cast<std::size_t>(got);
  }
  return bytes;
}

bool RawConnection::wait_closed(milliseconds timeout) const {
  const auto deadline = Clock::now() + timeout;
  while (receive(1, deadline)) {
  }
  return Clock::now() < deadline;
}

ForeignDealer::ForeignDealer(std::uint16_t port, const std::string& routing_id)
    : connection_(port) {
  std::string ready = property("Socket-Type", "DEALER");
  if (!routing_id.empty()) ready += property("Identity", routing_id);
  connection_.send(greeting() + part(kCommand, "\5READY" + ready));
  const auto answer = connection_.receive(kGreetingSize, Clock::now() + std::chrono::seconds{15});
  ANABRANCH_ASSERT(answer.has_value());
}

bool ForeignDealer::send(const std::vector<std::string>& parts) const {
  std::string bytes;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    bytes += part(i + 1 < parts.size() ? kMore : 0, parts[i]);
  }
  return connection_.send(bytes);
}

bool ForeignDealer::send_unfinished(const std::string& bytes) const {
  return connection_.send(part(kMore, bytes));
}

bool ForeignDealer::send_pong() const { return connection_.send(part(kCommand, "\4PONG")); }

std::optional<std::string> ForeignDealer::receive(milliseconds timeout) const {
  const auto deadline = Clock::now() + timeout;
  for (;;) {
    const auto flags = connection_.receive(1, deadline);
    if (!flags) return std::nullopt;
    const auto bits = static_cast<unsigned char>(flags->front());
    const auto width = connection_.receive((bits & kLong) != 0 ? 8 : 1, deadline);
    if (!width) return std::nullopt;
    std::size_t size = 0;
    for (const char byte : *width) size = size << 8U | static_cast<unsigned char>(byte);
    auto body = connection_.receive(size, deadline);
    if (!body || (bits & kCommand) == 0) return body;
  }
}

}  // namespace anabranch::test
