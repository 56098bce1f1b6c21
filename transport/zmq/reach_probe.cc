#include "transport/zmq/reach_probe.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "core/system/thread_without_signals.h"

namespace anabranch::transport {

namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

// The addresses on the network of "tcp://HOST:PORT", or why there are none.
std::pair<Addresses, std::string> look_up(const std::string& address) {
  constexpr std::string_view kScheme = "tcp://";
  const std::size_t colon = address.rfind(':');
  std::string host = address.substr(kScheme.size(), colon - kScheme.size());
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), address.c_str() + colon + 1, &hints, &found);
  if (error == 0) return {Addresses(found), std::string()};
  return {nullptr, "the name " + host + " cannot be looked up: " + ::gai_strerror(error)};
}

// Returns the message of an error with a small initial, for the middle of a sentence.
std::string reason(int error) {
  std::string text = std::generic_category().message(error);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] + 32);
  return text;
}

std::string why_not(const addrinfo& to, std::chrono::milliseconds timeout) {
  const int descriptor =
      ::socket(to.ai_family, to.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, to.ai_protocol);
  if (descriptor < 0) return reason(errno);
  std::string why;
  if (::connect(descriptor, to.ai_addr, to.ai_addrlen) != 0) {
    int error = errno;
    if (error == EINPROGRESS) {
      pollfd waiting{descriptor, POLLOUT, 0};
      socklen_t size = sizeof(error);
      const int ready = ::poll(&waiting, 1, static_cast<int>(timeout.count()));
      if (ready <= 0) {
        error = ETIMEDOUT;
      } else if (::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        error = errno;
      }
    }
    if (error != 0) why = error == ETIMEDOUT ? "no answer" : reason(error);
  }
  ::close(descriptor);
  return why;
}

}  // namespace

std::string why_unreachable(const std::string& address, std::chrono::milliseconds timeout) {
  const auto [addresses, why] = look_up(address);
  if (!addresses) return why;
  std::string last;
  for (const addrinfo* each = addresses.get(); each != nullptr; each = each->ai_next) {
    last = why_not(*each, timeout);
    if (last.empty()) return last;
  }
  return last;
}

std::string why_unresolved(const std::string& address) { return look_up(address).second; }

void ReachProbe::ask(const std::string& address, Clock::time_point now) {
  if (answer_ || (asked_ && now - *asked_ < kPause)) return;
  asked_ = now;
  answer_ = std::make_shared<Answer>();
  try {
    core::start_quiet_thread([answer = answer_, address] {
      constexpr std::chrono::milliseconds kTimeout{3000};
      std::string why = why_unreachable(address, kTimeout);
      const std::lock_guard lock(answer->mutex);
      answer->why = std::move(why);
      answer->known = true;
    }).detach();
  } catch (const std::system_error&) {  // Without a thread there is no answer.
    answer_.reset();
  }
}

std::optional<std::string> ReachProbe::take() {
  if (!answer_) return std::nullopt;
  std::string why;
  {
    const std::lock_guard lock(answer_->mutex);
    if (!answer_->known) return std::nullopt;
    why = answer_->why;
  }
  answer_.reset();
  return why;
}

}  // namespace anabranch::transport
