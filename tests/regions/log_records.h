// The log of a storage as a list.
#pragma once

#include <utility>
#include <vector>

#include "storage/storage.h"

namespace anabranch::test {

// All records that the log still has, in its order.
inline std::vector<storage::StoredRecord> log_records(const storage::Storage& storage) {
  std::vector<storage::StoredRecord> records;
  while (auto record = storage.read_log(records.empty() ? 1 : records.back().position + 1)) {
    records.push_back(*std::move(record));
  }
  return records;
}

}  // namespace anabranch::test
