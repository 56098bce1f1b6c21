#include "storage/engine/event_fd.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "core/system/standard_descriptors.h"

namespace anabranch::storage {

EventFd::EventFd() : fd_(core::above_standard(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))) {}

EventFd::~EventFd() {
  if (fd_ >= 0) ::close(fd_);
}

void EventFd::signal() const {
  if (fd_ >= 0) (void)::eventfd_write(fd_, 1);
}

void EventFd::clear() const {
  eventfd_t count = 0;
  if (fd_ >= 0) (void)::eventfd_read(fd_, &count);
}

}  // namespace anabranch::storage
