// How far the log is in the tables on disk, as they note it.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "storage/generations.h"
#include "storage/storage.h"
#include "storage/wal/ticket.h"

namespace anabranch::storage {

struct Reach {
  Ticket ticket;
  Position position = 0;      // Of the last batch up to there.
  std::uint64_t opening = 0;  // The number of the log's opening that wrote it.
  Position trimmed = 0;       // Batches before this position count as removed.
  Generations generations = {};
  BegunFlush begun = {};  // Of no meaning up to `ticket`.
};

std::string encode_reach(const Reach& reach);
// Fails with kCorrupt for bytes that are no reach.
core::Result<Reach> decode_reach(std::string_view bytes);

}  // namespace anabranch::storage
