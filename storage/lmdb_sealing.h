// Gives the values of a directory from before checksums theirs (value_sum.h), when an engine opens
// it: of one of LMDB alone, or of an earlier engine.
//
// It goes through the tables in slices, each committed with the place up to which values have their
// checksums, so an opening that is interrupted is continued by the next one.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/result.h"
#include "storage/lmdb_directory.h"
#include "storage/lmdb_env.h"

namespace anabranch::storage {

struct SealingLimit {
  std::size_t bytes = std::size_t{16} << 20U;  // Of the keys and values of a slice, about.
  std::size_t slices = ~std::size_t{0};        // Fails behind these, as if the process had ended.
};

// Sets a key to a value with its checksum.
core::Result<void> put_sealed(LmdbCursor& cursor, std::string_view key, std::string_view value);

// Makes the directory one of kEngineFormat. Tells the log how far it is, after each million values.
// Fails as commits of LMDB do.
core::Result<void> seal_all_values(LmdbEnv& env, LmdbTables& tables,
                                   const SealingLimit& limit = {});

}  // namespace anabranch::storage
