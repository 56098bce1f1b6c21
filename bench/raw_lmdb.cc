#include "bench/raw_lmdb.h"

#include <lmdb.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <vector>

namespace anabranch::bench {
namespace {

constexpr std::size_t kMapBytes = std::size_t{1} << 40U;
constexpr mdb_mode_t kMode = 0600;

void check(const char* call, int status) {
  if (status == MDB_SUCCESS) return;
  std::cerr << "bench: " << call << ": " << mdb_strerror(status) << '\n';
  std::exit(1);
}

MDB_val value_of(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }

// Returns the value at a key, valid until the transaction ends or writes.
std::string_view get(MDB_txn* txn, MDB_dbi table, std::string_view key) {
  MDB_val k = value_of(key);
  MDB_val v;
  const int status = mdb_get(txn, table, &k, &v);
  if (status == MDB_NOTFOUND) return {};
  check("mdb_get", status);
  return {static_cast<const char*>(v.mv_data), v.mv_size};
}

}  // namespace

void RawLmdb::Close::operator()(MDB_env* env) const { mdb_env_close(env); }
void RawLmdb::Reader::Abort::operator()(MDB_txn* txn) const { mdb_txn_abort(txn); }

RawLmdb::RawLmdb(const std::string& directory, bool synced) {
  const unsigned flags = MDB_NOTLS | MDB_NORDAHEAD | (synced ? 0 : MDB_NOSYNC);
  MDB_env* env = nullptr;
  check("mdb_env_create", mdb_env_create(&env));
  env_.reset(env);
  check("mdb_env_set_mapsize", mdb_env_set_mapsize(env, kMapBytes));
  check("mdb_env_open", mdb_env_open(env, directory.c_str(), flags, kMode));
  MDB_txn* txn = nullptr;
  check("mdb_txn_begin", mdb_txn_begin(env, nullptr, 0, &txn));
  check("mdb_dbi_open", mdb_dbi_open(txn, nullptr, 0, &table_));
  check("mdb_txn_commit", mdb_txn_commit(txn));
}

void RawLmdb::write_group(std::span<const RawRow> rows) {
  MDB_txn* txn = nullptr;
  check("mdb_txn_begin", mdb_txn_begin(env_.get(), nullptr, 0, &txn));
  for (const RawRow& row : rows) {
    static_cast<void>(get(txn, table_, row.key));
    MDB_val k = value_of(row.key);
    MDB_val v = value_of(row.value);
    check("mdb_put", mdb_put(txn, table_, &k, &v, 0));
  }
  check("mdb_txn_commit", mdb_txn_commit(txn));
}

RawLmdb::Reader::Reader(const RawLmdb& lmdb) : table_(lmdb.table_) {
  MDB_txn* txn = nullptr;
  check("mdb_txn_begin", mdb_txn_begin(lmdb.env_.get(), nullptr, MDB_RDONLY, &txn));
  txn_.reset(txn);
  mdb_txn_reset(txn);
}

std::string RawLmdb::Reader::get(std::string_view key) {
  check("mdb_txn_renew", mdb_txn_renew(txn_.get()));
  std::string value(bench::get(txn_.get(), table_, key));
  mdb_txn_reset(txn_.get());
  return value;
}

namespace {

// A table of a directory that no process has open.
class ReadTable {
 public:
  ReadTable(const std::string& directory, const char* table) {
    constexpr MDB_dbi kTablesMax = 16;
    check("mdb_env_create", mdb_env_create(&env_));
    check("mdb_env_set_maxdbs", mdb_env_set_maxdbs(env_, kTablesMax));
    check("mdb_env_open", mdb_env_open(env_, directory.c_str(), MDB_RDONLY | MDB_NOLOCK, kMode));
    check("mdb_txn_begin", mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn_));
    check("mdb_dbi_open", mdb_dbi_open(txn_, table, 0, &table_));
  }
  ~ReadTable() {
    mdb_txn_abort(txn_);
    mdb_env_close(env_);
  }
  ReadTable(const ReadTable&) = delete;
  ReadTable& operator=(const ReadTable&) = delete;

  [[nodiscard]] TableSize size() const {
    MDB_stat stat{};
    check("mdb_stat", mdb_stat(txn_, table_, &stat));
    const std::size_t pages = stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
    return {stat.ms_entries, pages * stat.ms_psize};
  }
  // Returns the names of all entries; of the main table those of the others.
  [[nodiscard]] std::vector<std::string> keys() const {
    std::vector<std::string> keys;
    MDB_cursor* cursor = nullptr;
    check("mdb_cursor_open", mdb_cursor_open(txn_, table_, &cursor));
    MDB_val key;
    MDB_val value;
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == MDB_SUCCESS) {
      keys.emplace_back(static_cast<const char*>(key.mv_data), key.mv_size);
    }
    mdb_cursor_close(cursor);
    return keys;
  }
  // Reads all entries; returns a sum over their bytes.
  [[nodiscard]] std::size_t scan() const {
    MDB_cursor* cursor = nullptr;
    check("mdb_cursor_open", mdb_cursor_open(txn_, table_, &cursor));
    std::size_t sum = 0;
    MDB_val key;
    MDB_val value;
    int status = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    for (; status == MDB_SUCCESS; status = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
      for (const MDB_val& each : {key, value}) {
        const std::string_view bytes(static_cast<const char*>(each.mv_data), each.mv_size);
        for (const char byte : bytes) sum += static_cast<unsigned char>(byte);
      }
    }
    mdb_cursor_close(cursor);
    return sum;
  }

 private:
  MDB_env* env_ = nullptr;
  MDB_txn* txn_ = nullptr;
  MDB_dbi table_ = 0;
};

}  // namespace

TableSize size_of_table(const std::string& directory, const char* table) {
  return ReadTable(directory, table).size();
}

std::size_t live_bytes(const std::string& directory) {
  const ReadTable main(directory, nullptr);
  std::size_t bytes = main.size().bytes;
  for (const std::string& table : main.keys())
    bytes += size_of_table(directory, table.c_str()).bytes;
  return bytes;
}

double seconds_of_scan(const std::string& directory, const char* table) {
  constexpr int kScans = 100;
  const ReadTable rows(directory, table);
  double least = 0;
  std::size_t sum = 0;
  for (int i = 0; i < kScans; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const std::size_t read = rows.scan();
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    least = i == 0 ? time.count() : std::min(least, time.count());
    if (i > 0 && read != sum) std::exit(1);  // The sum must be computed.
    sum = read;
  }
  return least;
}

}  // namespace anabranch::bench
