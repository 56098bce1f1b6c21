#include "tests/storage/wal/log_model.h"

#include <algorithm>
#include <utility>

#include "storage/changes.h"
#include "storage/wal/wal_reader.h"
#include "storage/wal/wal_record.h"

namespace anabranch::storage::test {

using core::Result;

std::vector<LogRecord> ModelCommit::records() const {
  std::vector<LogRecord> all;
  for (const StoredRecord& batch : batches) {
    all.push_back({batch.origin, batch.first, batch.last, batch.bytes});
  }
  return all;
}

std::uint64_t ModelCommit::size() const {
  std::string bytes;
  RecordHeader header;
  (void)encode_record(bytes, header, records(), changes);
  return bytes.size();
}

Result<std::vector<StoredRecord>> batches_of(const Wal& wal, Position from) {
  std::vector<StoredRecord> all;
  WalReader reader = wal.read(from);
  for (;;) {
    const auto next = reader.next();
    if (!next.ok()) return next.failure();
    if (!next.value()) return all;
    const auto& [position, batch, place, sound] = *next.value();
    all.push_back({position, batch.origin, batch.first, batch.last, std::string(batch.bytes)});
  }
}

std::string CommitMaker::random_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random_());
  return bytes;
}

ModelCommit CommitMaker::make(const Wal::Reach& last) {
  ModelCommit commit;
  Position position = last.position;
  for (std::uint64_t batches = random_() % 3; batches > 0; --batches) {
    const core::Origin origin = 1 + random_() % 3;
    core::Seq& seq = seqs_[origin];
    const core::Seq first = seq + 1;
    seq += 1 + random_() % 3;
    commit.batches.push_back({++position, origin, first, seq, random_bytes(random_() % 200)});
  }
  const bool large = random_() % 40 == 0;
  Changes changes;
  for (std::uint64_t i = random_() % 4; i > 0; --i) {
    const std::size_t size = random_() % (large ? 6'000 : 150);
    changes.put(Table::kRows, "key" + std::to_string(i), random_bytes(size));
  }
  if (random_() % 3 == 0) changes.remove(Table::kMeta, "gone");
  commit.changes = changes.bytes();
  commit.ticket.end = last.ticket.end + commit.size();
  return commit;
}

Opening::Opening(Files& files, const WalOptions& options, const WalBase& base)
    : opened(open_wal(files, options, base, [&](Ticket ticket, std::string_view changes) {
        redone.push_back({ticket, std::string(changes)});
        return Result<void>();
      })) {}

}  // namespace anabranch::storage::test
