// The backups of a leader: one at a time, on a thread of its own with a low priority, beside all
// other work. The writer never waits for it. As long as its snapshot is held, pages that are
// replaced meanwhile are not used again, so the data file may grow: it ends with a sentence before
// that takes the reserve.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <anabranch/status.h>

#include "core/result.h"
#include "core/wall_clock.h"
#include "leader/backup/progress.h"
#include "leader/backup/record.h"
#include "leader/backup/run.h"
#include "storage/whole_storage.h"

namespace anabranch::leader {

// How the last backup since the start stands.
struct BackupState {
  enum class Kind : std::uint8_t { kNone, kRunning, kDone, kFailed };
  Kind kind = Kind::kNone;
  std::string path;
  BackupProgress progress;
  core::Millis begun_ms = 0;
  core::Millis ended_ms = 0;
  std::optional<BackupRun> run;  // If it is done.
  std::string why;               // If it has failed...
  ErrorCode code{};              // ...and the kind of the failure.
};

// Thread-safe.
class Backups {
 public:
  struct Owner {
    std::string region;
    std::string directory;
    std::uint64_t reserve_bytes = 0;
  };
  // The storage must outlive this.
  Backups(const storage::WholeStorage& storage, Owner owner);
  // Ends a backup that is running.
  ~Backups();
  Backups(const Backups&) = delete;
  Backups& operator=(const Backups&) = delete;

  // Begins a backup to a folder, by its absolute path; the outcome is in state(). Returns false if
  // one to this path is running already. Fails with kBusy if one to another path is. Throws
  // Error{kIo} if the system has no thread left.
  core::Result<bool> start(const std::string& path);
  // Begins a backup as start() does, or joins the one to this path; returns its state when it has
  // ended. Fails and throws as start().
  core::Result<BackupState> make(const std::string& path);
  // Makes a backup that is running fail.
  void stop() { stopped_ = true; }
  [[nodiscard]] BackupState state() const;
  // The last verified backup of the directory, before this start too.
  [[nodiscard]] std::optional<BackupRecord> last() const;
  // The last verified backup, before this start too; `alarm_ms`: Options::backup_alarm_ms.
  [[nodiscard]] BackupStatus status(std::int64_t alarm_ms) const;

 private:
  void run(const std::string& path);
  // As start(), under the lock.
  core::Result<bool> begin(const std::string& path);
  core::Result<void> look(const BackupProgress& progress, std::uint64_t room_least);
  void end(const std::string& path, core::Result<BackupRun> result);
  void log_end(const BackupRun& run, core::Millis took_ms) const;

  const storage::WholeStorage& storage_;
  const Owner owner_;
  const core::SystemClock clock_;
  std::atomic<bool> stopped_ = false;
  mutable std::mutex mutex_;
  std::condition_variable ended_;       // One that was running.
  std::shared_ptr<BackupState> state_;  // Of the last one; each caller that waits keeps its own.
  std::optional<BackupRecord> last_;
  std::thread thread_;
};

}  // namespace anabranch::leader
