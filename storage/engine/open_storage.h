// Opens the storage of a data directory: the engine, with its write-ahead log in DIR/wal and its
// tables in LMDB; or LMDB alone, as all directories had it before the engine.
//
// A directory of LMDB alone (format 2) becomes one of the engine (format 4) when the engine opens
// it. There is no way back: LMDB alone refuses a directory of the engine, since it would not see
// the newest writes, and so do programs from before the engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/result.h"
#include "storage/engine/engine_storage.h"
#include "storage/lmdb_storage.h"
#include "storage/whole_storage.h"

namespace anabranch::storage {

enum class StorageKind : std::uint8_t { kLmdb, kEngine };

struct StorageOptions {
  LmdbOptions tables = {};  // With the directory; its format is set by open_storage().
  // nullopt: as the directory has it already.
  std::optional<StorageKind> kind = {};
  EngineOptions engine = {};
};

// Opens or creates. Fails as open_lmdb_storage does, and with kIo or kCorrupt when the write-ahead
// log cannot be read. Thread-safe.
core::Result<std::unique_ptr<WholeStorage>> open_storage(const StorageOptions& options);

}  // namespace anabranch::storage
