#include "bench/raw_lmdb.h"

#include <lmdb.h>

#include <cstdlib>
#include <iostream>

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

RawLmdb::RawLmdb(const std::string& directory) {
  MDB_env* env = nullptr;
  check("mdb_env_create", mdb_env_create(&env));
  env_.reset(env);
  check("mdb_env_set_mapsize", mdb_env_set_mapsize(env, kMapBytes));
  check("mdb_env_open", mdb_env_open(env, directory.c_str(), MDB_NOTLS | MDB_NORDAHEAD, kMode));
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

TableSize size_of_table(const std::string& directory, const char* table) {
  constexpr MDB_dbi kTablesMax = 16;
  MDB_env* env = nullptr;
  check("mdb_env_create", mdb_env_create(&env));
  check("mdb_env_set_maxdbs", mdb_env_set_maxdbs(env, kTablesMax));
  check("mdb_env_open", mdb_env_open(env, directory.c_str(), MDB_RDONLY | MDB_NOLOCK, kMode));
  MDB_txn* txn = nullptr;
  check("mdb_txn_begin", mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn));
  MDB_dbi handle = 0;
  check("mdb_dbi_open", mdb_dbi_open(txn, table, 0, &handle));
  MDB_stat stat{};
  check("mdb_stat", mdb_stat(txn, handle, &stat));
  mdb_txn_abort(txn);
  mdb_env_close(env);
  const std::size_t pages = stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
  return {stat.ms_entries, pages * stat.ms_psize};
}

}  // namespace anabranch::bench
