// Storage in one LMDB environment: log, rows, counts and meta in one synced transaction per commit,
// so that they can never disagree. Committed data are durable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "storage/tables_below.h"

namespace anabranch::storage {

// The format that a data directory must have, or gets: that of LMDB alone, that of an engine (a
// directory of LMDB alone becomes one of an engine), or either, and that of LMDB alone if it is
// new.
enum class LmdbFormat : std::uint8_t { kAlone, kEngine, kAny };

struct LmdbOptions {
  std::string directory;                          // Created (mode 0700) when absent.
  std::size_t map_bytes = std::size_t{1} << 40U;  // Address space, not disk.
  unsigned readers_max = 1024;
  std::size_t reserve_bytes = 0;  // Of the address space, to be left free at opening.
  LmdbFormat format = LmdbFormat::kAlone;
};

// Opens or creates. The directory stays locked against other processes, and against a second
// opening in this one, as long as the storage lives. Fails with kBusy when it is locked, kInvalid
// when the directory has foreign contents or cannot be used (no such parent, no permission, a file,
// a network file system), or holds too much for the address space, or has another format than is
// wanted (naming both numbers).
core::Result<std::unique_ptr<StorageBelow>> open_lmdb_storage(const LmdbOptions& options);

// Moves the data of a folder of a directory, a data directory of its own that is closed, to the
// directory, which has no data yet, and removes the folder: all or nothing. The caller has locked
// the directory. Until then its contents are foreign to open_lmdb_storage().
core::Result<void> move_lmdb_storage(const std::string& directory, const std::string& folder);

}  // namespace anabranch::storage
