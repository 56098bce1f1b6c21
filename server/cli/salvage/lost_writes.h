// The lost writes of the region of a data directory, as far as they can be read in the files that
// openings have set aside: printed in short, and in full as lines of JSON.
#pragma once

#include <cstdint>
#include <ostream>
#include <set>
#include <string>

#include "core/dot.h"
#include "core/result.h"
#include "storage/wal/files.h"

namespace anabranch::server::cli {

// The origins of the region of the directory, as far as they are known.
struct OwnOrigins {
  std::string region;
  std::set<core::Origin> origins;
};

// Reads the identity of a directory that no leader has open. Fails as an opening does.
core::Result<OwnOrigins> own_origins_of(const std::string& directory);

// Prints a summary to `text`, and each op to `out` unless that is null. Returns how many records
// with writes of the region were found. Fails when a file cannot be read.
core::Result<std::uint64_t> print_lost_writes(storage::Files& files, const OwnOrigins& own,
                                              std::ostream& text, std::ostream* out);

}  // namespace anabranch::server::cli
