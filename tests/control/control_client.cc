#include "tests/control/control_client.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <stdexcept>

namespace anabranch::test {

ControlClient::ControlClient(const std::string& directory)
    : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const std::string path = directory + "/control";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) throw std::runtime_error("too long: " + path);
  std::memcpy(address.sun_path, path.c_str(), path.size());
  if (::connect(socket_.fd(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    throw std::runtime_error(path + ": " + std::strerror(errno));
  }
  const timeval wait{30, 0};
  ::setsockopt(socket_.fd(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
}

std::string ControlClient::request(std::initializer_list<std::string_view> words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words) {
    bytes.append("$").append(std::to_string(word.size())).append("\r\n").append(word);
    bytes.append("\r\n");
  }
  return bytes;
}

std::string ControlClient::call(std::initializer_list<std::string_view> words) {
  send(request(words));
  return receive();
}

void ControlClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) throw std::runtime_error(std::string("send: ") + std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool ControlClient::receive_some() {
  std::array<char, 65536> bytes;
  const ssize_t size = ::recv(socket_.fd(), bytes.data(), bytes.size(), 0);
  if (size > 0) buffer_.append(bytes.data(), static_cast<std::size_t>(size));
  return size > 0;
}

std::string ControlClient::receive() {
  const auto more = [this] {
    if (!receive_some()) throw std::runtime_error("the control socket was closed");
  };
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n")) == std::string::npos) more();
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  if (line.empty() || line.front() == '-') return line;
  if (line.front() != '$') return line.substr(1);
  const std::size_t size = std::stoul(line.substr(1));
  while (buffer_.size() < size + 2) more();
  std::string bulk = buffer_.substr(0, size);
  buffer_.erase(0, size + 2);
  return bulk;
}

bool ControlClient::is_closed() { return buffer_.empty() && !receive_some(); }

}  // namespace anabranch::test
