// `anabranch backup verify FOLDER`: finds everything that is wrong with a backup, without a leader.

#include <iostream>

#include "leader/backup/verify.h"
#include "server/cli/backup/backup_commands.h"
#include "server/cli/backup/backup_text.h"
#include "server/cli/backup/progress_line.h"

namespace anabranch::server::cli {
namespace {

ExitCode run_backup_verify(const Arguments& arguments) {
  const auto signatures = signatures_of(arguments);
  if (!signatures.ok()) return print_error(signatures.failure().message);
  core::Result<leader::BackupReport> verified = leader::BackupReport();
  {
    ProgressLine line;
    const auto watch = [&](const leader::BackupProgress& at) {
      line.show(at.stage, at.done, at.total, at.bytes);
      return core::Result<void>();
    };
    verified = leader::verify_backup(arguments.text(kFolder.name), signatures.value().get(), watch);
  }
  if (!verified.ok()) return print_error(verified.failure().message);
  const leader::BackupReport& report = verified.value();
  print_findings(report);
  std::cout << summary(report.manifest, report.records) << ": ";
  if (report.signed_by > 0) std::cout << report.signed_by << " signatures verified: ";
  const std::uint64_t wrong = report.damaged + report.faults;
  if (wrong == 0) {
    std::cout << "all is well\n";
    return kClean;
  }
  std::cout << wrong << (wrong == 1 ? " thing is" : " things are") << " wrong";
  std::cout << (report.damaged == 0 ? ", as in the leader that was backed up\n" : "\n");
  return kFailed;
}

}  // namespace

Command backup_verify_command() {
  return {"backup verify",
          "compute checksums, digest and chains of a backup anew, without a leader",
          {kFolder, kPeersKeys},
          run_backup_verify};
}

}  // namespace anabranch::server::cli
