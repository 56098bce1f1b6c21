// A disk that stands still on demand: the program's own fdatasync stands before that of the C
// library.
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

}  // namespace anabranch::test
