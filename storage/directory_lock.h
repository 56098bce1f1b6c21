// The lock on a data directory: one opening at a time, in this process and in all others.
//
// LMDB's own locks do not do this: opening an environment twice in one process silently breaks the
// isolation of its readers. So DIR/lock is held by flock, and a list in this process, keyed by
// device and inode, catches a second opening under another name. The kernel gives the lock up when
// the process dies; the file stays.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "core/result.h"

namespace anabranch::storage {

// Holds a directory until destroyed. Movable; thread-safe against other locks.
class DirectoryLock {
 public:
  static constexpr std::string_view kFile = "lock";

  // Creates the directory (mode 0700) when it is absent, and locks it. Fails with kBusy when it is
  // in use, naming the other process, and with kInvalid when it cannot be used: its parent does not
  // exist, it is no directory, no permission, a network file system.
  static core::Result<DirectoryLock> acquire(const std::string& directory);

  DirectoryLock(DirectoryLock&& other) noexcept
      : id_(std::move(other.id_)), file_(std::exchange(other.file_, -1)) {}
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  using Id = std::pair<dev_t, ino_t>;
  DirectoryLock(Id id, int file) : id_(id), file_(file) {}
  Id id_;
  int file_;
};

}  // namespace anabranch::storage
