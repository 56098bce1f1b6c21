#include "leader/backup/backups.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "core/log.h"
#include "leader/backup/note_file.h"
#include "leader/health/amounts.h"
#include "leader/threads/begin_thread.h"

namespace anabranch::leader {

using core::Failure;
using core::Result;
using Kind = BackupState::Kind;

namespace {

// Free room beyond the reserve that a backup leaves to the leader.
constexpr std::uint64_t kRoomLeast = std::uint64_t{64} << 20U;
constexpr int kNice = 10;

}  // namespace

Backups::Backups(const storage::WholeStorage& storage, Owner owner)
    : storage_(storage),
      owner_{std::move(owner.region), absolute_path(owner.directory), owner.reserve_bytes},
      state_(std::make_shared<BackupState>()) {
  auto last = load_record(owner_.directory);
  if (last.ok()) {
    last_ = std::move(last).value();
  } else {
    core::log_warning(owner_.region,
                      "the time of the last backup is unknown: " + last.failure().message);
  }
}

Backups::~Backups() {
  stopped_ = true;
  if (thread_.joinable()) thread_.join();
}

Result<bool> Backups::start(const std::string& path) {
  const std::lock_guard guard(mutex_);
  return begin(path);
}

Result<BackupState> Backups::make(const std::string& path) {
  std::unique_lock lock(mutex_);
  const auto begun = begin(path);
  if (!begun.ok()) return begun.failure();
  const std::shared_ptr<BackupState> state = state_;
  ended_.wait(lock, [&] { return state->kind != Kind::kRunning; });
  return *state;
}

Result<bool> Backups::begin(const std::string& path) {
  if (state_->kind == Kind::kRunning) {
    if (state_->path == path) return false;
    return Failure{ErrorCode::kBusy, "a backup to " + state_->path + " is running"};
  }
  if (thread_.joinable()) thread_.join();  // It has ended, but for its return.
  stopped_ = false;
  state_ = std::make_shared<BackupState>();
  state_->kind = Kind::kRunning;
  state_->path = path;
  state_->progress.stage = "writing";
  state_->begun_ms = clock_.now_ms();
  try {
    thread_ = begin_thread([this, path] { run(path); });
  } catch (const Error& error) {
    state_ = std::make_shared<BackupState>();
    throw;
  }
  return true;
}

void Backups::run(const std::string& path) {
  // Of this thread alone, on Linux; without it the backup is only more of a burden.
  (void)::setpriority(PRIO_PROCESS, 0, kNice);
  core::log_info(owner_.region, "backs up to " + path);
  const std::uint64_t room = storage_.room(0).outside;
  const std::uint64_t least = std::min(owner_.reserve_bytes + kRoomLeast, room / 2);
  end(path, run_backup(storage_, owner_.directory, path, clock_,
                       [&](const BackupProgress& progress) { return look(progress, least); }));
  ended_.notify_all();
}

Result<void> Backups::look(const BackupProgress& progress, std::uint64_t room_least) {
  if (stopped_) return Failure{ErrorCode::kClosed, "it was stopped"};
  const std::uint64_t room = storage_.room(0).outside;
  if (room < room_least) {
    return Failure{ErrorCode::kIo,
                   "only " + byte_size(room) +
                       " are free for the data directory, which grows as long as the backup holds "
                       "a snapshot, and must keep its reserve"};
  }
  const std::lock_guard guard(mutex_);
  state_->progress = progress;
  return {};
}

void Backups::log_end(const BackupRun& run, core::Millis took_ms) const {
  const Manifest& made = run.report.manifest;
  core::log_info(owner_.region, "has a verified backup in " + run.path + ": " +
                                    std::to_string(made.rows) + " rows, " +
                                    byte_size(made.bytes()) + ", digest " +
                                    core::to_string(made.digest) + ", in " + time_span(took_ms) +
                                    ", with a snapshot for " + time_span(run.snapshot_ms));
  for (const std::string& finding : run.report.findings) {
    core::log_warning(owner_.region, "the backup has what is wrong here: " + finding);
  }
}

void Backups::end(const std::string& path, Result<BackupRun> result) {
  const core::Millis now = clock_.now_ms();
  const std::lock_guard guard(mutex_);
  state_->ended_ms = now;
  if (!result.ok()) {
    state_->kind = Kind::kFailed;
    state_->why = result.failure().message;
    state_->code = result.failure().code;
    core::log_warning(owner_.region, "the backup to " + path + " failed: " + state_->why);
    return;
  }
  BackupRun run = std::move(result).value();
  const Manifest& made = run.report.manifest;
  log_end(run, std::max<core::Millis>(0, now - state_->begun_ms));
  last_ = {made.begun_ms, made.rows, made.bytes(), core::to_string(made.digest), run.path};
  state_->kind = Kind::kDone;
  state_->run = std::move(run);
}

BackupState Backups::state() const {
  const std::lock_guard guard(mutex_);
  return *state_;
}

std::optional<BackupRecord> Backups::last() const {
  const std::lock_guard guard(mutex_);
  return last_;
}

BackupStatus Backups::status(std::int64_t alarm_ms) const {
  const core::Millis now = clock_.now_ms();
  const std::lock_guard guard(mutex_);
  BackupStatus status;
  if (state_->kind == Kind::kRunning) status.stage = state_->progress.stage;
  if (last_) {
    status.made_ms = last_->begun_ms;
    status.age_ms = std::max<core::Millis>(0, now - last_->begun_ms);
    status.rows = last_->rows;
    status.bytes = last_->bytes;
    status.digest = last_->digest;
    status.path = last_->path;
  }
  status.overdue = alarm_ms > 0 && (!last_ || status.age_ms > alarm_ms);
  return status;
}

}  // namespace anabranch::leader
