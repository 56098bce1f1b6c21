#include "http/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "control/listener.h"
#include "control/resp/file.h"
#include "core/text.h"

namespace anabranch::http {
namespace {

using control::File;
using core::Failure;
using core::Result;

Failure refusal(std::string_view text, bool anywhere) {
  if (anywhere) {
    return core::invalid(
        "the HTTP address must be HOST:PORT, with an address such as 127.0.0.1, [::1] or 0.0.0.0, "
        "or unix:PATH, not '" +
        std::string(text) + "'");
  }
  return core::invalid(
      "the HTTP address must be 127.0.0.1:PORT, localhost:PORT, [::1]:PORT or unix:PATH, not '" +
      std::string(text) +
      "': it has neither TLS nor users, so it listens on this machine only; put a proxy with both "
      "in front of it for others");
}

// The bytes of an address without its port, in network order: 4 or 16; none if it is no address.
std::string bytes_of(std::string_view text) {
  const std::string host(text);
  std::string bytes(sizeof(in6_addr), '\0');
  if (::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1) return bytes;
  bytes.resize(sizeof(in_addr));
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ? bytes : std::string();
}

// "127.", four numbers.
bool is_loopback_number(std::string_view host) {
  in_addr number{};
  return host.starts_with("127.") && ::inet_pton(AF_INET, std::string(host).c_str(), &number) == 1;
}

bool is_loopback_name(std::string_view host) {
  return host == "localhost" || host == "::1" || is_loopback_number(host);
}

Failure io_failure(const std::string& at) {
  return {ErrorCode::kIo, "cannot listen on " + at + ": " + std::generic_category().message(errno)};
}

Result<void> check_free_path(const std::string& path) {
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return io_failure(path);
  }
  if (!S_ISSOCK(status.st_mode)) {
    return core::invalid("there is a file " + path +
                         " that is no socket: take another path for the HTTP port");
  }
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  std::memcpy(at.sun_path, path.data(), path.size());
  const File probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!probe.open()) return io_failure(path);
  if (::connect(probe.fd(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)) == 0) {
    return Failure{ErrorCode::kBusy, "somebody listens at " + path + " already"};
  }
  if (errno != ECONNREFUSED) return io_failure(path);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return io_failure(path);
  return {};
}

Result<void> check_free_port(const Address& address) {
  const bool six = address.number().find(':') != std::string::npos;
  sockaddr_in6 to6{};
  to6.sin6_family = AF_INET6;
  ::inet_pton(AF_INET6, address.number().c_str(), &to6.sin6_addr);
  to6.sin6_port = htons(address.port);
  sockaddr_in to4{};
  to4.sin_family = AF_INET;
  ::inet_pton(AF_INET, address.number().c_str(), &to4.sin_addr);
  to4.sin_port = htons(address.port);
  const File probe(::socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  ::setsockopt(probe.fd(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  const int done = six ? ::bind(probe.fd(), reinterpret_cast<const sockaddr*>(&to6), sizeof(to6))
                       : ::bind(probe.fd(), reinterpret_cast<const sockaddr*>(&to4), sizeof(to4));
  if (done == 0) return {};
  const std::string at = address.shown_host() + ':' + std::to_string(address.port);
  if (errno != EADDRINUSE) return io_failure(at);
  return Failure{ErrorCode::kBusy, "the HTTP port " + at +
                                       " is in use: end the other program or take another port "
                                       "(0: any free one)"};
}

}  // namespace

std::string Address::shown_host() const {
  return host.find(':') == std::string::npos ? host : '[' + host + ']';
}

bool Address::is_any() const { return host == "0.0.0.0" || same_number(host, "::"); }

bool Address::is_local() const { return is_path() || is_loopback_name(host); }

bool is_number(std::string_view text) { return !bytes_of(text).empty(); }

bool same_number(std::string_view a, std::string_view b) {
  const std::string bytes = bytes_of(a);
  return !bytes.empty() && bytes == bytes_of(b);
}

Result<Address> parse_address(std::string_view text, bool anywhere) {
  constexpr std::string_view kUnix = "unix:";
  if (text.starts_with(kUnix)) {
    const std::string path(text.substr(kUnix.size()));
    if (path.empty()) return refusal(text, anywhere);
    if (path.size() > control::kPathBytesMax) {
      return core::invalid("the path of the HTTP socket has " + std::to_string(path.size()) +
                           " bytes, and the system takes " +
                           std::to_string(control::kPathBytesMax));
    }
    return Address{{}, 0, path};
  }
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return refusal(text, anywhere);
  std::string_view host = text.substr(0, colon);
  const auto port = core::parse_port(text.substr(colon + 1));
  const bool in_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (in_brackets) host = host.substr(1, host.size() - 2);
  const bool is_six = host.find(':') != host.npos;
  const bool may_be = is_loopback_name(host) || (anywhere && is_number(host));
  if (!port || !may_be || in_brackets != is_six) return refusal(text, anywhere);
  return Address{std::string(host), *port, {}};
}

bool is_loopback_host(std::string_view host) {
  if (host.starts_with("[::1]")) {
    host.remove_prefix(std::string_view("[::1]").size());
    return host.empty() || (host.front() == ':' && core::parse_port(host.substr(1)).has_value());
  }
  const std::size_t colon = host.find(':');
  if (colon != host.npos && !core::parse_port(host.substr(colon + 1))) return false;
  const std::string_view name = host.substr(0, colon);
  return name == "localhost" || is_loopback_number(name);
}

Result<void> check_free(const Address& address) {
  if (address.is_path()) return check_free_path(address.path);
  if (address.port == 0) return {};
  return check_free_port(address);
}

}  // namespace anabranch::http
