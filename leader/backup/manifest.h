// The manifest of a backup: what its folder holds. It is written last: a folder without one is no
// backup. Lines of words, with a checksum at the end; see docs/formats.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/hash.h"
#include "core/result.h"
#include "core/version_vector.h"
#include "core/wall_clock.h"
#include "storage/log_hole.h"
#include "storage/storage.h"

namespace anabranch::leader {

// The files of a folder besides those with data: the manifest, and a mark that it is missing.
inline constexpr std::string_view kManifestFile = "manifest";
inline constexpr std::string_view kUnfinishedFile = "unfinished";

// A part of a backup: a table, or the log.
struct Part {
  std::string_view name;
  std::optional<storage::Table> table;  // None: the log.
};
// The parts, in the order in which they are written.
inline constexpr std::array<Part, 7> kParts{{{"meta", storage::Table::kMeta},
                                             {"rows", storage::Table::kRows},
                                             {"counts", storage::Table::kCounts},
                                             {"expiries", storage::Table::kExpiries},
                                             {"scores", storage::Table::kScores},
                                             {"conflicts", storage::Table::kConflicts},
                                             {"log", std::nullopt}}};

struct BackupFile {
  std::string part;
  std::uint64_t number = 0;   // From 1 in its part.
  std::uint64_t entries = 0;  // Keys with values.
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0;

  // "rows-000001".
  [[nodiscard]] std::string name() const;
};

struct Manifest {
  // Of a log without holes, and of one with some.
  static constexpr std::uint64_t kFormat = 1;
  static constexpr std::uint64_t kFormatWithHoles = 2;

  std::uint64_t data_format = storage::kFormat;  // Of keys and values.
  core::Hash128 mesh;
  std::string region;
  core::Origin origin = 0;
  core::Millis begun_ms = 0;  // The snapshot, by the wall clock of its leader.
  std::uint64_t rows = 0;
  core::Hash128 digest;         // Of the rows.
  core::VersionVector applied;  // All that is in the rows.
  storage::Position log_last = 0;
  std::vector<storage::LogHole> holes;  // Of the log, in order. One that is not listed is damage.
  std::vector<BackupFile> files;        // In the order of kParts, then of numbers.

  // The bytes of all files.
  [[nodiscard]] std::uint64_t bytes() const;
};

std::string encode_manifest(const Manifest& manifest);
// Fails with kCorrupt on damage, with kInvalid on another format.
core::Result<Manifest> decode_manifest(std::string_view text);

// Whether a file of a folder is one of a backup.
bool is_backup_file(std::string_view name);

}  // namespace anabranch::leader
