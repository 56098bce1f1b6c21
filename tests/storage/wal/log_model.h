// Commits as a test makes them, and a comparison of a log with them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "storage/storage.h"
#include "storage/wal/ticket.h"
#include "storage/wal/wal.h"
#include "storage/wal/wal_recovery.h"
#include "tests/storage/wal/recorded_files.h"

namespace anabranch::storage::test {

struct ModelCommit {
  Ticket ticket;
  std::vector<StoredRecord> batches;
  std::string changes;

  [[nodiscard]] std::vector<LogRecord> records() const;
  // Returns how many bytes of the stream its record has.
  [[nodiscard]] std::uint64_t size() const;
};

struct Redone {
  Ticket ticket;
  std::string changes;
  bool operator==(const Redone&) const = default;
};

// All batches of a log, or the reason why it cannot be read.
core::Result<std::vector<StoredRecord>> batches_of(const Wal& wal, Position from = 0);

// Makes commits of random sizes: few are larger than a segment.
class CommitMaker {
 public:
  explicit CommitMaker(Random& random) : random_(random) {}
  // Makes a commit whose batches follow `last`, with its ticket.
  ModelCommit make(const Wal::Reach& last);

 private:
  std::string random_bytes(std::size_t size);

  Random& random_;
  std::map<core::Origin, core::Seq> seqs_;
};

// Opens a log and collects what is to be redone.
struct Opening {
  explicit Opening(Files& files, const WalOptions& options, const WalBase& base = {});
  std::vector<Redone> redone;
  core::Result<OpenedWal> opened;
};

}  // namespace anabranch::storage::test
