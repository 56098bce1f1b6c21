// An epoll set: descriptors with the objects to which their events go.
#pragma once

#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <span>

#include "control/resp/file.h"

namespace anabranch::server {

class Epoll {
 public:
  // Throws std::system_error if the machine has no descriptor for it.
  Epoll();

  // Tells of a descriptor that is readable: an event with this tag, until it is read. Fails, and
  // sets errno, if the system lacks memory, or if it is there already (EEXIST).
  [[nodiscard]] bool add(int fd, const void* tag) const { return control(EPOLL_CTL_ADD, fd, tag); }
  // Tells of other events of a descriptor. Fails if the system lacks memory.
  [[nodiscard]] bool change(int fd, const void* tag, std::uint32_t events) const {
    return control(EPOLL_CTL_MOD, fd, tag, events);
  }
  // Tells no more of a descriptor.
  void remove(int fd) const { (void)control(EPOLL_CTL_DEL, fd, nullptr); }

  // Whether there are events. They stay.
  [[nodiscard]] bool any() const;
  // Returns the events that there are within a time, in `room`.
  [[nodiscard]] std::span<const epoll_event> wait(std::span<epoll_event> room,
                                                  std::chrono::milliseconds timeout) const;

 private:
  [[nodiscard]] bool control(int operation, int fd, const void* tag,
                             std::uint32_t events = EPOLLIN) const;

  control::File epoll_;
};

}  // namespace anabranch::server
