#include "storage/lmdb_log.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/assert.h"

namespace anabranch::storage {

using core::Result;

namespace {

// A record in the table log: origin, first and last, big-endian, then its bytes.
constexpr std::size_t kNumberSize = sizeof(std::uint64_t);
constexpr std::size_t kHeaderSize = 3 * kNumberSize;

std::string header_of(const StoredRecord& record) {
  return big_endian(record.origin) + big_endian(record.first) + big_endian(record.last);
}

std::string index_key(core::Origin origin, core::Seq last) {
  return big_endian(origin) + big_endian(last);
}

// Returns a record without its bytes; a view into the map.
Result<LogRecord> record_of(std::string_view stored) {
  if (stored.size() < kHeaderSize) return core::corrupt("a record of the log is too short");
  return LogRecord{.origin = from_big_endian(stored.substr(0, kNumberSize)),
                   .first = from_big_endian(stored.substr(kNumberSize, kNumberSize)),
                   .last = from_big_endian(stored.substr(2 * kNumberSize, kNumberSize)),
                   .bytes = stored.substr(kHeaderSize)};
}

Result<std::uint64_t> number_of(std::string_view stored) {
  if (stored.size() != kNumberSize) return core::corrupt("a stored number has the wrong size");
  return from_big_endian(stored);
}

}  // namespace

Result<Position> last_in_log(const LmdbTxn& txn, const LmdbTables& tables) {
  const auto trimmed = txn.get(tables.marker, kTrimmedKey);
  if (!trimmed.ok()) return trimmed.failure();
  Result<Position> last = trimmed.value() ? number_of(*trimmed.value()) : Position{0};
  if (!last.ok()) return last;
  Result<LmdbCursor> cursor = LmdbCursor::open(txn, tables.log);
  if (!cursor.ok()) return cursor.failure();
  const LmdbFound<LmdbEntry> newest = cursor.value().last();
  if (!newest.ok()) return newest.failure();
  if (!newest.value()) return last;
  const Result<Position> position = number_of(newest.value()->key);
  if (!position.ok()) return position.failure();
  return std::max(last.value(), position.value());
}

Result<std::optional<StoredRecord>> read_from_log(const LmdbTxn& txn, const LmdbTables& tables,
                                                  Position position) {
  Result<LmdbCursor> cursor = LmdbCursor::open(txn, tables.log);
  if (!cursor.ok()) return cursor.failure();
  const LmdbFound<LmdbEntry> entry = cursor.value().at_or_after(big_endian(position));
  if (!entry.ok()) return entry.failure();
  if (!entry.value()) return std::optional<StoredRecord>();
  const Result<LogRecord> record = record_of(entry.value()->value);
  if (!record.ok()) return record.failure();
  const Result<Position> at = number_of(entry.value()->key);
  if (!at.ok()) return at.failure();
  return std::optional(StoredRecord{.position = at.value(),
                                    .origin = record.value().origin,
                                    .first = record.value().first,
                                    .last = record.value().last,
                                    .bytes = std::string(record.value().bytes)});
}

Result<std::optional<Position>> find_in_log(const LmdbTxn& txn, const LmdbTables& tables,
                                            core::Origin origin, core::Seq seq) {
  Result<LmdbCursor> cursor = LmdbCursor::open(txn, tables.log_index);
  if (!cursor.ok()) return cursor.failure();
  const LmdbFound<LmdbEntry> entry = cursor.value().at_or_after(index_key(origin, seq));
  if (!entry.ok()) return entry.failure();
  if (!entry.value() || !entry.value()->key.starts_with(big_endian(origin))) {
    return std::optional<Position>();
  }
  const Result<Position> at = number_of(entry.value()->value);
  if (!at.ok()) return at.failure();
  return std::optional(at.value());
}

Result<void> append_to_log(const LmdbTxn& txn, const LmdbTables& tables,
                           std::span<const StoredRecord> records) {
  if (records.empty()) return {};
  Result<LmdbCursor> log = LmdbCursor::open(txn, tables.log);
  if (!log.ok()) return log.failure();
  Result<LmdbCursor> index = LmdbCursor::open(txn, tables.log_index);
  if (!index.ok()) return index.failure();
  for (const StoredRecord& record : records) {
    ANABRANCH_ASSERT(record.origin != 0 && record.first > 0 && record.first <= record.last);
    const std::string key = big_endian(record.position);
    const std::string header = header_of(record);
    const auto place =
        log.value().reserve(key, header.size() + record.bytes.size(), LmdbCursor::Put::kAppend);
    if (!place.ok()) return place.failure();
    const auto rest = std::copy(header.begin(), header.end(), place.value().begin());
    std::copy(record.bytes.begin(), record.bytes.end(), rest);
    const auto put =
        index.value().put(index_key(record.origin, record.last), key, LmdbCursor::Put::kNew);
    if (!put.ok() && put.failure().code != ErrorCode::kInvalid) return put.failure();
  }
  return {};
}

Result<std::size_t> trim_log(const LmdbTxn& txn, const LmdbTables& tables, Position position,
                             std::size_t records_max) {
  Result<LmdbCursor> log = LmdbCursor::open(txn, tables.log);
  if (!log.ok()) return log.failure();
  Result<LmdbCursor> index = LmdbCursor::open(txn, tables.log_index);
  if (!index.ok()) return index.failure();
  for (std::size_t count = 0; count < records_max; ++count) {
    const LmdbFound<LmdbEntry> oldest = log.value().first();
    if (!oldest.ok()) return oldest.failure();
    if (!oldest.value()) return count;
    const std::string key(oldest.value()->key);
    const Result<Position> at = number_of(key);
    if (!at.ok()) return at.failure();
    if (at.value() >= position) return count;
    const Result<LogRecord> record = record_of(oldest.value()->value);
    if (!record.ok()) return record.failure();
    const std::string indexed = index_key(record.value().origin, record.value().last);
    if (const auto done = index.value().remove(indexed); !done.ok()) return done.failure();
    if (const auto done = log.value().remove(key); !done.ok()) return done.failure();
  }
  return records_max;
}

}  // namespace anabranch::storage
