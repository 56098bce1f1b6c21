// Restores a backup to a new data directory, whose leader begins a new origin when it opens it: the
// former leader may still be alive, or have written more under its origin.
#pragma once

#include <cstddef>
#include <string>

#include "core/result.h"
#include "leader/backup/progress.h"
#include "leader/backup/report.h"
#include "regions/verify/directory_check.h"
#include "regions/wire/signatures.h"
#include "storage/tables_below.h"

namespace anabranch::leader {

struct Restoration {
  BackupReport backup;         // Verified before; with damage in it nothing is restored.
  regions::CheckReport check;  // Of the directory that was made.
  bool anew = false;           // There was an unfinished restoration, which was removed.
};

// Writes all parts of a backup into tables that are open and empty, and the log beside them. The
// identity says that the data have moved, so that its next opening begins a new origin.
core::Result<void> write_parts(const std::string& folder, const Manifest& manifest,
                               storage::StorageBelow& storage, const BackupWatch& watch);

// Restores to a directory that is new or empty, or has an unfinished restoration. It gets its data
// at once when they were found equal to the backup; until then it has a folder "restoring" that no
// leader opens. Fails with kInvalid on any other directory, with kBusy when it is in use, and as
// read_manifest() and `watch` do.
core::Result<Restoration> restore_backup(const std::string& folder, const std::string& directory,
                                         const regions::Signatures* signatures,
                                         const BackupWatch& watch,
                                         std::size_t map_bytes = std::size_t{1} << 40U);

}  // namespace anabranch::leader
