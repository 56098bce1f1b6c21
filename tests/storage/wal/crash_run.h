// A random life of a log: appends, syncs, trims, closings, killed processes, failing syncs, and
// losses of power at any call, also within an opening. After each opening the log is compared with
// all that was ever told of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/storage/wal/log_model.h"
#include "tests/storage/wal/recorded_files.h"

namespace anabranch::storage::test {

class CrashRun {
 public:
  explicit CrashRun(std::uint64_t seed) : random_(seed), maker_(random_) {}
  // Returns the first thing that was wrong; empty: nothing.
  std::string run(int lives);

  [[nodiscard]] std::uint64_t calls() const { return calls_; }

 private:
  // Opens the log, over losses of power within the opening.
  void open();
  void live();
  void step();
  void append();
  void sync();
  void flush_and_trim();
  void fail_a_call();
  // Ends this life: the process is killed, or the machine loses its power.
  void end();
  void lose_power();
  void check_opened(const Opening& opening);
  void check_redone(const std::vector<Redone>& redone);
  void check_log();
  void check_find(const std::vector<StoredRecord>& batches);
  void check_files();
  void wrong(const std::string& text) {
    if (wrong_.empty()) wrong_ = text;
  }
  [[nodiscard]] std::uint64_t below(std::uint64_t end) { return random_() % end; }

  static constexpr std::uint64_t kSegmentBytes = 4096;

  Random random_;
  CommitMaker maker_;
  WalOptions options_{.segment_bytes = kSegmentBytes, .spares = 2};
  std::unique_ptr<RecordedFiles> disk_ = std::make_unique<RecordedFiles>(1);
  std::unique_ptr<Wal> wal_;
  std::vector<ModelCommit> commits_;  // All in the log, and at most one that failed.
  Ticket acknowledged_;
  WalBase base_;
  Position trimmed_ = 0;  // Batches from here on must be there.
  std::uint64_t opening_ = 0;
  bool closed_ = true;
  bool tried_to_close_ = true;
  std::uint64_t calls_ = 0;
  std::string wrong_;
};

}  // namespace anabranch::storage::test
