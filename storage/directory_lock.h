// The lock on a data directory: one opening at a time, in this process and in all others.
//
// LMDB's own locks are not enough: opening an environment twice in one process silently breaks the
// isolation of its readers. So DIR/lock is held by flock, and a list in this process, keyed by
// device and inode, catches a second opening under another name. The kernel releases the lock when
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
  // Part of the message of a kBusy about another process.
  static constexpr std::string_view kInUse = "is in use by another process";

  // Creates the directory (mode 0700) when it is absent, and locks it. Fails with kBusy when the
  // directory is in use, naming the other process, and with kInvalid when it cannot be used: no
  // parent, not a directory, no permission, a network file system.
  static core::Result<DirectoryLock> acquire(const std::string& directory);

  // Returns whether a program from before the engine left the directory marked as failed: a commit
  // of it is on the disk, or not.
  [[nodiscard]] bool failed_before() const { return failed_before_; }
  // Removes the mark.
  void forget_failure() const;
  // Returns whether the lock file is still in a directory, so that it keeps others out.
  [[nodiscard]] bool is_there() const;

  DirectoryLock(DirectoryLock&& other) noexcept
      : id_(std::move(other.id_)),
        file_(std::exchange(other.file_, -1)),
        failed_before_(other.failed_before_) {}
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  using Id = std::pair<dev_t, ino_t>;
  DirectoryLock(Id id, int file, bool failed) : id_(id), file_(file), failed_before_(failed) {}
  Id id_;
  int file_;
  bool failed_before_;
};

}  // namespace anabranch::storage
