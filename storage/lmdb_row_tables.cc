#include "storage/lmdb_row_tables.h"

#include <utility>

namespace anabranch::storage {

using core::Result;

namespace {

LmdbTable& at(LmdbRowTables::Handles& handles, Table table) {
  return handles[static_cast<std::size_t>(table)];
}

}  // namespace

Result<std::uint64_t> LmdbRowTables::swaps(const LmdbTxn& txn) const {
  const auto stored = txn.get(tables_.marker, kSwappedKey);
  if (!stored.ok()) return stored.failure();
  if (!stored.value()) return std::uint64_t{0};
  if (stored.value()->size() != sizeof(std::uint64_t)) {
    return core::corrupt("the number of swaps cannot be read");
  }
  return from_big_endian(*stored.value());
}

Result<void> LmdbRowTables::load(const LmdbTxn& txn) {
  const Result<std::uint64_t> count = swaps(txn);
  if (!count.ok()) return count.failure();
  newest_ = count.value() % 2;
  return {};
}

Result<LmdbRowTables::Handles> LmdbRowTables::in(const LmdbTxn& txn) const {
  const std::uint64_t newest = newest_.load();
  std::uint64_t odd = newest % 2;
  if (txn.id() < newest / 2) {
    const Result<std::uint64_t> count = swaps(txn);
    if (!count.ok()) return count.failure();
    odd = count.value() % 2;
  }
  Handles handles = tables_.by_table;
  if (odd == 0) return handles;
  for (const TablePair& pair : kSwappedTables) {
    std::swap(at(handles, pair.current), at(handles, pair.next));
  }
  return handles;
}

// NOLINTNEXTLINE(bugprone-exception-escape): it is no std::swap.
Result<void> LmdbRowTables::swap(LmdbTxn& txn) {
  Result<Handles> handles = in(txn);
  if (!handles.ok()) return handles.failure();
  for (const TablePair& pair : kSwappedTables) {
    if (auto done = txn.clear(at(handles.value(), pair.current)); !done.ok()) return done;
  }
  const Result<std::uint64_t> count = swaps(txn);
  if (!count.ok()) return count.failure();
  if (auto put = txn.put(tables_.marker, kSwappedKey, big_endian(count.value() + 1)); !put.ok()) {
    return put;
  }
  newest_ = txn.id() * 2 + (count.value() + 1) % 2;
  return {};
}

}  // namespace anabranch::storage
