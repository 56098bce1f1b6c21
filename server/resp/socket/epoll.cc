#include "server/resp/socket/epoll.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace anabranch::server {

Epoll::Epoll() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_.open()) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

bool Epoll::any() const {
  epoll_event one{};
  return ::epoll_wait(epoll_.fd(), &one, 1, 0) > 0;
}

std::span<const epoll_event> Epoll::wait(std::span<epoll_event> room,
                                         std::chrono::milliseconds timeout) const {
  const int found = ::epoll_wait(epoll_.fd(), room.data(), static_cast<int>(room.size()),
                                 static_cast<int>(timeout.count()));
  return room.first(static_cast<std::size_t>(std::max(found, 0)));
}

bool Epoll::control(int operation, int fd, const void* tag, std::uint32_t events) const {
  epoll_event event{};
  event.events = events;
  event.data.ptr = const_cast<void*>(tag);
  return ::epoll_ctl(epoll_.fd(), operation, fd, &event) == 0;
}

}  // namespace anabranch::server
