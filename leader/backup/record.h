// The note of the last verified backup of a data directory, in the file DIR/backup: beside the data
// and not in them, so that it is never in a backup, and no writer waits for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"
#include "core/wall_clock.h"

namespace anabranch::leader {

struct BackupRecord {
  core::Millis begun_ms = 0;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  // Of its files.
  std::string digest;
  std::string path;
  bool operator==(const BackupRecord&) const = default;
};

// Replaces the note of a directory, at once.
core::Result<void> save_record(const std::string& directory, const BackupRecord& record);
// Returns nullopt if there is none. Fails if it cannot be read.
core::Result<std::optional<BackupRecord>> load_record(const std::string& directory);

}  // namespace anabranch::leader
