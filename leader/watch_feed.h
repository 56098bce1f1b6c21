// What a watch is told, read from the log: transaction by transaction, behind a version vector.
// Thread-safe towards the writer: it only reads the storage. One thread at a time.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include <anabranch/watch.h>

#include "core/batch.h"
#include "rows/names.h"
#include "storage/storage.h"

namespace anabranch::leader {

class WatchFeed {
 public:
  // What it looks at, which must outlive it, and what of it.
  struct Source {
    const storage::Storage& storage;
    const rows::Names& names;
    std::string region;      // This one.
    core::Hash128 mesh;      // For tokens.
    core::Path all;          // Everything that may be watched: a database.
    std::string key_prefix;  // Keys that begin so.
  };
  // Where it begins: behind `seen`, which the log reaches back to from `position` on; not, when
  // there is none. `jumps` are those of the board that came before.
  struct Start {
    core::VersionVector seen;
    std::optional<storage::Position> position;
    std::uint64_t jumps = 0;
  };
  WatchFeed(Source source, Start start);

  // The next transaction that has changed anything watched, or a resync; nothing when there is
  // none yet. Every commit may bring one.
  std::optional<Changes> next();

 private:
  // Takes in the next record of the log; returns whether there was one.
  bool read_record();
  void take(const core::Batch& batch);
  void resync();
  [[nodiscard]] Changes changes_of(const core::Transaction& txn, const std::string& region) const;

  Source source_;
  core::VersionVector seen_;
  storage::Position position_ = 0;  // The next record to read.
  std::uint64_t jumps_ = 0;         // Of the board, as looked at last.
  std::deque<Changes> ready_;
};

// Where a feed begins that goes on behind `seen`, or behind what is committed now; see
// WatchFeed::Start. Thread-safe.
WatchFeed::Start start_behind(const storage::Storage& storage, const rows::VectorBoard& board,
                              const std::optional<core::VersionVector>& seen);

}  // namespace anabranch::leader
