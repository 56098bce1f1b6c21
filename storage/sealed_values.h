// The values of an engine's tables as they are read: each is verified by its checksum
// (value_sum.h). A damaged one is an error for its reader, and noted for status.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/tables_below.h"

namespace anabranch::storage {

class SealedValues {
 public:
  // Returns the value without its checksum. If that is wrong, throws Error{kCorrupt}; a damaged
  // value of meta, needed by all, ends the process as damage.h says.
  [[nodiscard]] std::string_view open(Table table, std::string_view key,
                                      std::string_view sealed) const;
  // Returns the damaged values that were met, the first kNotedMax of them.
  [[nodiscard]] std::vector<DamagedValue> damaged() const;
  // Tells that a table was emptied: it has no damaged value any more.
  void forget(Table table);

 private:
  static constexpr std::size_t kNotedMax = 20;

  // Notes a damaged value, and tells the log of it once. Returns the sentence.
  std::string note(Table table, std::string_view key) const;

  mutable std::mutex mutex_;
  mutable std::vector<std::pair<Table, std::string>> noted_;  // With their keys.
};

}  // namespace anabranch::storage
