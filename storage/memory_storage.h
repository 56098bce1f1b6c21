// Storage in memory, for tests and simulations: commits since the last sync are lost in a crash,
// and calls fail on demand.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "storage/tables_below.h"
#include "storage/whole_storage.h"

namespace anabranch::storage {

// The faults to inject. All off by default.
struct MemoryFaults {
  // The n-th commit or swap from now fails (1: the next); 0: none. Afterwards the storage is closed
  // for writes, as after a real failed commit.
  std::uint64_t fail_commit = 0;
  // So many calls of make_ready(), or of apply(), are refused, for a cause that passes.
  std::size_t refuse = 0;
  // Called when that commit fails; must not call the storage.
  std::function<void()> failed = {};
  // Called before each change of tables by an engine above, without a lock: it may wait.
  std::function<void()> before_apply = {};
  // Commits are durable at once; otherwise only sync() makes them durable and crash() loses the
  // rest.
  bool durable_at_once = true;
  // The result of room(), and a function that it calls before, with a lock: it must not wait.
  Room room = {};
  std::function<void()> room_asked = {};
};

// A storage of its own, or the part below an engine.
class MemoryStorage final : public WholeStorage, public StorageBelow {
 public:
  explicit MemoryStorage(MemoryFaults faults = {});
  ~MemoryStorage() override;

  core::Result<void> open() override;
  [[nodiscard]] std::unique_ptr<Snapshot> snapshot() const override;
  [[nodiscard]] std::unique_ptr<WholeSnapshot> whole_snapshot() const override;
  core::Result<void> make_ready(std::uint64_t bytes, std::uint64_t records) override;
  core::Result<Position> commit(std::span<const LogRecord> records,
                                const Changes& changes) override;
  [[nodiscard]] std::optional<StoredRecord> read_log(Position position) const override;
  [[nodiscard]] std::optional<Position> find(core::Origin origin, core::Seq seq) const override;
  core::Result<void> trim(Position position) override;
  core::Result<void> append(std::span<const StoredRecord> records) override;
  core::Result<void> go_on_behind(Position position) override;
  [[nodiscard]] std::unique_ptr<Snapshot> tables() const override { return snapshot(); }
  core::Result<Generation> open_below() override;
  core::Result<void> apply(std::span<const ChangeView> changes,
                           const std::optional<ReachNote>& note) override;
  [[nodiscard]] core::Result<std::string> reach() const override;
  core::Result<void> note_segment(std::string_view name) override;
  [[nodiscard]] core::Result<std::string> noted_segment() const override;
  core::Result<void> swap(const Changes& changes) override;
  core::Result<void> clear_next() override;
  core::Result<std::unique_ptr<Spool>> make_spool() override;
  [[nodiscard]] Place place() const override;
  void forget_failure() override;
  [[nodiscard]] Room room(std::uint64_t enough) const override;
  [[nodiscard]] Position last_position() const override;
  [[nodiscard]] Position durable_position() const override;

  // Returns the bytes of all records that read_log() has returned.
  [[nodiscard]] std::uint64_t log_bytes_read() const;

  // Makes all commits so far durable.
  void sync();
  core::Result<void> sync_all() override;
  // Returns the state found after a loss of power now: the last durable state, as a storage of its
  // own, in the same place but for the boot.
  [[nodiscard]] std::unique_ptr<MemoryStorage> crash() const;
  // Returns a copy of the present state, as a storage of its own: the state that a new process
  // finds in the same place; or, with another place, a backup or a cloned directory.
  [[nodiscard]] std::unique_ptr<MemoryStorage> clone() const;
  void set_faults(const MemoryFaults& faults);
  // Changes one byte of a stored record unnoticed: of its origin, first and last (8 bytes each,
  // big-endian), then of its bytes. Does nothing behind its end, or when it is trimmed.
  void flip(Position position, std::size_t offset, std::uint8_t bits);
  // Damages the value at a key of a table, by its stored name, until it is written again: readers
  // of it get Error{kCorrupt}. Returns whether there was one.
  bool rot(Table table, std::string_view key);
  // Changes the place. All storages are in one place at first.
  void set_place(Place place);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace anabranch::storage
