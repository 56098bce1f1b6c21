// `anabranch restore FOLDER --data DIR`: makes a new data directory of a backup. (ANABRANCH REGION
// RESTORE is about a region that was retired.)

#include <iostream>

#include "leader/backup/restore.h"
#include "server/cli/backup/backup_commands.h"
#include "server/cli/backup/backup_text.h"
#include "server/cli/backup/progress_line.h"
#include "server/cli/faults.h"
#include "server/cli/printable.h"

namespace anabranch::server::cli {
namespace {

constexpr Argument kTarget{"--data", Argument::Kind::kValue, "DIR",
                           "the data directory to make, new or empty"};

// Prints what is wrong in the new directory, as it was in the leader that was backed up.
void print_check(const regions::CheckReport& check) {
  for (const std::string& finding : check.findings) std::cout << printable(finding) << '\n';
  for (const std::string& note : check.notes) std::cout << printable(note) << '\n';
}

ExitCode run_restore(const Arguments& arguments) {
  const std::string directory = arguments.text(kTarget.name);
  if (directory.empty()) return print_error("to which directory? Say --data DIR", kUsage);
  const auto signatures = signatures_of(arguments);
  if (!signatures.ok()) return print_error(signatures.failure().message);
  explain_faults();
  core::Result<leader::Restoration> restored = leader::Restoration();
  {
    ProgressLine line;
    const auto watch = [&](const leader::BackupProgress& at) {
      line.show(at.stage, at.done, at.total, at.bytes);
      return core::Result<void>();
    };
    restored = leader::restore_backup(arguments.text(kFolder.name), directory,
                                      signatures.value().get(), watch);
  }
  if (!restored.ok()) return print_error(restored.failure().message);
  const leader::Restoration& done = restored.value();
  if (done.backup.damaged > 0) {
    print_findings(done.backup);
    return print_error("the backup is damaged: nothing was restored");
  }
  if (done.anew) std::cout << "an unfinished restoration was there: begun anew\n";
  print_check(done.check);
  std::cout << summary(done.backup.manifest, done.backup.records) << ": restored to "
            << printable(directory) << " and verified; its leader begins a new origin when it opens"
            << " it\n";
  std::cout << "what was written after " << utc_time(done.backup.manifest.begun_ms)
            << " is not in it; a loss of the log that was noted since then has ended by that\n";
  const std::uint64_t faults = done.backup.faults + done.check.wrong;
  if (faults == 0) return kClean;
  std::cout << "what is named above was wrong in the leader that was backed up\n";
  return kPartly;
}

}  // namespace

Command restore_command() {
  return {"restore",
          "make a new data directory of a backup (region restore is another thing)",
          {kFolder, kTarget, kPeersKeys},
          run_restore};
}

}  // namespace anabranch::server::cli
