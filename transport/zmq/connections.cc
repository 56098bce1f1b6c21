#include "transport/zmq/connections.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "transport/zmq/tcp_socket.h"

namespace anabranch::transport {
namespace {

// Returns the host at the other end of a socket; empty when it is not connected.
std::string peer_host(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* host = nullptr;
  if (address.ss_family == AF_INET) {
    host = &reinterpret_cast<const sockaddr_in*>(&address)->sin_addr;
  } else if (address.ss_family == AF_INET6) {
    host = &reinterpret_cast<const sockaddr_in6*>(&address)->sin6_addr;
  }
  if (host == nullptr) return {};
  const char* shown = ::inet_ntop(address.ss_family, host, text.data(), text.size());
  return shown == nullptr ? std::string() : shown;
}

// Returns the port of our end of a socket; 0 when it has none.
std::uint16_t own_port(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  if (address.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
  }
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
  }
  return 0;
}

}  // namespace

std::optional<std::string> Connections::open(int descriptor, Time now) {
  (void)close(descriptor);  // Its end was not told.
  limit_unsent(descriptor);
  connections_[descriptor] = {.address = peer_host(descriptor), .heard = now};
  if (connections_.size() - giving_way_ <= max_) return std::nullopt;
  const int shut_one = giving_way(descriptor, now);
  shut(shut_one);
  Connection& over = connections_.at(shut_one);
  over.gives_way = true;
  ++giving_way_;
  return over.address;
}

int Connections::giving_way(int newest, Time now) const {
  auto found = connections_.end();
  const auto line = [](const Connection& each) { return std::pair(each.is_link, each.heard); };
  for (auto at = connections_.begin(); at != connections_.end(); ++at) {
    const Connection& each = at->second;
    if (each.gives_way || at->first == newest || (keyed_ && each.is_link)) continue;
    if (found == connections_.end() || line(each) < line(found->second)) found = at;
  }
  const bool gives = found != connections_.end() && now - found->second.heard >= kYoung;
  return gives ? found->first : newest;
}

std::optional<Connection> Connections::close(int descriptor) {
  const auto found = connections_.find(descriptor);
  if (found == connections_.end()) return std::nullopt;
  Connection closed = std::move(found->second);
  if (closed.gives_way) --giving_way_;
  connections_.erase(found);
  return closed;
}

void Connections::hear(int descriptor, Time now) {
  const auto found = connections_.find(descriptor);
  if (found == connections_.end()) return;
  found->second.is_link = found->second.was_heard = true;
  found->second.heard = now;
}

void Connections::shut(int descriptor) const {
  const bool is_ours = descriptor >= 0 && port_ != 0 && own_port(descriptor) == port_;
  if (is_ours) ::shutdown(descriptor, SHUT_RDWR);
}

std::vector<int> Connections::endless(std::uint64_t bytes_max) {
  std::vector<int> found;
  for (auto& [descriptor, connection] : connections_) {
    const std::uint64_t received = bytes_of(descriptor).received;
    if (std::exchange(connection.was_heard, false)) {
      connection.read_mark = received;
    } else if (!connection.is_endless && received > connection.read_mark + bytes_max) {
      connection.is_endless = true;
      found.push_back(descriptor);
    }
  }
  return found;
}

std::string Connections::address(int descriptor) const {
  const auto found = connections_.find(descriptor);
  return found == connections_.end() ? std::string() : found->second.address;
}

}  // namespace anabranch::transport
