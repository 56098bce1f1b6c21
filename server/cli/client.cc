#include "server/cli/client.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "control/listener.h"
#include "core/text.h"
#include "server/address.h"

namespace anabranch::server::cli {
namespace {

using core::Failure;
using core::Result;

constexpr timeval kConnectWait{5, 0};
constexpr timeval kLifeWait{5, 0};
constexpr timeval kAnswerWait{60, 0};
constexpr std::size_t kLineBytesMax = 64U << 10U;
constexpr std::size_t kBulkBytesMax = std::size_t{1} << 30U;

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

std::string error_text(int error) {
  // The errors of the socket's time limits.
  if (error == EAGAIN || error == EINPROGRESS) return "no answer in time";
  return std::strerror(error);
}

// Why nobody takes commands at the control socket of a directory.
std::string why_not_there(const std::string& directory, const std::string& path, int error) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(directory, ignored)) {
    return "there is no directory " + directory;
  }
  if (error == ENOENT) {
    return "no leader takes commands in " + directory +
           ": none has it open, or the one that has it open was told to have no control socket";
  }
  if (error == ECONNREFUSED) {
    return "no leader has " + directory + " open: the socket in it was left by one that was killed";
  }
  return "no connection to " + path + ": " + error_text(error);
}

void set_wait(int socket, const timeval& wait) {
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
}

// Tries one resolved address. Returns the socket, or -1 with errno.
int try_connect(const addrinfo& target) {
  const int made = socket(target.ai_family, target.ai_socktype | SOCK_CLOEXEC, target.ai_protocol);
  if (made < 0) return -1;
  set_wait(made, kConnectWait);
  if (::connect(made, target.ai_addr, target.ai_addrlen) == 0) {
    set_wait(made, kAnswerWait);
    return made;
  }
  const int error = errno;
  close(made);
  errno = error;
  return -1;
}

}  // namespace

Result<Client> Client::connect(std::string_view text) {
  const Result<Address> address = parse_address(text);
  if (!address.ok()) return Failure{ErrorCode::kInvalid, "--redis: " + address.failure().message};
  const std::string port = std::to_string(address.value().port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(address.value().host.c_str(), port.c_str(), &hints, &found);
  const std::string where = "no server at " + std::string(text) + ": ";
  if (failed != 0) return Failure{ErrorCode::kIo, where + gai_strerror(failed)};
  const AddressList list(found, freeaddrinfo);
  for (const addrinfo* target = found; target != nullptr; target = target->ai_next) {
    const int socket = try_connect(*target);
    if (socket >= 0) return Client(socket, std::string(text));
  }
  return Failure{ErrorCode::kIo, where + error_text(errno)};
}

Result<Client> Client::connect_to_directory(const std::string& directory) {
  const Result<std::string> path = control::control_path(directory);
  if (!path.ok()) return path.failure();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.value().data(), path.value().size());
  const int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (made < 0) return Failure{ErrorCode::kIo, "no socket: " + error_text(errno)};
  set_wait(made, kConnectWait);
  if (::connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    set_wait(made, kAnswerWait);
    return Client(made, path.value());
  }
  const int error = errno;
  close(made);
  return Failure{ErrorCode::kIo, why_not_there(directory, path.value(), error)};
}

Client::Client(Client&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      address_(std::move(other.address_)),
      tls_(std::move(other.tls_)),
      buffer_(std::move(other.buffer_)) {}

Result<void> Client::secure(const TlsCaller::Files& files) {
  const Result<Address> address = parse_address(address_);
  if (!address.ok()) return address.failure();
  set_wait(socket_, kLifeWait);
  Result<TlsCaller> tls = TlsCaller::connect(socket_, address.value().host, files);
  set_wait(socket_, kAnswerWait);
  if (!tls.ok()) return broken(tls.failure().message);
  tls_.emplace(std::move(tls).value());
  return {};
}

Client::~Client() {
  if (socket_ >= 0) close(socket_);
}

Failure Client::broken(std::string_view what) const {
  return {ErrorCode::kIo, "connection to " + address_ + ": " + std::string(what)};
}

Result<void> Client::send(std::string_view bytes) {
  if (tls_) return tls_->send(bytes);
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return broken(error_text(errno));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<void> Client::receive_some() {
  std::array<char, std::size_t{16} << 10U> bytes;
  if (tls_) {
    const Result<std::size_t> got = tls_->receive(bytes.data(), bytes.size());
    if (!got.ok()) return got.failure();
    if (got.value() == 0) return broken("closed by the server");
    buffer_.append(bytes.data(), got.value());
    return {};
  }
  ssize_t received = -1;
  do {
    received = recv(socket_, bytes.data(), bytes.size(), 0);
  } while (received < 0 && errno == EINTR);
  if (received < 0) return broken(error_text(errno));
  if (received == 0) return broken("closed by the server");
  buffer_.append(bytes.data(), static_cast<std::size_t>(received));
  return {};
}

Result<std::string> Client::line() {
  for (;;) {
    const std::size_t end = buffer_.find("\r\n");
    if (end != buffer_.npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 2);
      return line;
    }
    if (buffer_.size() > kLineBytesMax) break;
    const Result<void> more = receive_some();
    if (!more.ok()) return more.failure();
  }
  return nonsense();
}

Failure Client::nonsense() const {
  return core::corrupt(address_ + " does not speak the Redis protocol");
}

Result<std::string> Client::take_bulk(std::string_view length) {
  const auto told = core::parse_number<std::size_t>(length);
  if (!told || *told > kBulkBytesMax) {
    return core::corrupt(address_ + " answered with a string of length " + std::string(length));
  }
  return body(*told);
}

Result<std::string> Client::body(std::size_t size) {
  while (buffer_.size() < size + 2) {
    const Result<void> more = receive_some();
    if (!more.ok()) return more.failure();
  }
  std::string bulk = buffer_.substr(0, size);
  buffer_.erase(0, size + 2);
  return bulk;
}

Result<void> Client::skip_body(std::size_t size) {
  std::size_t left = size + 2;
  while (left > buffer_.size()) {
    left -= buffer_.size();
    buffer_.clear();
    Result<void> more = receive_some();
    if (!more.ok()) return more;
  }
  buffer_.erase(0, left);
  return {};
}

std::string Client::bytes_of(const std::vector<std::string>& words) {
  std::string command = '*' + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    command.append("$").append(std::to_string(word.size())).append("\r\n");
    command.append(word).append("\r\n");
  }
  return command;
}

Result<std::string> Client::call(const std::vector<std::string>& words) {
  const Result<void> sent = send(bytes_of(words));
  if (!sent.ok()) return sent.failure();
  return answer();
}

Result<void> Client::await_life() {
  set_wait(socket_, kLifeWait);
  const Result<std::string> heard = call({"PING"});
  set_wait(socket_, kAnswerWait);
  if (heard.ok() || heard.failure().code == ErrorCode::kInvalid) return {};
  return heard.failure();
}

Result<std::string> Client::answer() {
  Result<std::string> head = line();
  if (!head.ok() || head.value().empty()) {
    return head.ok() ? core::corrupt(address_ + " answered with an empty line") : head;
  }
  const std::string rest = head.value().substr(1);
  switch (head.value().front()) {
    case '+':
    case ':':
      return rest;
    case '$':
      return take_bulk(rest);
    case '-':
      return core::invalid(rest);
    default:
      return nonsense();
  }
}

}  // namespace anabranch::server::cli
