// A disk that fails on demand: the program's own pwrite, writev and fdatasync stand before those of
// the C library, also for LMDB.
#pragma once

namespace anabranch::storage::test {

enum class DiskFault {
  kNone,
  kPages,  // The next write of whole pages fails.
  kMeta,   // The next write of less than a page fails: LMDB's meta page.
  kSync,   // The next fdatasync fails.
};

// While it lives, the disk fails once, for whichever thread comes first.
class FailingDisk {
 public:
  explicit FailingDisk(DiskFault fault);
  ~FailingDisk();
  FailingDisk(const FailingDisk&) = delete;
  FailingDisk& operator=(const FailingDisk&) = delete;
};

}  // namespace anabranch::storage::test
