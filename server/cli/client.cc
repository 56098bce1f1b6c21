#include "server/cli/client.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
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

constexpr std::chrono::milliseconds kLifeWait{5000};
constexpr std::size_t kLineBytesMax = 64U << 10U;
constexpr std::size_t kBulkBytesMax = std::size_t{1} << 30U;

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

// Why there is no connection to `where`, which is said before it.
Failure no_connection(const std::string& where, int error) {
  // The errors of the socket's time limit, and of a queue of connections that stays full.
  if (error == EAGAIN || error == EINPROGRESS || error == ETIMEDOUT) {
    return {ErrorCode::kTimeout, where + "it does not answer"};
  }
  return {ErrorCode::kIo, where + std::strerror(error)};
}

// Why nobody takes commands at the control socket of a directory.
Failure why_not_there(const std::string& directory, int error) {
  std::error_code ignored;
  if (error == ENOENT && !std::filesystem::is_directory(directory, ignored)) {
    return {ErrorCode::kClosed, "there is no directory " + directory};
  }
  if (error == ENOENT) {
    return {ErrorCode::kClosed,
            "no leader takes commands in " + directory +
                ": none has it open, or the one that has it open was told to have no control "
                "socket"};
  }
  if (error == ECONNREFUSED) {
    return {ErrorCode::kClosed, "no leader has " + directory +
                                    " open: the socket in it was left by one that was killed"};
  }
  if (error == EACCES || error == EPERM) {
    return {ErrorCode::kIo, "no leader can be asked in " + directory +
                                ": this user may not use the socket in it: ask as the user of the "
                                "leader, or as root"};
  }
  return no_connection("the leader that has " + directory + " open: ", error);
}

// Connects a blocking socket, until a moment at most. Returns 0, or the error.
int connect_until(int socket, const sockaddr* to, socklen_t size, SteadyTime until) {
  using std::chrono::microseconds;
  const auto left = std::chrono::duration_cast<microseconds>(until - steady_now());
  const auto us = std::max(left, microseconds(1)).count();
  const timeval wait{us / 1'000'000, us % 1'000'000};
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  if (::connect(socket, to, size) != 0) return errno;
  return ::fcntl(socket, F_SETFL, O_NONBLOCK) == 0 ? 0 : errno;
}

// Tries one resolved address. Returns the socket, or -1 with errno.
int try_connect(const addrinfo& target, SteadyTime until) {
  const int made = socket(target.ai_family, target.ai_socktype | SOCK_CLOEXEC, target.ai_protocol);
  if (made < 0) return -1;
  const int error = connect_until(made, target.ai_addr, target.ai_addrlen, until);
  if (error == 0) return made;
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
  const SteadyTime until = steady_now() + kLifeWait;
  int count = 0;
  for (const addrinfo* target = found; target != nullptr; target = target->ai_next) ++count;
  for (const addrinfo* target = found; target != nullptr; target = target->ai_next, --count) {
    const SteadyTime now = steady_now();
    const int socket = try_connect(*target, now + (until - now) / count);
    if (socket >= 0) return Client(socket, std::string(text), until);
  }
  return no_connection(where, errno);
}

Result<Client> Client::connect_to_directory(const std::string& directory) {
  const Result<std::string> path = control::control_path(directory);
  if (!path.ok()) return path.failure();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.value().data(), path.value().size());
  const int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (made < 0) return no_connection("no socket: ", errno);
  const SteadyTime until = steady_now() + kLifeWait;
  const int error =
      connect_until(made, reinterpret_cast<const sockaddr*>(&address), sizeof address, until);
  if (error == 0) return Client(made, path.value(), until);
  close(made);
  return why_not_there(directory, error);
}

Client::Client(int socket, std::string address, SteadyTime until)
    : socket_(socket), address_(std::move(address)), patience_(until) {}

Client::Client(Client&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      address_(std::move(other.address_)),
      patience_(other.patience_),
      tls_(std::move(other.tls_)),
      buffer_(std::move(other.buffer_)) {}

Result<void> Client::secure(const TlsCaller::Files& files) {
  const Result<Address> address = parse_address(address_);
  if (!address.ok()) return address.failure();
  Result<TlsCaller> tls = TlsCaller::connect(socket_, address.value().host, files, patience_);
  if (!tls.ok() && tls.failure().code == ErrorCode::kTimeout) return silent();
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

Failure Client::silent() {
  patience_.set_end(steady_now());  // Later questions do not wait again.
  return {ErrorCode::kTimeout, address_ + " does not answer: not in time, or hardly at all"};
}

Result<void> Client::send(std::string_view bytes) {
  patience_.begin_sending();
  if (tls_) {
    const Result<void> sent = tls_->send(bytes, patience_);
    return sent.ok() || sent.failure().code != ErrorCode::kTimeout ? sent : silent();
  }
  while (!bytes.empty()) {
    if (!patience_.wait(socket_, POLLOUT)) return silent();
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent < 0) return broken(std::strerror(errno));
    patience_.progress(static_cast<std::size_t>(sent));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::size_t> Client::receive_into(char* into, std::size_t room) {
  if (tls_) {
    Result<std::size_t> got = tls_->receive(into, room, patience_);
    return got.ok() || got.failure().code != ErrorCode::kTimeout ? got : silent();
  }
  for (;;) {
    if (!patience_.wait(socket_, POLLIN)) return silent();
    const ssize_t received = recv(socket_, into, room, 0);
    if (received >= 0) return static_cast<std::size_t>(received);
    if (errno != EINTR && errno != EAGAIN) return broken(std::strerror(errno));
  }
}

Result<void> Client::receive_some() {
  std::array<char, std::size_t{16} << 10U> bytes;
  const Result<std::size_t> got = receive_into(bytes.data(), bytes.size());
  if (!got.ok()) return got.failure();
  if (got.value() == 0) return broken("closed by the server");
  patience_.progress(got.value());
  buffer_.append(bytes.data(), got.value());
  return {};
}

Result<std::string> Client::line() {
  patience_.begin_answer(!buffer_.empty());
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
  patience_.begin_answer(true);
  while (buffer_.size() < size + 2) {
    const Result<void> more = receive_some();
    if (!more.ok()) return more.failure();
  }
  std::string bulk = buffer_.substr(0, size);
  buffer_.erase(0, size + 2);
  return bulk;
}

Result<void> Client::skip_body(std::size_t size) {
  patience_.begin_answer(true);
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
  const Result<std::string> heard = call({"PING"});
  if (heard.ok() || heard.failure().code == ErrorCode::kInvalid) return {};
  return heard.failure();
}

Result<std::string> Client::answer() {
  Result<std::string> answer = next_answer();
  const bool heard = answer.ok() || answer.failure().code == ErrorCode::kInvalid;
  if (heard) patience_.set_by_answer();
  return answer;
}

Result<std::string> Client::next_answer() {
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
