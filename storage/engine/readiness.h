// All that the next commit of the engine needs from the system besides writes and syncs: its place,
// room in the log, and tables that take changes before the memory runs over.
//
// For the thread that commits.
#pragma once

#include <cstdint>

#include "core/result.h"
#include "storage/engine/flusher.h"
#include "storage/tables_below.h"
#include "storage/wal/files.h"
#include "storage/wal/wal.h"

namespace anabranch::storage {

class Readiness {
 public:
  // Both must outlive this. `overlay_bytes`: with so many a flush begins.
  Readiness(const StorageBelow& base, const Files& files, std::uint64_t overlay_bytes)
      : base_(base), files_(files), overlay_bytes_(overlay_bytes) {}

  // Fails when the opened files are no longer those of the directory.
  [[nodiscard]] core::Result<void> look_at_place(const Wal& log) const;
  // Gets it all, for a commit of so many bytes and records, about. `waiting`: the bytes that wait
  // for a flush. A failure that may pass has changed nothing.
  core::Result<void> get(Wal& log, const Flusher& flusher, std::uint64_t waiting,
                         std::uint64_t bytes, std::uint64_t records);
  // Returns how many bytes of the log such a commit takes, about.
  [[nodiscard]] static std::uint64_t log_bytes(std::uint64_t bytes, std::uint64_t records);
  // Whether that was done since the last commit.
  [[nodiscard]] bool ready() const { return ready_; }
  // A commit is made, or has failed.
  void use() { ready_ = false; }

 private:
  const StorageBelow& base_;
  const Files& files_;
  const std::uint64_t overlay_bytes_;
  bool ready_ = false;
};

}  // namespace anabranch::storage
