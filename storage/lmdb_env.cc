#include "storage/lmdb_env.h"

#include <fcntl.h>
#include <lmdb.h>

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/system_failure.h"
#include "storage/damage.h"

namespace anabranch::storage {
namespace {

using core::Failure;
using core::Result;

ErrorCode code_of(int status) {
  switch (status) {
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
      return ErrorCode::kCorrupt;
    case MDB_NOTFOUND:
    case MDB_KEYEXIST:
    case MDB_BAD_VALSIZE:
    case EACCES:
    case EPERM:
    case EROFS:
    case ENOENT:
      return ErrorCode::kInvalid;
    case MDB_PANIC:
      return ErrorCode::kClosed;
    default:
      return ErrorCode::kIo;
  }
}

Failure failure(const char* call, int status) {
  std::string message = std::string(call) + ": " + mdb_strerror(status);
  // LMDB reports a short write on a full disk as EIO.
  if (status == EIO) message += " (or the disk is full)";
  return {code_of(status), std::move(message), core::may_pass(status)};
}

// The same, naming the file.
Failure failure(const char* call, int status, MDB_env* env) {
  Failure failed = failure(call, status);
  const char* folder = nullptr;
  if (mdb_env_get_path(env, &folder) != MDB_SUCCESS || folder == nullptr) return failed;
  const char* const is = failed.code == ErrorCode::kCorrupt ? " is damaged, " : ": ";
  failed.message = folder + ('/' + std::string(LmdbEnv::kDataFile)) + is + failed.message;
  return failed;
}

Failure outside(const char* call, MDB_env* env) {
  Failure failed = failure(call, MDB_CORRUPTED, env);
  failed.message += " (a value would lie outside of the file)";
  return failed;
}

void assertion_failed(MDB_env* env, const char* message) {
  Failure failed = failure("LMDB", MDB_CORRUPTED, env);
  failed.message += std::string(" (") + message + ')';
  unreadable(failed);
}

Result<void> check(const char* call, int status) {
  if (status != MDB_SUCCESS) return failure(call, status);
  return {};
}

// True on success, false on MDB_NOTFOUND, else a failure.
Result<bool> found(const char* call, int status) {
  if (status == MDB_NOTFOUND) return false;
  if (status != MDB_SUCCESS) return failure(call, status);
  return true;
}

// LMDB takes keys and values as pointers to mutable bytes, but only reads them.
MDB_val value_of(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }

std::string_view view_of(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

unsigned flags_of(LmdbCursor::Put how) {
  switch (how) {
    case LmdbCursor::Put::kReplace:
      return 0;
    case LmdbCursor::Put::kNew:
      return MDB_NOOVERWRITE;
    case LmdbCursor::Put::kAppend:
      return MDB_APPEND;
  }
  return 0;
}

Result<LmdbSize> size_of(MDB_env* env) {
  MDB_stat stat;
  MDB_envinfo info;
  int status = mdb_env_stat(env, &stat);
  if (status != MDB_SUCCESS) return failure("mdb_env_stat", status);
  status = mdb_env_info(env, &info);
  if (status != MDB_SUCCESS) return failure("mdb_env_info", status);
  return LmdbSize{stat.ms_psize, (info.me_last_pgno + 1) * stat.ms_psize};
}

MDB_env* env_of(MDB_cursor* cursor) { return mdb_txn_env(mdb_cursor_txn(cursor)); }

MDB_dbi dbi_of(LmdbTable table) { return static_cast<MDB_dbi>(table); }

// The tables of free pages and of tables, always open.
constexpr MDB_dbi kFreeDbi = 0;
constexpr MDB_dbi kMainDbi = 1;

}  // namespace

// LmdbTxn

void LmdbTxn::Abort::operator()(MDB_txn* txn) const { mdb_txn_abort(txn); }

Result<LmdbTable> LmdbTxn::open_table(const char* name, bool create) {
  MDB_dbi dbi = 0;
  const int status = mdb_dbi_open(txn_.get(), name, create ? MDB_CREATE : 0, &dbi);
  if (status != MDB_SUCCESS) return failure("mdb_dbi_open", status);
  return LmdbTable{dbi};
}

Result<std::size_t> LmdbTxn::entries(LmdbTable table) const {
  MDB_stat stat;
  const int status = mdb_stat(txn_.get(), dbi_of(table), &stat);
  if (status != MDB_SUCCESS) return failure("mdb_stat", status);
  return stat.ms_entries;
}

Result<void> LmdbTxn::clear(LmdbTable table) {
  return check("mdb_drop", mdb_drop(txn_.get(), dbi_of(table), 0));
}

Result<std::size_t> LmdbTxn::tables() const { return entries(LmdbTable{kMainDbi}); }

// Each value of the table of free pages is a list of them that begins with its length.
Result<std::size_t> LmdbTxn::free_pages() const {
  Result<LmdbCursor> cursor = LmdbCursor::open(*this, LmdbTable{kFreeDbi});
  if (!cursor.ok()) return cursor.failure();
  std::size_t pages = 0;
  LmdbFound<LmdbEntry> entry = cursor.value().first();
  for (; entry.ok() && entry.value(); entry = cursor.value().next()) {
    std::size_t length = 0;
    if (entry.value()->value.size() < sizeof(length)) return core::corrupt("a list of free pages");
    std::memcpy(&length, entry.value()->value.data(), sizeof(length));
    pages += length;
  }
  if (!entry.ok()) return entry.failure();
  return pages;
}

LmdbFound<std::string_view> LmdbTxn::get(LmdbTable table, std::string_view key) const {
  MDB_val k = value_of(key);
  MDB_val v;
  const int status = mdb_get(txn_.get(), dbi_of(table), &k, &v);
  if (status == MDB_NOTFOUND) return std::optional<std::string_view>();
  MDB_env* const env = mdb_txn_env(txn_.get());
  if (status != MDB_SUCCESS) return failure("mdb_get", status, env);
  if (map_ != nullptr && !map_->holds(view_of(v))) return outside("mdb_get", env);
  return std::optional(view_of(v));
}

std::uint64_t LmdbTxn::commit_number() const { return mdb_txn_id(txn_.get()); }

Result<void> LmdbTxn::put(LmdbTable table, std::string_view key, std::string_view value) {
  MDB_val k = value_of(key);
  MDB_val v = value_of(value);
  return check("mdb_put", mdb_put(txn_.get(), dbi_of(table), &k, &v, 0));
}

Result<bool> LmdbTxn::remove(LmdbTable table, std::string_view key) {
  MDB_val k = value_of(key);
  return found("mdb_del", mdb_del(txn_.get(), dbi_of(table), &k, nullptr));
}

Result<void> LmdbTxn::commit() {
  committing_->store(mdb_txn_id(txn_.get()));
  auto done = check("mdb_txn_commit", mdb_txn_commit(txn_.release()));
  if (done.ok()) return done;
  Failure failed = done.failure();
  failed.passes = false;  // The disk may have a part of it.
  return failed;
}

void LmdbTxn::reset() { mdb_txn_reset(txn_.get()); }

Result<void> LmdbTxn::renew() {
  for (;;) {
    const int status = mdb_txn_renew(txn_.get());
    if (status != MDB_SUCCESS) return failure("mdb_txn_renew", status);
    if (!overtaken()) return {};
    reset();
  }
}

// The barrier orders LMDB's reads before the read of the writer's number. (Not written as
// std::atomic_thread_fence, since the thread sanitizer does not know that.)
bool LmdbTxn::overtaken() const {
  __sync_synchronize();
  return committing_->load() >= mdb_txn_id(txn_.get()) + 2;
}

// LmdbCursor

void LmdbCursor::Close::operator()(MDB_cursor* cursor) const { mdb_cursor_close(cursor); }

Result<LmdbCursor> LmdbCursor::open(const LmdbTxn& txn, LmdbTable table) {
  MDB_cursor* cursor = nullptr;
  const int status = mdb_cursor_open(txn.txn_.get(), dbi_of(table), &cursor);
  if (status != MDB_SUCCESS) return failure("mdb_cursor_open", status);
  return LmdbCursor(cursor, txn.map_);
}

LmdbFound<LmdbEntry> LmdbCursor::move(int operation, std::string_view key) {
  MDB_val k = value_of(key);
  MDB_val v;
  const int status = mdb_cursor_get(cursor_.get(), &k, &v, static_cast<MDB_cursor_op>(operation));
  if (status == MDB_NOTFOUND) return std::optional<LmdbEntry>();
  MDB_env* const env = env_of(cursor_.get());
  if (status != MDB_SUCCESS) return failure("mdb_cursor_get", status, env);
  if (map_ != nullptr && !(map_->holds(view_of(k)) && map_->holds(view_of(v)))) {
    return outside("mdb_cursor_get", env);
  }
  return std::optional(LmdbEntry{view_of(k), view_of(v)});
}

LmdbFound<LmdbEntry> LmdbCursor::first() { return move(MDB_FIRST); }
LmdbFound<LmdbEntry> LmdbCursor::last() { return move(MDB_LAST); }
LmdbFound<LmdbEntry> LmdbCursor::next() { return move(MDB_NEXT); }
LmdbFound<LmdbEntry> LmdbCursor::previous() { return move(MDB_PREV); }

// In a tree that is out of order MDB_SET_RANGE may return an entry before the key, and a walk
// through a table by such steps would never end.
LmdbFound<LmdbEntry> LmdbCursor::at_or_after(std::string_view key) {
  LmdbFound<LmdbEntry> found = move(MDB_SET_RANGE, key);
  if (!found.ok() || !found.value() || found.value()->key >= key) return found;
  Failure failed = failure("mdb_cursor_get", MDB_CORRUPTED, env_of(cursor_.get()));
  failed.message += " (its entries are out of order)";
  return failed;
}

LmdbFound<LmdbEntry> LmdbCursor::before(std::string_view key) {
  LmdbFound<LmdbEntry> after = at_or_after(key);
  if (!after.ok()) return after;
  return after.value() ? previous() : last();
}

Result<void> LmdbCursor::put(std::string_view key, std::string_view value, Put how) {
  MDB_val k = value_of(key);
  MDB_val v = value_of(value);
  return check("mdb_cursor_put", mdb_cursor_put(cursor_.get(), &k, &v, flags_of(how)));
}

Result<std::span<char>> LmdbCursor::reserve(std::string_view key, std::size_t size, Put how) {
  MDB_val k = value_of(key);
  MDB_val v = {size, nullptr};
  const int status = mdb_cursor_put(cursor_.get(), &k, &v, flags_of(how) | MDB_RESERVE);
  if (status != MDB_SUCCESS) return failure("mdb_cursor_put", status);
  return std::span(static_cast<char*>(v.mv_data), size);
}

Result<bool> LmdbCursor::remove(std::string_view key) {
  MDB_val k = value_of(key);
  MDB_val v;
  Result<bool> there = found("mdb_cursor_get", mdb_cursor_get(cursor_.get(), &k, &v, MDB_SET));
  if (!there.ok() || !there.value()) return there;
  const int status = mdb_cursor_del(cursor_.get(), 0);
  if (status != MDB_SUCCESS) return failure("mdb_cursor_del", status);
  return true;
}

// LmdbEnv

void LmdbEnv::Close::operator()(MDB_env* env) const { mdb_env_close(env); }

Result<LmdbEnv> LmdbEnv::open(const std::string& directory, const LmdbEnvOptions& options) {
  constexpr mdb_mode_t kMode = 0600;
  constexpr std::size_t kMapUnit = 1U << 16U;  // A multiple of every page size.
  MDB_env* raw = nullptr;
  int status = mdb_env_create(&raw);
  if (status != MDB_SUCCESS) return failure("mdb_env_create", status);
  LmdbEnv env(raw);
  const std::size_t map_bytes = (options.map_bytes + kMapUnit - 1) / kMapUnit * kMapUnit;
  status = mdb_env_set_mapsize(raw, map_bytes);
  if (status != MDB_SUCCESS) return failure("mdb_env_set_mapsize", status);
  status = mdb_env_set_maxreaders(raw, options.readers_max);
  if (status != MDB_SUCCESS) return failure("mdb_env_set_maxreaders", status);
  status = mdb_env_set_maxdbs(raw, options.tables_max);
  if (status != MDB_SUCCESS) return failure("mdb_env_set_maxdbs", status);
  const unsigned frozen = options.frozen ? unsigned{MDB_RDONLY | MDB_NOLOCK} : 0U;
  status = mdb_env_open(raw, directory.c_str(), MDB_NOTLS | MDB_NORDAHEAD | frozen, kMode);
  if (status != MDB_SUCCESS) return failure("mdb_env_open", status);
  // LMDB leaves this one of its descriptors to the children of the process.
  mdb_filehandle_t file = -1;
  status = mdb_env_get_fd(raw, &file);
  if (status == MDB_SUCCESS && ::fcntl(file, F_SETFD, FD_CLOEXEC) != 0) status = errno;
  if (status != MDB_SUCCESS) return failure("mdb_env_get_fd", status);
  status = mdb_env_set_assert(raw, assertion_failed);
  if (status != MDB_SUCCESS) return failure("mdb_env_set_assert", status);
  return env;
}

// A page begins with its number. The first entry of the table of tables is on that table's one
// page.
Result<void> LmdbEnv::find_map() {
  const Result<LmdbTxn> txn = begin_read();
  if (!txn.ok()) return txn.failure();
  Result<LmdbCursor> cursor = LmdbCursor::open(txn.value(), LmdbTable{kMainDbi});
  if (!cursor.ok()) return cursor.failure();
  const LmdbFound<LmdbEntry> entry = cursor.value().first();
  if (!entry.ok()) return entry.failure();
  if (!entry.value()) return {};
  MDB_stat stat;
  const int status = mdb_env_stat(env_.get(), &stat);
  if (status != MDB_SUCCESS) return failure("mdb_env_stat", status);
  const char* const found = entry.value()->key.data();
  const char* const page = found - reinterpret_cast<std::uintptr_t>(found) % stat.ms_psize;
  std::size_t number = 0;
  std::memcpy(&number, page, sizeof(number));
  map_ = std::make_unique<LmdbMap>(page - number * stat.ms_psize, [env = env_.get()] {
    return size_of(env).ok() ? size_of(env).value().used_bytes : 0;
  });
  return {};
}

Result<LmdbTxn> LmdbEnv::begin(unsigned flags) const {
  MDB_txn* txn = nullptr;
  const int status = mdb_txn_begin(env_.get(), nullptr, flags, &txn);
  if (status != MDB_SUCCESS) return failure("mdb_txn_begin", status);
  const bool reads = (flags & MDB_RDONLY) != 0;
  return LmdbTxn(txn, *committing_, reads ? map_.get() : nullptr);
}

Result<LmdbTxn> LmdbEnv::begin_write() { return begin(0); }

Result<LmdbTxn> LmdbEnv::begin_read() const {
  Result<LmdbTxn> txn = begin(MDB_RDONLY);
  if (!txn.ok() || !txn.value().overtaken()) return txn;
  txn.value().reset();
  if (auto renewed = txn.value().renew(); !renewed.ok()) return renewed.failure();
  return txn;
}

// A file system that cannot do so has none of its own to lose.
Result<void> LmdbEnv::keep_room(std::size_t bytes) {
  const Result<LmdbSize> size = this->size();
  if (!size.ok()) return size.failure();
  const std::size_t used = size.value().used_bytes;
  if (used + bytes <= kept_to_) return {};
  mdb_filehandle_t file = -1;
  if (auto got = check("mdb_env_get_fd", mdb_env_get_fd(env_.get(), &file)); !got.ok()) return got;
  const bool kept = ::fallocate(file, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(used),
                                static_cast<off_t>(bytes)) == 0;
  if (!kept && (core::may_pass(errno) || errno == EIO)) {
    return core::system_failure("no room behind " + std::string(kDataFile), errno);
  }
  kept_to_ = used + bytes;
  return {};
}

Result<void> LmdbEnv::check_readers() {
  int dead = 0;
  return check("mdb_reader_check", mdb_reader_check(env_.get(), &dead));
}

Result<LmdbSize> LmdbEnv::size() const { return size_of(env_.get()); }

}  // namespace anabranch::storage
