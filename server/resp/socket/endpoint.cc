#include "server/resp/socket/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "server/address.h"

namespace anabranch::server {
namespace {

constexpr int kBacklog = 1024;
constexpr std::uint32_t kLoopbackNet = 127;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

// Returns the address of a host; size 0 if it is none.
SocketAddress numeric(const Address& address) {
  SocketAddress result;
  const std::string host = address.host == "localhost" ? "127.0.0.1" : address.host;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    result.size = sizeof(v4);
    std::memcpy(&result.storage, &v4, sizeof(v4));
  } else if (::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    result.size = sizeof(v6);
    std::memcpy(&result.storage, &v6, sizeof(v6));
  }
  return result;
}

core::Failure failed(std::string_view call, std::string_view address) {
  const int error = errno;
  if (error == EADDRINUSE) {
    return {ErrorCode::kBusy, "the Redis port " + std::string(address) + " is in use"};
  }
  return {ErrorCode::kIo, std::string(call) + " for the Redis port " + std::string(address) +
                              " failed: " + std::generic_category().message(error)};
}

}  // namespace

std::string to_string(const sockaddr_storage& address) {
  char host[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof(v6));
    ::inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof(host));
    return "[" + std::string(host) + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  sockaddr_in v4{};
  std::memcpy(&v4, &address, sizeof(v4));
  ::inet_ntop(AF_INET, &v4.sin_addr, host, sizeof(host));
  return std::string(host) + ":" + std::to_string(ntohs(v4.sin_port));
}

bool is_loopback(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof(v4));
    return ntohl(v4.sin_addr.s_addr) >> 24U == kLoopbackNet;
  }
  if (address.ss_family != AF_INET6) return false;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof(v6));
  if (IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr)) return true;
  // A client of IPv4 at a socket of IPv6.
  return IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) && v6.sin6_addr.s6_addr[12] == kLoopbackNet;
}

bool is_local_address(std::string_view address) {
  const core::Result<Address> parsed = parse_address(address);
  return parsed.ok() && is_loopback(numeric(parsed.value()).storage);
}

core::Result<void> check_address(std::string_view address, bool anywhere) {
  const core::Result<Address> parsed = parse_address(address);
  if (!parsed.ok()) return core::invalid("the Redis address " + parsed.failure().message);
  const SocketAddress own = numeric(parsed.value());
  if (own.size == 0) {
    return core::invalid(
        "the Redis address " + std::string(address) +
        " is refused: its host is no address, such as 127.0.0.1, [::1] or 0.0.0.0");
  }
  if (!anywhere && !is_loopback(own.storage)) {
    return core::invalid(
        "the Redis address " + std::string(address) +
        " is refused without TLS: only 127.0.0.1, [::1] and localhost are allowed; "
        "others can be named for TLS (redis_tls)");
  }
  return {};
}

core::Result<File> listen_on(std::string_view address, bool anywhere) {
  if (const core::Result<void> fit = check_address(address, anywhere); !fit.ok()) {
    return fit.failure();
  }
  const SocketAddress own = numeric(parse_address(address).value());
  File listener(::socket(own.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!listener.open()) return failed("socket", address);
  const int on = 1;
  ::setsockopt(listener.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const auto* generic = reinterpret_cast<const sockaddr*>(&own.storage);
  if (::bind(listener.fd(), generic, own.size) != 0) return failed("bind", address);
  if (::listen(listener.fd(), kBacklog) != 0) return failed("listen", address);
  return listener;
}

std::string endpoint_of(const File& listener) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  ::getsockname(listener.fd(), reinterpret_cast<sockaddr*>(&address), &size);
  return to_string(address);
}

}  // namespace anabranch::server
