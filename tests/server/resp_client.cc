#include "tests/server/resp_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "server/address.h"

namespace anabranch::test {
namespace {

constexpr int kTimeoutMs = 300'000;  // Sanitizers on a busy machine have needed more than a minute.

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

control::File connect_unix(const std::string& path) {
  control::File socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) throw std::runtime_error("too long: " + path);
  std::memcpy(address.sun_path, path.c_str(), path.size());
  if (::connect(socket.fd(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    fail("connect " + path);
  }
  return socket;
}

control::File connect_tcp(const std::string& text) {
  const server::Address parsed = server::parse_address(text).value_or_raise();
  control::File socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(parsed.port);
  ::inet_pton(AF_INET, parsed.host.c_str(), &address.sin_addr);
  if (::connect(socket.fd(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    fail("connect " + text);
  }
  const int on = 1;
  ::setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return socket;
}

}  // namespace

std::string request(const Words& words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return bytes;
}

std::string bulk(const std::string& reply) {
  if (!reply.starts_with("$") || reply.starts_with("$-1")) {
    throw std::runtime_error("not a bulk string: " + reply);
  }
  const std::size_t begin = reply.find("\r\n") + 2;
  return reply.substr(begin, reply.size() - begin - 2);
}

RespClient::RespClient(const std::string& address)
    : socket_(address.find('/') != address.npos ? connect_unix(address) : connect_tcp(address)) {}

void RespClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) fail("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::size_t RespClient::send_some(std::string_view bytes) {
  const ssize_t sent =
      ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

bool RespClient::fill() {
  pollfd waiting{socket_.fd(), POLLIN, 0};
  if (::poll(&waiting, 1, kTimeoutMs) != 1) throw std::runtime_error("no reply came");
  char bytes[65536];
  const ssize_t got = ::recv(socket_.fd(), bytes, sizeof(bytes), 0);
  if (got <= 0) return false;
  buffer_.append(bytes, static_cast<std::size_t>(got));
  return true;
}

std::string RespClient::take_line(std::size_t& at) {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n", at)) == buffer_.npos) {
    if (!fill()) throw std::runtime_error("the connection ended within a reply");
  }
  const std::string line = buffer_.substr(at, end - at);
  at = end + 2;
  return line;
}

void RespClient::skip_reply(std::size_t& at) {
  const std::string line = take_line(at);
  const long long number = std::atoll(line.c_str() + 1);
  switch (line.at(0)) {
    case '$':
    case '=':
      if (number < 0) return;
      at += static_cast<std::size_t>(number) + 2;
      while (buffer_.size() < at) {
        if (!fill()) throw std::runtime_error("the connection ended within a reply");
      }
      return;
    case '*':
    case '>':
    case '~':
      for (long long i = 0; i < number; ++i) skip_reply(at);
      return;
    case '%':
      for (long long i = 0; i < number * 2; ++i) skip_reply(at);
      return;
    case '+':
    case '-':
    case ':':
    case ',':
    case '_':
      return;
    default:
      throw std::runtime_error("not a reply: " + line);
  }
}

void RespClient::skip(std::size_t bytes) {
  while (buffer_.size() < bytes) {
    bytes -= buffer_.size();
    buffer_.clear();
    if (!fill()) throw std::runtime_error("the connection ended before all replies");
  }
  buffer_.erase(0, bytes);
}

std::string RespClient::rest() {
  while (fill()) continue;
  return std::exchange(buffer_, {});
}

std::string RespClient::receive() {
  std::size_t end = 0;
  skip_reply(end);
  std::string reply = buffer_.substr(0, end);
  buffer_.erase(0, end);
  return reply;
}

bool RespClient::closed() { return buffer_.empty() && !fill(); }

void RespClient::finish() { ::shutdown(socket_.fd(), SHUT_WR); }

std::size_t figure(RespClient& client, const std::string& name) {
  const std::string info = client.ask({"INFO"});  // A bulk string, or verbatim in version 3.
  const std::size_t at = info.find("\n" + name + ":");
  if (at == std::string::npos) throw std::runtime_error("INFO has no " + name);
  return std::stoull(info.substr(at + name.size() + 2));
}

}  // namespace anabranch::test
