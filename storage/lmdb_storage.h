// The tables of a data directory in one LMDB environment, with the log that it has from before the
// engine, or from a backup. Each change is one synced transaction.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "storage/tables_below.h"

namespace anabranch::storage {

struct LmdbOptions {
  std::string directory;                          // Created (mode 0700) when absent.
  std::size_t map_bytes = std::size_t{1} << 40U;  // Address space, not disk.
  // Reads of the application at once (reader_share.h), and how long a further one waits.
  unsigned readers_max = 1024;
  std::chrono::milliseconds reader_patience = std::chrono::seconds(10);
  std::size_t reserve_bytes = 0;  // Of the address space, to be left free at opening.
  // A directory of an earlier format stays as it is, and is only read: for tools. Otherwise its
  // values get their checksums, and earlier programs refuse it from then on.
  bool look = false;
};

// Opens or creates. The directory stays locked against other processes, and against a second
// opening in this one, as long as the storage lives. Fails with kBusy when it is locked, kInvalid
// when the directory has foreign contents or cannot be used (no such parent, no permission, a file,
// a network file system), or holds too much for the address space, or has a format that is not
// known (naming the numbers).
core::Result<std::unique_ptr<StorageBelow>> open_lmdb_storage(const LmdbOptions& options);

// The folder of a restoration that has not ended, in the directory that it restores.
inline constexpr const char* kRestoringFolder = "restoring";

// Moves the data of a folder of a directory, a data directory of its own that is closed, to the
// directory, which has no data yet, and removes the folder: all or nothing. The caller has locked
// the directory. Until then its contents are foreign to open_lmdb_storage().
core::Result<void> move_lmdb_storage(const std::string& directory, const std::string& folder);

}  // namespace anabranch::storage
