#include "leader/backup/run.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "leader/backup/folder.h"
#include "leader/backup/record.h"
#include "leader/backup/verify.h"
#include "leader/backup/write.h"

namespace anabranch::leader {

using core::Result;

Result<BackupRun> run_backup(const storage::WholeStorage& storage, const std::string& directory,
                             const std::string& path, const core::WallClock& clock,
                             const BackupWatch& watch) {
  const auto folder = BackupFolder::take(path, directory);
  if (!folder.ok()) return folder.failure();
  BackupRun run{.report = {}, .path = folder.value().path(), .anew = folder.value().anew()};
  const core::Millis begun_ms = clock.now_ms();
  auto snapshot = storage.whole_snapshot();
  const auto manifest = write_backup(*snapshot, begun_ms, folder.value(), watch);
  snapshot.reset();
  if (!manifest.ok()) return manifest.failure();
  run.snapshot_ms = std::max<core::Millis>(0, clock.now_ms() - begun_ms);
  auto report = verify_files(run.path, manifest.value(), nullptr, watch);
  if (!report.ok()) return report.failure();
  run.report = std::move(report).value();
  if (run.report.damaged > 0) {
    return core::corrupt("what was written to " + run.path +
                         " cannot be read back: " + run.report.findings.front());
  }
  if (auto done = folder.value().finish(manifest.value()); !done.ok()) return done.failure();
  const Manifest& made = run.report.manifest;
  auto noted = save_record(directory, {.begun_ms = made.begun_ms,
                                       .rows = made.rows,
                                       .bytes = made.bytes(),
                                       .digest = core::to_string(made.digest),
                                       .path = run.path});
  if (!noted.ok()) return noted.failure();
  return run;
}

}  // namespace anabranch::leader
