// A log on a recorded disk, with commits that are made by hand.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "storage/wal/wal.h"
#include "storage/wal/wal_recovery.h"
#include "tests/storage/wal/log_model.h"
#include "tests/storage/wal/recorded_files.h"

namespace anabranch::storage::test {

// Fails a test by an exception of doctest's when a call on the log fails that must not.
class TestLog {
 public:
  explicit TestLog(WalOptions options = {.segment_bytes = 4096, .spares = 2}) : options(options) {
    open();
  }

  // Opens the log anew, without a loss of power unless the disk was exchanged.
  void open(const WalBase& base = {});
  // Loses the power, and leaves the log closed.
  void lose_power(Survival survival, std::uint64_t seed = 1);
  // Appends a commit with a batch of these bytes, and the same bytes as changes.
  Ticket append(const std::string& bytes);
  Ticket append_synced(const std::string& bytes);
  // Returns the changes that the last opening gave back.
  [[nodiscard]] std::vector<std::string> redone() const;
  // Returns the bytes of all batches in the log.
  [[nodiscard]] std::vector<std::string> batches() const;
  // Changes a byte in the first place on the disk where these bytes stand.
  void damage(const std::string& bytes);
  // Returns the tables' end, if they have all up to here.
  [[nodiscard]] WalBase base_here() const;
  // Returns the names of the segments.
  [[nodiscard]] std::vector<std::string> segments() const;

  WalOptions options;
  std::unique_ptr<RecordedFiles> disk = std::make_unique<RecordedFiles>();
  std::vector<Redone> given;
  OpenedWal opened;
  Wal* wal = nullptr;

 private:
  core::Seq seq_ = 0;
};

}  // namespace anabranch::storage::test
