// Writes a backup: one snapshot of a storage, to a folder.
#pragma once

#include <string>

#include "core/result.h"
#include "core/wall_clock.h"
#include "leader/backup/folder.h"
#include "leader/backup/manifest.h"
#include "leader/backup/progress.h"
#include "storage/whole_storage.h"

namespace anabranch::leader {

// Writes all parts of a snapshot, taken at `begun_ms`, and returns their manifest, which is not
// written yet. Memory does not grow with the data. Fails with kCorrupt on rows that cannot be read,
// with kInvalid if nothing was ever written there.
core::Result<Manifest> write_backup(const storage::WholeSnapshot& snapshot, core::Millis begun_ms,
                                    const BackupFolder& folder, const BackupWatch& watch);

}  // namespace anabranch::leader
