// A data directory: its lock, its LMDB environment, and the marker of our format.
//
//   DIR/lock       the process that has it open (directory_lock.h)
//   DIR/data.mdb   the environment, with the tables below
//   DIR/lock.mdb   LMDB's readers
//   DIR/creating/  only while data.mdb is made: it appears whole, with its marker, or not at all
#pragma once

#include <array>
#include <memory>

#include "storage/directory_lock.h"
#include "storage/generations.h"
#include "storage/lmdb_env.h"
#include "storage/lmdb_storage.h"
#include "storage/storage.h"

namespace anabranch::storage {

// The handles of all tables of an environment.
struct LmdbTables {
  std::array<LmdbTable, kStoredTableCount> by_table{};  // Indexed by Table.
  LmdbTable log{};        // position -> origin, first, last and the record's bytes
  LmdbTable log_index{};  // origin, last -> position
  std::uint64_t format = kFormat;
  // Its values are being given their checksums, and only those up to kSealedKey have one.
  bool half_sealed = false;
  LmdbTable marker{};  // kFormatKey -> format; kTrimmedKey -> the last position when trimmed;
                       // kSwappedKey -> of format 2: number of swaps of the next tables with the
                       // current ones;
                       // kReachKey -> see TablesBelow::reach();
                       // kSegmentKey -> see TablesBelow::noted_segment();
                       // kSealedKey -> see lmdb_sealing.h, only before the end of that

  // Whether the values have checksums (value_sum.h).
  [[nodiscard]] bool sealed() const { return format == kEngineFormat; }
};

inline constexpr std::string_view kFormatKey = "format";
inline constexpr std::string_view kTrimmedKey = "trimmed";
inline constexpr std::string_view kSwappedKey = "swapped";
inline constexpr std::string_view kReachKey = "reach";
inline constexpr std::string_view kSegmentKey = "segment";
inline constexpr std::string_view kSealedKey = "sealed";

// Opens all tables. Fails with kInvalid when the environment is not ours, or of an unknown format.
core::Result<LmdbTables> open_tables(LmdbEnv& env);

// Returns which of the two sets of rows, and of tables derived from them, a directory of format 2
// has made the current one last.
core::Result<Generation> current_in(const LmdbTxn& txn, const LmdbTables& tables);

// Members are in the reverse order of destruction: the environment closes before the lock.
struct LmdbDirectory {
  DirectoryLock lock;
  std::unique_ptr<LmdbEnv> env;  // At a fixed address.
  LmdbTables tables;
  Place place;
};

// Locks and opens the data directory; creates it when absent. Fails as open_lmdb_storage does.
core::Result<LmdbDirectory> open_directory(const LmdbOptions& options);

// Opens the environment of a directory that is open already, read-only: for when LMDB has given up
// the first environment after a failed write.
core::Result<std::unique_ptr<LmdbEnv>> open_frozen(const LmdbOptions& options);

}  // namespace anabranch::storage
