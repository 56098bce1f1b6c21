// Storage in memory, for tests and simulations: with a tail that is lost in a crash, and with calls
// that fail on demand.
#pragma once

#include <cstdint>
#include <memory>

#include "storage/storage.h"

namespace anabranch::storage {

// What can be made to go wrong. All off by default.
struct MemoryFaults {
  // The n-th commit from now fails (1: the next); 0: none. Afterwards the storage is closed for
  // writes, as after a real failed commit.
  std::uint64_t fail_commit = 0;
  // Commits are durable at once; otherwise only sync() makes them so and crash() loses the rest.
  bool durable_at_once = true;
};

class MemoryStorage final : public Storage {
 public:
  explicit MemoryStorage(MemoryFaults faults = {});
  ~MemoryStorage() override;

  core::Result<void> open(const Apply& apply) override;
  [[nodiscard]] std::unique_ptr<Snapshot> snapshot() const override;
  core::Result<Position> commit(std::span<const LogRecord> records,
                                std::span<const Change> changes) override;
  [[nodiscard]] std::optional<StoredRecord> read_log(Position position) const override;
  [[nodiscard]] std::optional<Position> find(core::Origin origin, core::Seq seq) const override;
  core::Result<void> trim(Position position) override;
  [[nodiscard]] Position last_position() const override;
  [[nodiscard]] Position durable_position() const override;

  // Makes everything so far durable.
  void sync();
  // What a machine finds after losing power now: the last durable state, as a storage of its own.
  [[nodiscard]] std::unique_ptr<MemoryStorage> crash() const;
  // A copy of everything as it is, as a storage of its own: a backup, or a cloned directory.
  [[nodiscard]] std::unique_ptr<MemoryStorage> clone() const;
  void set_faults(MemoryFaults faults);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace anabranch::storage
