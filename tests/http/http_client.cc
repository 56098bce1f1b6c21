#include "tests/http/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <stdexcept>

#include "control/resp/file.h"

namespace anabranch::test {
namespace {

constexpr timeval kWait{60, 0};
constexpr timeval kCloses{10, 0};

control::File connect_to(const std::string& address) {
  const bool on_path = address.starts_with("unix:");
  control::File socket(::socket(on_path ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_RCVTIMEO, &kWait, sizeof(kWait));
  int done = -1;
  if (on_path) {
    const std::string path = address.substr(address.find(':') + 1);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, path.data(), path.size());
    done = ::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&at), sizeof(at));
  } else {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port =
        htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    done = ::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&at), sizeof(at));
  }
  if (done != 0) throw std::runtime_error("nobody listens at " + address);
  return socket;
}

// Whether the answer has all that its head announces; of a stream, this many events.
bool is_whole(const std::string& text, int events) {
  const std::size_t end = text.find("\r\n\r\n");
  if (end == text.npos) return false;
  const std::string length = "content-length: ";
  const std::size_t at = text.find(length);
  if (at < end) return text.size() >= end + 4 + std::stoul(text.substr(at + length.size()));
  std::size_t read = end + 2;
  for (int event = 0; event < events; ++event) {
    read = text.find("\n\n", read + 2);
    if (read == text.npos) return false;
  }
  return true;
}

}  // namespace

Reply fetch(const std::string& address, const std::string& request, int events) {
  const control::File socket = connect_to(address);
  ::send(socket.fd(), request.data(), request.size(), MSG_NOSIGNAL);
  std::string text;
  std::array<char, 4096> bytes;
  while (!is_whole(text, events)) {
    const ssize_t size = ::recv(socket.fd(), bytes.data(), bytes.size(), 0);
    if (size <= 0) break;
    text.append(bytes.data(), static_cast<std::size_t>(size));
  }
  if (text.empty()) return {};
  const std::size_t end = text.find("\r\n\r\n");
  return {std::stoi(text.substr(text.find(' ') + 1)), text.substr(0, end), text.substr(end + 4)};
}

std::string read_to_end(const std::string& address, const std::string& requests) {
  const control::File socket = connect_to(address);
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_RCVTIMEO, &kCloses, sizeof(kCloses));
  ::send(socket.fd(), requests.data(), requests.size(), MSG_NOSIGNAL);
  std::string text;
  std::array<char, 4096> bytes;
  for (;;) {
    const ssize_t size = ::recv(socket.fd(), bytes.data(), bytes.size(), 0);
    if (size == 0) return text;
    if (size < 0) return {};
    text.append(bytes.data(), static_cast<std::size_t>(size));
  }
}

Reply get(const std::string& address, const std::string& path, int events) {
  return fetch(address, "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n", events);
}

}  // namespace anabranch::test
