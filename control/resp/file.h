// A file descriptor that is closed with its owner.
#pragma once

#include <unistd.h>

#include <utility>

#include "core/system/standard_descriptors.h"

namespace anabranch::control {

class File {
 public:
  // Takes over a descriptor that was just made; a negative one means none.
  explicit File(int fd = -1) : fd_(core::above_standard(fd)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool open() const { return fd_ >= 0; }

 private:
  int fd_;
};

}  // namespace anabranch::control
