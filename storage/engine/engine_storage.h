// A storage whose commits are synced appends to a write-ahead log: what is newer than the tables on
// disk lies in an overlay, which a thread writes to them from time to time.
//
// Invariants: 1. a commit is visible once it is in the log, and, unless `sync_every` is set, on
// disk there; 2. the tables never hold what the log could lose; 3. tables with any part of the
// changes behind their reach, and all of these applied again in order, are the newest state:
// changes are absolute; 4. a log that has lost commits counts as a failed opening: its owner begins
// a new origin.
//
// A swap is a record that names another generation of tables as the current one (generations.h),
// and a clearing names none as the next one, without a record: the first commit that fills next
// tables names a free generation. Invariants: 5. a generation is emptied together with a reach
// behind its last use, and free once that is noted: so no redo meets two uses of it; 6. an opening
// goes on without a next generation, and takes all but the current one for used unless they are
// empty.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "storage/tables_below.h"
#include "storage/wal/files.h"
#include "storage/wal/wal.h"
#include "storage/whole_storage.h"

namespace anabranch::storage {

struct EngineOptions {
  // The cost of a flush depends on the size of its overlay, and not on that of the log.
  static constexpr std::uint64_t kLogPart = 2;

  WalOptions wal = {};
  // A flush begins when the overlay has so many bytes, or the log since the last flush kLogPart
  // times as many, or when walks have passed many removed keys. While one is under way both may
  // grow to twice that; writers are slowed from half of the way on.
  std::uint64_t overlay_bytes = std::uint64_t{64} << 20U;
  std::uint64_t slice_bytes = std::uint64_t{16} << 20U;  // About so many go to the tables at once.
  // nullopt: each commit is on disk before it is visible. Otherwise a commit with batches is
  // visible at once, and on disk with the next sync: a loss of power takes the newest commits,
  // never one of them without those behind it. A thread syncs at this interval; commits without
  // batches sync, and so do swaps and flushes.
  std::optional<std::chrono::milliseconds> sync_every = {};
  // A commit with so many changes is logged by a thread, while they are made in memory; one that
  // was begun is logged and made in memory by it.
  std::size_t beside_min = 200;
  // Nothing is changed in the log, and nothing can be committed.
  bool look = false;
  // Is asked when the log is gone, or ends before the tables, with these: a failure ends the
  // opening before it has changed anything. Without it the log is begun anew.
  std::function<core::Result<void>(const Snapshot& tables)> accept_lost_log = {};
};

// Opens the engine over `base`, which was not opened yet, with its log in `files`. A log that the
// base has of its own is read until it is trimmed. Fails as the base's open() does, and with kIo
// when the log cannot be read.
core::Result<std::unique_ptr<WholeStorage>> open_engine_storage(std::unique_ptr<StorageBelow> base,
                                                                std::unique_ptr<Files> files,
                                                                const EngineOptions& options = {});

// An engine without a thread: its writer does the work in steps, and where commits wait for it. For
// tests that must be repeatable.
class SteppedEngine : public WholeStorage {
 public:
  // Writes a slice of a flush to the tables, or does another piece of work that waits. Returns
  // whether there may be more.
  virtual bool step() = 0;
};
std::unique_ptr<SteppedEngine> make_stepped_engine(std::unique_ptr<StorageBelow> base,
                                                   std::unique_ptr<Files> files,
                                                   const EngineOptions& options);

}  // namespace anabranch::storage
