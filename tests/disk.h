// The disk of a machine in a test: a storage that can lose its power, be copied, and fail. It is
// memory, or the storage engine on files in memory.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/memory_storage.h"
#include "storage/whole_storage.h"

namespace anabranch::test {

// As a storage, passes every call on to the one that it owns. As thread-safe as that.
class Disk : public storage::WholeStorage {
 public:
  explicit Disk(std::unique_ptr<storage::WholeStorage> storage) : storage_(std::move(storage)) {}

  // As those of MemoryStorage, for a storage that was opened or not.
  virtual void sync() = 0;
  [[nodiscard]] virtual std::unique_ptr<Disk> crash() const = 0;
  [[nodiscard]] virtual std::unique_ptr<Disk> clone() const = 0;
  virtual void set_faults(const storage::MemoryFaults& faults) = 0;
  virtual void set_place(storage::Place place) = 0;
  // The same; returns whether a byte was changed.
  virtual bool flip(storage::Position position, std::size_t offset, std::uint8_t bits) = 0;
  // Damages the value of a row, or of what is derived from rows, until it is written again. Returns
  // whether there was one on the disk.
  virtual bool rot(storage::Table table, std::string_view key) = 0;
  // Returns whether it has failed, or lost its power, where no commit may have found that yet.
  [[nodiscard]] virtual bool failed() const { return false; }
  // Returns whether the power is gone: what was not synced is lost, also to clone().
  [[nodiscard]] virtual bool lost_power() const { return false; }
  // Does some of the work that a thread of the storage does otherwise, if it is to be done now.
  virtual void work() {}
  // Loses the power during one of the next commits: it fails, and crash() tells what is left.
  virtual void lose_power_soon() {}
  // A commit that failed may be there after crash() or clone().
  [[nodiscard]] virtual bool may_keep_failed_commits() const { return false; }

  core::Result<void> open() override { return storage_->open(); }
  [[nodiscard]] std::unique_ptr<storage::Snapshot> snapshot() const override {
    return storage_->snapshot();
  }
  [[nodiscard]] std::unique_ptr<storage::WholeSnapshot> whole_snapshot() const override {
    return storage_->whole_snapshot();
  }
  core::Result<void> make_ready(std::uint64_t bytes, std::uint64_t records) override {
    return storage_->make_ready(bytes, records);
  }
  core::Result<storage::Position> commit(std::span<const storage::LogRecord> records,
                                         const storage::Changes& changes) override {
    return storage_->commit(records, changes);
  }
  core::Result<bool> begin_commit(std::span<const storage::LogRecord> records,
                                  const storage::Changes& changes) override {
    return storage_->begin_commit(records, changes);
  }
  core::Result<void> finish_commit() override { return storage_->finish_commit(); }
  [[nodiscard]] bool commit_is_made() const override { return storage_->commit_is_made(); }
  [[nodiscard]] int committed_fd() const override { return storage_->committed_fd(); }
  [[nodiscard]] bool logs_changes() const override { return storage_->logs_changes(); }
  [[nodiscard]] std::optional<storage::StoredRecord> read_log(
      storage::Position position) const override {
    return storage_->read_log(position);
  }
  [[nodiscard]] std::optional<storage::Position> find(core::Origin origin,
                                                      core::Seq seq) const override {
    return storage_->find(origin, seq);
  }
  core::Result<void> trim(storage::Position position) override { return storage_->trim(position); }
  core::Result<void> swap(const storage::Changes& changes) override {
    return storage_->swap(changes);
  }
  core::Result<void> clear_next() override { return storage_->clear_next(); }
  core::Result<std::unique_ptr<storage::Spool>> make_spool() override {
    return storage_->make_spool();
  }
  [[nodiscard]] storage::Place place() const override { return storage_->place(); }
  [[nodiscard]] std::vector<storage::LogLoss> losses() const override { return storage_->losses(); }
  core::Result<void> remove_set_aside() override { return storage_->remove_set_aside(); }
  core::Result<void> check_place() override { return storage_->check_place(); }
  [[nodiscard]] storage::Room room(std::uint64_t enough) const override {
    return storage_->room(enough);
  }
  core::Result<void> sync_all() override { return storage_->sync_all(); }
  void flush_if_idle(std::int64_t now_ms) override { storage_->flush_if_idle(now_ms); }
  core::Result<bool> close(std::chrono::milliseconds flush_max) override {
    return storage_->close(flush_max);
  }
  [[nodiscard]] storage::Position last_position() const override {
    return storage_->last_position();
  }
  [[nodiscard]] storage::Position durable_position() const override {
    return storage_->durable_position();
  }

 protected:
  [[nodiscard]] storage::WholeStorage& storage() { return *storage_; }

 private:
  const std::unique_ptr<storage::WholeStorage> storage_;
};

// Memory, which never keeps a commit that failed.
class MemoryDisk final : public Disk {
 public:
  explicit MemoryDisk(std::unique_ptr<storage::MemoryStorage> memory)
      : MemoryDisk(*memory, std::move(memory)) {}
  MemoryDisk() : MemoryDisk(std::make_unique<storage::MemoryStorage>()) {}

  [[nodiscard]] storage::MemoryStorage& memory() { return memory_; }

  void sync() override { memory_.sync(); }
  [[nodiscard]] std::unique_ptr<Disk> crash() const override {
    return std::make_unique<MemoryDisk>(memory_.crash());
  }
  [[nodiscard]] std::unique_ptr<Disk> clone() const override {
    return std::make_unique<MemoryDisk>(memory_.clone());
  }
  void set_faults(const storage::MemoryFaults& faults) override { memory_.set_faults(faults); }
  void set_place(storage::Place place) override { memory_.set_place(std::move(place)); }
  bool flip(storage::Position position, std::size_t offset, std::uint8_t bits) override {
    memory_.flip(position, offset, bits);
    return true;
  }
  bool rot(storage::Table table, std::string_view key) override { return memory_.rot(table, key); }

 private:
  MemoryDisk(storage::MemoryStorage& memory, std::unique_ptr<storage::MemoryStorage>&& owned)
      : Disk(std::move(owned)), memory_(memory) {}

  storage::MemoryStorage& memory_;
};

}  // namespace anabranch::test
