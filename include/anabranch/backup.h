// Backups of a store, made by the program that has it open: the same as `anabranch backup` makes.
//
//   const Backup made = store.backup_to("/backups/monday");
//   for (const std::string& finding : made.findings) std::cerr << finding << '\n';
//
// A backup is a new folder: files of blocks with checksums, of one state. `anabranch backup verify`
// reads it again, `anabranch restore` makes a data directory of it (docs/operations/backups.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace anabranch {

// A backup that has been written, read back and found to be that of its state.
struct Backup {
  std::string path;           // Of its folder; absolute.
  std::int64_t begun_ms = 0;  // Milliseconds since 1970: its state is that of this moment or later.
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  // Of its files.
  std::string digest;       // Of all rows.
  // Faults of the store itself, and so of its backup: a sentence each, at most 20.
  std::vector<std::string> findings;
};

}  // namespace anabranch
