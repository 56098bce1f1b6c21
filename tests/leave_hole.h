// A hole in the log of a data directory, as an opening of an earlier version left one that had
// found batches behind the end of the log: it gave none of their positions again.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "storage/engine/reach.h"
#include "storage/lmdb_storage.h"
#include "storage/wal/posix_files.h"
#include "storage/wal/wal_recovery.h"

namespace anabranch::test {

// Leaves a hole of so many positions at the end of the log of a directory that an engine has made
// and that nobody has open. Throws anabranch::Error.
inline void leave_hole(const std::filesystem::path& directory, storage::Position size,
                       std::size_t map_bytes = std::size_t{1} << 30U) {
  storage::WalBase base;
  {
    const auto below =
        storage::open_lmdb_storage({.directory = directory.string(), .map_bytes = map_bytes})
            .value_or_raise();
    (void)below->open_below().value_or_raise();
    const auto reach = storage::decode_reach(below->reach().value_or_raise()).value_or_raise();
    base = {reach.ticket, reach.position, reach.opening};
  }
  const auto files = storage::posix_files((directory / "wal").string());
  const auto none = [](storage::Ticket, std::string_view) { return core::Result<void>(); };
  base.position =
      storage::look_at_wal(*files, {}, base, none).value_or_raise().wal->last().position + size;
  (void)storage::open_wal(*files, {}, base, none).value_or_raise();
}

}  // namespace anabranch::test
