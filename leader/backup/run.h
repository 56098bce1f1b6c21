// A whole backup: written, read back and verified, finished, noted.
#pragma once

#include <string>

#include "core/result.h"
#include "core/wall_clock.h"
#include "leader/backup/progress.h"
#include "leader/backup/report.h"
#include "storage/whole_storage.h"

namespace anabranch::leader {

struct BackupRun {
  BackupReport report;           // Without damage.
  std::string path;              // Of the folder.
  bool anew = false;             // There was an unfinished backup, which was removed.
  core::Millis snapshot_ms = 0;  // For how long the snapshot was held.
};

// Backs up the newest state of a storage, whose data are in `directory`. Fails as
// BackupFolder::take(), write_backup() and `watch` do, and with kCorrupt if the files read back are
// not those that were written.
core::Result<BackupRun> run_backup(const storage::WholeStorage& storage,
                                   const std::string& directory, const std::string& path,
                                   const core::WallClock& clock, const BackupWatch& watch);

}  // namespace anabranch::leader
