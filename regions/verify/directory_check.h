// Checks a data directory offline: computes all derived data anew and compares it with the stored
// data. Rows must decode and name only applied origins; digests, counts and the order of scores
// must follow from the rows; every batch of the log must decode, continue its chain and be found by
// its index; heads must be where the log ends; the conflict log must decode. Holes of the log
// (storage/log_hole.h) are noted. Writes nothing.
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
  std::uint64_t scores = 0;  // Members in the order of their scores.
  std::uint64_t records = 0;
  core::Hash128 digest;               // Of the rows that can be read.
  std::uint64_t wrong = 0;            // The number of errors...
  std::vector<std::string> findings;  // ...and the first of them, a sentence each.
  std::vector<std::string> notes;     // Facts worth knowing that are no errors.
  std::uint64_t losses = 0;           // Of the log, known and told until they are settled.
};

// Called now and then with the part that is being checked, and the number of items done.
using CheckProgress = std::function<void(std::string_view what, std::uint64_t done)>;

// Returns the faults of the log that its opening has found, and its known losses. The storage must
// be open, to be looked at only.
CheckReport check_log(const storage::Storage& storage);
// The storage must be open and unused.
CheckReport check_storage(const storage::Storage& storage, const CheckProgress& progress);
// Opens the data directory, which must be one already and stays locked meanwhile. Fails as
// open_lmdb_storage does.
core::Result<CheckReport> check_directory(const std::string& directory,
                                          const CheckProgress& progress);

}  // namespace anabranch::regions
