// Checking a data directory offline: everything that is derived is computed anew and compared with
// what is stored. Rows decode and name only what was applied; digests, counts and the
// order of scores follow from the rows; every batch of the log decodes, continues its chain and is
// found by its index; heads are where the log ends. Nothing is written.
//
// Memory does not grow with the data, but for the first findings.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/hash.h"
#include "core/result.h"
#include "storage/storage.h"

namespace anabranch::regions {

struct CheckReport {
  static constexpr std::size_t kListedMax = 20;

  std::string region;
  std::uint64_t rows = 0;
  std::uint64_t counts = 0;
  std::uint64_t scores = 0;  // Members that stand in the order of their scores.
  std::uint64_t records = 0;
  core::Hash128 digest;               // Of the rows that can be read.
  std::uint64_t wrong = 0;            // How many things are wrong...
  std::vector<std::string> findings;  // ...and the first of them, a sentence each.
  std::vector<std::string> notes;     // What is worth knowing and not wrong.
};

// Told now and then what is looked at, and how much of it has been.
using CheckProgress = std::function<void(std::string_view what, std::uint64_t done)>;

// The storage must be open and unused.
CheckReport check_storage(const storage::Storage& storage, const CheckProgress& progress);
// Opens the data directory, which must be one already and stays locked meanwhile. Fails as
// open_lmdb_storage does.
core::Result<CheckReport> check_directory(const std::string& directory,
                                          const CheckProgress& progress);

}  // namespace anabranch::regions
