#include "storage/lmdb_sealing.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/log.h"
#include "storage/value_sum.h"

namespace anabranch::storage {

namespace {

using core::Result;

// The place up to which values have checksums: a table, and its last key that has one.
struct Sealed {
  std::size_t table = 0;
  std::string key;
};

std::string encode(const Sealed& sealed) { return static_cast<char>(sealed.table) + sealed.key; }

Result<Sealed> load(const LmdbTxn& txn, const LmdbTables& tables) {
  const auto stored = txn.get(tables.marker, kSealedKey);
  if (!stored.ok()) return stored.failure();
  if (!stored.value()) return Sealed{};
  const std::size_t table = stored.value()->empty()
                                ? kStoredTableCount
                                : static_cast<unsigned char>(stored.value()->front());
  if (table >= kStoredTableCount) return core::corrupt("the place of its checksums cannot be read");
  return Sealed{table, std::string(stored.value()->substr(1))};
}

struct Unsealed {
  std::string key;
  std::string value;
};

// Returns the next values of a table behind a key, at most so many bytes; none at its end.
Result<std::vector<Unsealed>> take(const LmdbTxn& txn, LmdbTable table, const std::string& after,
                                   std::size_t bytes_max) {
  auto cursor = LmdbCursor::open(txn, table);
  if (!cursor.ok()) return cursor.failure();
  std::vector<Unsealed> taken;
  std::size_t bytes = 0;
  auto entry = after.empty() ? cursor.value().first() : cursor.value().at_or_after(after + '\0');
  for (; entry.ok() && entry.value() && bytes < bytes_max; entry = cursor.value().next()) {
    const auto& [key, value] = *entry.value();
    bytes += key.size() + value.size();
    taken.push_back({std::string(key), std::string(value)});
  }
  if (!entry.ok()) return entry.failure();
  return taken;
}

Result<void> seal(const LmdbTxn& txn, LmdbTable table, const std::vector<Unsealed>& values) {
  auto cursor = LmdbCursor::open(txn, table);
  if (!cursor.ok()) return cursor.failure();
  for (const auto& [key, value] : values) {
    if (auto put = put_sealed(cursor.value(), key, value); !put.ok()) return put;
  }
  return {};
}

class Sealing {
 public:
  Sealing(LmdbEnv& env, LmdbTables& tables) : env_(env), tables_(tables) {}

  // Seals the next values; returns whether all are sealed.
  Result<bool> slice(std::size_t bytes_max) {
    Result<LmdbTxn> txn = env_.begin_write();
    if (!txn.ok()) return txn.failure();
    Result<Sealed> loaded = load(txn.value(), tables_);
    if (!loaded.ok()) return loaded.failure();
    Sealed at = std::move(loaded).value();
    for (std::size_t left = bytes_max; left > 0 && !is_end(at);) {
      const auto bytes = go_on(txn.value(), at, left);
      if (!bytes.ok()) return bytes.failure();
      left -= std::min(left, bytes.value());
    }
    if (auto noted = note(txn.value(), at); !noted.ok()) return noted.failure();
    if (auto committed = txn.value().commit(); !committed.ok()) return committed.failure();
    return is_end(at);
  }
  [[nodiscard]] std::uint64_t done() const { return done_; }

 private:
  static bool is_end(const Sealed& at) { return at.table == kStoredTableCount; }

  // Seals values behind a place, or goes on to the next table, and moves the place. Returns the
  // bytes of the values.
  Result<std::size_t> go_on(const LmdbTxn& txn, Sealed& at, std::size_t bytes_max) {
    const LmdbTable handle = tables_.by_table.at(at.table);
    const auto values = take(txn, handle, at.key, bytes_max);
    if (!values.ok()) return values.failure();
    if (values.value().empty()) {
      at = {at.table + 1, {}};
      return std::size_t{0};
    }
    if (auto sealed = seal(txn, handle, values.value()); !sealed.ok()) return sealed.failure();
    std::size_t bytes = 0;
    for (const Unsealed& each : values.value()) bytes += each.key.size() + each.value.size();
    done_ += values.value().size();
    at.key = values.value().back().key;
    return bytes;
  }

  // The first slice makes it a directory that earlier programs refuse.
  Result<void> note(LmdbTxn& txn, const Sealed& sealed) const {
    auto put = txn.put(tables_.marker, kFormatKey, big_endian(kEngineFormat));
    if (!put.ok()) return put;
    if (!is_end(sealed)) return txn.put(tables_.marker, kSealedKey, encode(sealed));
    const auto removed = txn.remove(tables_.marker, kSealedKey);
    return removed.ok() ? Result<void>() : removed.failure();
  }

  LmdbEnv& env_;
  LmdbTables& tables_;
  std::uint64_t done_ = 0;
};

Result<std::uint64_t> count_values(LmdbEnv& env, const LmdbTables& tables) {
  const Result<LmdbTxn> txn = env.begin_read();
  if (!txn.ok()) return txn.failure();
  std::uint64_t count = 0;
  for (const LmdbTable table : tables.by_table) {
    const auto entries = txn.value().entries(table);
    if (!entries.ok()) return entries.failure();
    count += entries.value();
  }
  return count;
}

}  // namespace

Result<void> put_sealed(LmdbCursor& cursor, std::string_view key, std::string_view value) {
  auto room = cursor.reserve(key, value.size() + kValueSumSize, LmdbCursor::Put::kReplace);
  if (!room.ok()) return room.failure();
  seal_value(room.value(), key, value);
  return {};
}

Result<void> seal_all_values(LmdbEnv& env, LmdbTables& tables, const SealingLimit& limit) {
  constexpr std::uint64_t kTellEvery = 1'000'000;
  const auto count = count_values(env, tables);
  if (!count.ok()) return count.failure();
  Sealing sealing(env, tables);
  std::uint64_t told = 0;
  for (std::size_t slices = 0;; ++slices) {
    if (slices == limit.slices) return core::Failure{ErrorCode::kIo, "it was interrupted"};
    const auto all = sealing.slice(limit.bytes);
    if (!all.ok()) return all.failure();
    if (all.value()) break;
    if (sealing.done() - told < kTellEvery) continue;
    told = sealing.done();
    core::log_info({}, "writing checksums to the values from an earlier version: " +
                           std::to_string(sealing.done()) + " of " + std::to_string(count.value()));
  }
  tables.format = kEngineFormat;
  tables.half_sealed = false;
  return {};
}

}  // namespace anabranch::storage
