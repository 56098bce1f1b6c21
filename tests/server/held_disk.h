// A disk whose syncs wait until the test lets them go on, or fail: the program's own fdatasync
// stands before that of the C library.
#pragma once

#include <thread>

namespace anabranch::test {

// Holds syncs from its begin to its end; one at a time in a program.
class HeldDisk {
 public:
  // Holds syncs of the log's segments, but for those of the thread `spared`.
  explicit HeldDisk(std::thread::id spared);
  HeldDisk(const HeldDisk&) = delete;
  HeldDisk& operator=(const HeldDisk&) = delete;
  ~HeldDisk() { open(); }

  // Waits until a sync is held.
  void wait();
  // Lets the syncs that are held go on, and no further one.
  void let_go();
  // Holds none any more.
  void open();
  // Has those that are held fail.
  void fail();
};

}  // namespace anabranch::test
