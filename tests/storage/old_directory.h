// Data directories as programs from before the engine have left them: of format 2, with all data in
// LMDB, and values without checksums.
#pragma once

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "storage/lmdb_directory.h"
#include "storage/lmdb_env.h"
#include "storage/value_sum.h"
#include "tests/storage/world.h"

namespace anabranch::storage::test {

// Takes the checksums off the values of a directory, and sets its format and number of swaps.
inline void make_old(const std::string& directory, std::uint64_t swaps = 0) {
  auto opened = open_directory({.directory = directory, .map_bytes = kMapBytes});
  REQUIRE(opened.ok());
  const LmdbTables& tables = opened.value().tables;
  auto begun = opened.value().env->begin_write();
  REQUIRE(begun.ok());
  LmdbTxn& txn = begun.value();
  for (const LmdbTable table : tables.by_table) {
    std::vector<std::pair<std::string, std::string>> values;
    auto cursor = LmdbCursor::open(txn, table);
    REQUIRE(cursor.ok());
    for (auto entry = cursor.value().first(); entry.value(); entry = cursor.value().next()) {
      values.emplace_back(entry.value()->key,
                          unseal_value(entry.value()->key, entry.value()->value).value());
    }
    for (const auto& [key, value] : values) REQUIRE(cursor.value().put(key, value).ok());
  }
  REQUIRE(txn.put(tables.marker, kFormatKey, big_endian(kFormat)).ok());
  if (swaps > 0) REQUIRE(txn.put(tables.marker, kSwappedKey, big_endian(swaps)).ok());
  REQUIRE(txn.commit().ok());
}

// Makes a directory with a log and with changes of its tables as they are stored.
inline void make_old(const std::string& directory, const std::vector<LogRecord>& records,
                     const std::vector<Change>& changes, std::uint64_t swaps = 0) {
  {
    const auto storage = open_below(directory);
    REQUIRE(storage->append(placed(records)).ok());
    REQUIRE(apply_changes(*storage, changes).ok());
  }
  make_old(directory, swaps);
}

}  // namespace anabranch::storage::test
