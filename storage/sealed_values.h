// The values of an engine's tables as they are read: each is verified by its checksum
// (value_sum.h). A damaged one is an error for its reader, and noted for status, unless its table
// has been emptied since: snapshots of before still have it.
//
// Thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/layout.h"
#include "storage/lmdb_env.h"
#include "storage/tables_below.h"

namespace anabranch::storage {

class SealedValues {
 public:
  struct Place {
    Table table;
    std::string_view key;
  };

  // Returns the value without its checksum, as it was read at a place in a transaction. If that is
  // wrong, throws Error{kCorrupt}; a damaged value of meta, needed by all, ends the process as
  // damage.h says.
  [[nodiscard]] std::string_view open(const Place& place, std::string_view sealed,
                                      const LmdbTxn& txn) const;
  // Returns the damaged values that were met, the first kNotedMax of them.
  [[nodiscard]] std::vector<DamagedValue> damaged() const;
  // Tells that a commit has emptied a table: from then on it has no damaged value.
  void forget(Table table, std::uint64_t commit);

 private:
  static constexpr std::size_t kNotedMax = 20;

  // Notes a damaged value that a commit shows, and tells the log of it once. Returns the sentence.
  std::string note(const Place& place, std::uint64_t commit) const;

  mutable std::mutex mutex_;
  mutable std::vector<std::pair<Table, std::string>> noted_;  // With their keys.
  std::array<std::uint64_t, kStoredTableCount> emptied_{};    // The commit that did it last.
};

}  // namespace anabranch::storage
