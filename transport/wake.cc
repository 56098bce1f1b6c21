#include "transport/wake.h"

#include <anabranch/error.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "core/system/standard_descriptors.h"

namespace anabranch::transport {

Wake::Wake() : fd_(core::above_standard(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {
  if (fd_ < 0) {
    throw Error(ErrorCode::kIo, "eventfd: " + std::generic_category().message(errno));
  }
}

Wake::~Wake() { ::close(fd_); }

// Both fail only when they have no effect: the counter is full, or zero already.
void Wake::signal() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof(one));
}

void Wake::reset() const {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto taken = ::read(fd_, &count, sizeof(count));
}

}  // namespace anabranch::transport
