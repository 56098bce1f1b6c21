// A disk that stands still, or fails, on demand: the program's own fdatasync stands before that of
// the C library.
#pragma once

#include <string>

namespace anabranch::test {

// While it lives, fdatasync waits for files below a folder. One at a time.
class SlowDisk {
 public:
  explicit SlowDisk(std::string folder);
  ~SlowDisk();
  SlowDisk(const SlowDisk&) = delete;
  SlowDisk& operator=(const SlowDisk&) = delete;

  // Whether somebody waits for it.
  [[nodiscard]] bool is_waited_for() const;
};

// While it lives, fdatasync fails for files below a folder. One at a time.
class FailingDisk {
 public:
  explicit FailingDisk(std::string folder);
  ~FailingDisk();
  FailingDisk(const FailingDisk&) = delete;
  FailingDisk& operator=(const FailingDisk&) = delete;
};

}  // namespace anabranch::test
