// A machine's disk with the storage engine: its log in files that lose what was not synced with the
// power, over tables in memory. Flushes are carried out in steps at random moments.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "storage/engine/engine_storage.h"
#include "storage/memory_storage.h"
#include "tests/crdt/random.h"
#include "tests/disk.h"
#include "tests/storage/wal/recorded_files.h"

namespace anabranch::test {

class EngineDisk final : public Disk {
 public:
  // Returns an empty one. All that happens to it, and the limits of the engine, are drawn from
  // `random`, which must outlive it and all that is made of it. With `syncs_later` only sync() has
  // batches on the disk for sure.
  static std::unique_ptr<EngineDisk> make(Random& random, bool syncs_later);

  core::Result<void> open() override;
  core::Result<storage::Position> commit(std::span<const storage::LogRecord> records,
                                         const storage::Changes& changes) override;
  core::Result<bool> begin_commit(std::span<const storage::LogRecord> records,
                                  const storage::Changes& changes) override;
  core::Result<void> finish_commit() override;
  core::Result<void> swap(const storage::Changes& changes) override;
  core::Result<bool> close(std::chrono::milliseconds flush_max) override;
  [[nodiscard]] storage::Place place() const override;

  // The files of its log.
  [[nodiscard]] storage::test::RecordedFiles& files() { return files_; }
  [[nodiscard]] const storage::test::RecordedFiles& files() const { return files_; }

  // The next commit tells of a failure.
  void sync() override { (void)sync_all(); }
  // At times the log has a hole then, or the power is lost once more while it is opened.
  [[nodiscard]] std::unique_ptr<Disk> crash() const override;
  [[nodiscard]] std::unique_ptr<Disk> clone() const override;
  // A commit that is to fail finds that the files fail, or the tables in a flush, or the power.
  void set_faults(const storage::MemoryFaults& faults) override;
  void set_place(storage::Place place) override { base_.set_place(std::move(place)); }
  // Only bytes of batches that the tables have: damage behind them loses commits.
  bool flip(storage::Position position, std::size_t offset, std::uint8_t bits) override;
  // Changes a bit of what only the log has, but not of its last record, and of nothing that a flush
  // has begun to write to the tables. Returns whether there was more than that.
  bool flip_behind_reach();
  // Where the tables below have the key: a newer value in memory hides the damage for a while.
  bool rot(storage::Table table, std::string_view key) override;
  [[nodiscard]] bool failed() const override;
  [[nodiscard]] bool lost_power() const override { return files_.is_cut(); }
  void work() override;
  void lose_power_soon() override;
  [[nodiscard]] bool may_keep_failed_commits() const override { return true; }

 private:
  using Files = storage::test::RecordedFiles;

  EngineDisk(std::unique_ptr<storage::SteppedEngine> engine, storage::MemoryStorage& base,
             Files& files, Random& random, bool syncs_later, std::uint64_t redo_bytes_max);
  static std::unique_ptr<EngineDisk> make(std::unique_ptr<storage::MemoryStorage> base,
                                          std::unique_ptr<Files> files, Random& random,
                                          bool syncs_later);
  void fail_call(std::size_t n);
  // Some call fails soon, once, with an errno of a cause that passes: of the files, or of a flush.
  void refuse_soon();
  // Tells that a commit has failed; of several the first one.
  void tell_failure();

  storage::SteppedEngine& engine_;
  storage::MemoryStorage& base_;
  Files& files_;
  Random& random_;
  const bool syncs_later_;
  const std::uint64_t redo_bytes_max_;  // Behind the last flush, when none is under way.
  double pace_;                         // The chance of each further step of a flush.
  bool opened_ = false;
  bool fails_call_ = false;  // A call of the files is to fail, or has.
  bool base_failed_ = false;
  std::function<void()> failed_;
};

}  // namespace anabranch::test
