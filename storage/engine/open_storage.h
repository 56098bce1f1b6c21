// Opens the storage of a data directory: the engine, with its write-ahead log in DIR/wal and its
// tables in LMDB.
//
// A directory from before the engine (format 2, LMDB alone) becomes one of it (format 4) when it is
// opened. There is no way back: programs from before refuse it, since they would not see the newest
// writes.
#pragma once

#include <memory>
#include <string>

#include "core/result.h"
#include "storage/engine/engine_storage.h"
#include "storage/lmdb_storage.h"
#include "storage/wal/files.h"
#include "storage/whole_storage.h"

namespace anabranch::storage {

struct StorageOptions {
  LmdbOptions tables = {};  // With the directory; `look` is that of the engine.
  EngineOptions engine = {};
};

// Opens or creates. Fails as open_lmdb_storage does, and with kIo or kCorrupt when the write-ahead
// log cannot be read. Thread-safe.
core::Result<std::unique_ptr<WholeStorage>> open_storage(const StorageOptions& options);
// Returns the files of the log of a data directory, for a look at the files that openings have set
// aside there.
std::unique_ptr<Files> log_files_of(const std::string& directory);

}  // namespace anabranch::storage
