// The calls of this program that change the files of a folder, in their order: its own open,
// pwrite, fdatasync and so on stand before those of the C library, also for LMDB and
// std::filesystem.
//
// Calls are made one at a time while they are recorded, so the journal has the order in which the
// system got them. A sync is recorded and not made, since the disk is not that of this machine. A
// file that is opened with O_DSYNC has a sync behind each write. LMDB's lock file is left out: it
// is shared memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace anabranch::storage::test {

struct SystemCall {
  enum class Kind : std::uint8_t {
    kOpen,
    kCreate,  // Without a file: a folder, whose name ends with '/'.
    kWrite,
    kSync,
    kTruncate,
    kRename,
    kRemove,
    kSyncFolder,  // Of the names in the folder `name`.
    kNote,        // No call: `offset` is a number of the test's.
  };
  Kind kind = Kind::kNote;
  std::size_t file = 0;   // The number of the opening, from 1.
  std::string name = {};  // In the folder: "wal/spare-1".
  std::string to = {};    // The new name.
  std::uint64_t offset = 0;
  std::string bytes = {};
  bool within = false;  // A sync that is part of the write before it.
};

// Records from its begin to its end; one at a time in a program.
class SystemCalls {
 public:
  // `folder`: an absolute path, without a slash at its end.
  explicit SystemCalls(std::string folder);
  SystemCalls(const SystemCalls&) = delete;
  SystemCalls& operator=(const SystemCalls&) = delete;
  ~SystemCalls();

  // Puts a number into the journal.
  void note(std::uint64_t number);
  // The n-th call from now on fails with EIO, n from 1; once.
  void fail(std::size_t n);
  // Returns whether that has happened.
  [[nodiscard]] bool failed() const;
  // Returns the journal so far.
  [[nodiscard]] std::vector<SystemCall> journal() const;
};

}  // namespace anabranch::storage::test
