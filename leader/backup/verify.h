// Verifies a backup without the leader that it is of: all files by their checksums, all rows and
// their digest, the chains and heads of the log, signed positions.
#pragma once

#include <string>

#include "core/result.h"
#include "leader/backup/manifest.h"
#include "leader/backup/progress.h"
#include "leader/backup/report.h"
#include "regions/wire/signatures.h"

namespace anabranch::leader {

// Verifies the files in a folder against a manifest that need not be there yet. Signatures are
// verified if there are some; hashes at signed positions always. Memory does not grow with the
// data. Fails only if `watch` does; everything else is in the report.
core::Result<BackupReport> verify_files(const std::string& folder, const Manifest& manifest,
                                        const regions::Signatures* signatures,
                                        const BackupWatch& watch);

// Verifies a whole backup. Fails as read_manifest() and `watch` do.
core::Result<BackupReport> verify_backup(const std::string& folder,
                                         const regions::Signatures* signatures,
                                         const BackupWatch& watch);

}  // namespace anabranch::leader
