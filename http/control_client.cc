#include "http/control_client.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "control/listener.h"
#include "core/text.h"

namespace anabranch::http {
namespace {

using core::Failure;
using core::Result;

constexpr std::size_t kAnswerBytesMax = std::size_t{64} << 20U;
constexpr std::size_t kLineBytesMax = std::size_t{64} << 10U;

Failure broken(const std::string& why) {
  return {ErrorCode::kIo, "the leader cannot be asked: " + why};
}

Failure broken_by(int error) { return broken(std::generic_category().message(error)); }

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

ControlClient::ControlClient(std::string directory, int stop_fd)
    : directory_(std::move(directory)), stop_fd_(stop_fd) {}

Result<std::string> ControlClient::call(const Words& verb, std::chrono::milliseconds time) {
  const Time until = std::chrono::steady_clock::now() + time;
  std::string request = '*' + std::to_string(verb.size() + 1) + "\r\n$9\r\nANABRANCH\r\n";
  for (const std::string& word : verb) {
    request += '$' + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  Result<std::string> answer = ask(request, until);
  const bool is_lost = !answer.ok() && answer.failure().code != ErrorCode::kInvalid;
  if (is_lost) socket_ = control::File();
  return answer;
}

Result<std::string> ControlClient::ask(const std::string& request, Time until) {
  // A connection that the leader has closed meanwhile, since it was idle or the leader began anew,
  // is readable, and has nothing to read.
  if (socket_.open()) {
    pollfd seen{socket_.fd(), POLLIN, 0};
    if (::poll(&seen, 1, 0) != 0) socket_ = control::File();
  }
  if (!socket_.open()) {
    const Result<void> connected = connect();
    if (!connected.ok()) return connected.failure();
  }
  const Result<void> sent = send(request, until);
  if (!sent.ok()) return sent.failure();
  return take_answer(until);
}

Result<void> ControlClient::connect() {
  input_.clear();
  const Result<std::string> path = control::control_path(directory_);
  if (!path.ok()) return path.failure();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.value().data(), path.value().size());
  socket_ = control::File(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_.open()) return broken_by(errno);
  if (::connect(socket_.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    return {};
  }
  const int error = errno;
  socket_ = control::File();
  if (error != ENOENT && error != ECONNREFUSED) return broken_by(error);
  return Failure{ErrorCode::kIo, "no leader has " + directory_ + " open"};
}

Result<void> ControlClient::wait(short events, Time until) {
  std::array<pollfd, 2> polled{pollfd{socket_.fd(), events, 0}, pollfd{stop_fd_, POLLIN, 0}};
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  const int ready = ::poll(polled.data(), polled.size(),
                           static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
  if (ready < 0 && errno != EINTR) return broken_by(errno);
  if (polled[1].revents != 0) return broken("it is being stopped");
  if (ready == 0) return Failure{ErrorCode::kTimeout, "the leader does not answer in time"};
  return {};
}

Result<void> ControlClient::send(std::string_view bytes, Time until) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (!would_block()) return broken_by(errno);
    const Result<void> waited = wait(POLLOUT, until);
    if (!waited.ok()) return waited.failure();
  }
  return {};
}

Result<void> ControlClient::receive(Time until) {
  std::array<char, std::size_t{16} << 10U> bytes;
  for (;;) {
    const ssize_t size = ::recv(socket_.fd(), bytes.data(), bytes.size(), 0);
    if (size == 0) return broken("it has closed the connection");
    if (size > 0) {
      input_.append(bytes.data(), static_cast<std::size_t>(size));
      return {};
    }
    if (!would_block()) return broken_by(errno);
    const Result<void> waited = wait(POLLIN, until);
    if (!waited.ok()) return waited.failure();
  }
}

Result<std::string> ControlClient::take_line(Time until) {
  for (;;) {
    const std::size_t end = input_.find("\r\n");
    if (end != input_.npos) {
      std::string line = input_.substr(0, end);
      input_.erase(0, end + 2);
      return line;
    }
    if (input_.size() > kLineBytesMax) return broken("it has sent a line without end");
    const Result<void> more = receive(until);
    if (!more.ok()) return more.failure();
  }
}

Result<std::string> ControlClient::take_answer(Time until) {
  const Result<std::string> line = take_line(until);
  if (!line.ok()) return line.failure();
  const std::string_view text = line.value();
  const std::string rest(text.substr(std::min<std::size_t>(1, text.size())));
  if (text.starts_with('-')) {
    constexpr std::string_view kCode = "ERR ";
    return core::invalid(rest.starts_with(kCode) ? rest.substr(kCode.size()) : rest);
  }
  if (text.starts_with('+') || text.starts_with(':')) return rest;
  const auto size = core::parse_number<std::size_t>(rest);
  if (!text.starts_with('$') || !size || *size > kAnswerBytesMax) {
    return broken("it has sent an answer of another kind");
  }
  while (input_.size() < *size + 2) {
    const Result<void> more = receive(until);
    if (!more.ok()) return more.failure();
  }
  std::string bulk = input_.substr(0, *size);
  input_.erase(0, *size + 2);
  return bulk;
}

}  // namespace anabranch::http
