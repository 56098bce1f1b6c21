// LMDB as C++ classes: environment, transaction, table, cursor, each closed by its destructor.
//
// The names are those of the C API. Bytes are passed as std::string_view; returned views point into
// the memory map and are valid until their transaction ends (in a write transaction: until the next
// write). Absence is an empty optional; a failure names the failed C call and LMDB's reason, and
// the file when it is damaged. A failed assertion of LMDB ends the process as storage/damage.h
// says. Only lmdb_env.cc includes <lmdb.h>.
//
// Threads: an environment is shared by all; a transaction, with its cursors, belongs to one thread
// at a time (read transactions are not bound to the thread that began them: MDB_NOTLS).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "storage/lmdb_map.h"

struct MDB_env;
struct MDB_txn;
struct MDB_cursor;

namespace anabranch::storage {

// A table of an environment, MDB_dbi. Valid as long as the environment.
enum class LmdbTable : unsigned {};

// A key and its value.
struct LmdbEntry {
  std::string_view key;
  std::string_view value;
};

// The result of a lookup: a failure, or a value that may be absent.
template <typename T>
using LmdbFound = core::Result<std::optional<T>>;

// The number of the newest write transaction whose commit has begun.
//
// LMDB 0.9.24 has a race: a reader takes the number N of the newest state, then copies the meta
// page of that state. Each of the two meta pages is written by every other commit. If the thread
// stands still between the two steps while N + 1 is committed and the commit of N + 2 begins, the
// reader sees N + 2, which is not synced yet, and its next transaction goes back to N + 1.
// (Measured: 147 of 526 million reads beside a writer on two cores.) So each read transaction
// checks after its begin whether that can have happened, and begins again if so.
using LmdbCommitting = std::atomic<std::size_t>;

class LmdbTxn {
 public:
  // Opens a table, or fails (kInvalid) when it does not exist. In a write transaction `create`
  // makes it. The handle stays valid only if the transaction is committed.
  core::Result<LmdbTable> open_table(const char* name, bool create);
  // Returns the number of entries in a table.
  [[nodiscard]] core::Result<std::size_t> entries(LmdbTable table) const;
  // Removes all entries of a table, reading its inner pages only.
  core::Result<void> clear(LmdbTable table);
  // Returns the number of entries in the table of tables.
  [[nodiscard]] core::Result<std::size_t> tables() const;
  // Returns the number of unused pages inside the file.
  [[nodiscard]] core::Result<std::size_t> free_pages() const;
  // Returns the number of the commit that a read transaction shows, or that a write transaction
  // will be. Later commits have greater ones.
  [[nodiscard]] std::uint64_t commit_number() const;

  [[nodiscard]] LmdbFound<std::string_view> get(LmdbTable table, std::string_view key) const;
  core::Result<void> put(LmdbTable table, std::string_view key, std::string_view value);
  // Removes a key. Returns whether it was present.
  core::Result<bool> remove(LmdbTable table, std::string_view key);

  // Ends the transaction, also when it fails.
  core::Result<void> commit();

  // reset() releases the view of a read transaction but keeps its place among the readers; renew()
  // takes a view of the newest state. renew() fails (kClosed) once LMDB has given up the
  // environment.
  void reset();
  core::Result<void> renew();

 private:
  friend class LmdbEnv;
  friend class LmdbCursor;
  struct Abort {
    void operator()(MDB_txn* txn) const;
  };
  LmdbTxn(MDB_txn* txn, LmdbCommitting& committing, const LmdbMap* map)
      : txn_(txn), committing_(&committing), map_(map) {}
  // Returns whether a read transaction may show another state than the one it asked for.
  [[nodiscard]] bool overtaken() const;
  std::unique_ptr<MDB_txn, Abort> txn_;
  LmdbCommitting* committing_;
  const LmdbMap* map_;  // Null where pages need not be in the file.
};

// Must end before its transaction does.
class LmdbCursor {
 public:
  static core::Result<LmdbCursor> open(const LmdbTxn& txn, LmdbTable table);

  // Each moves the cursor and returns the entry there; nullopt when there is none.
  LmdbFound<LmdbEntry> first();
  LmdbFound<LmdbEntry> last();
  LmdbFound<LmdbEntry> next();
  LmdbFound<LmdbEntry> previous();
  // Moves to the first entry at or after `key`, which must not be empty.
  LmdbFound<LmdbEntry> at_or_after(std::string_view key);
  // Moves to the last entry before `key`, which must not be empty.
  LmdbFound<LmdbEntry> before(std::string_view key);

  enum class Put {
    kReplace,  // Sets the key to the value.
    kNew,      // Fails (kInvalid) when the key is present.
    kAppend,   // As kNew, and the key must be greater than all others; the fastest.
  };
  core::Result<void> put(std::string_view key, std::string_view value, Put how = Put::kReplace);
  // As put, but returns the room for the value, to be filled before the next write.
  core::Result<std::span<char>> reserve(std::string_view key, std::size_t size, Put how);
  // Removes a key. Returns whether it was present.
  core::Result<bool> remove(std::string_view key);

 private:
  struct Close {
    void operator()(MDB_cursor* cursor) const;
  };
  LmdbCursor(MDB_cursor* cursor, const LmdbMap* map) : cursor_(cursor), map_(map) {}
  LmdbFound<LmdbEntry> move(int operation, std::string_view key = {});
  std::unique_ptr<MDB_cursor, Close> cursor_;
  const LmdbMap* map_;  // As its transaction's.
};

struct LmdbEnvOptions {
  std::size_t map_bytes = 0;
  unsigned readers_max = 0;
  unsigned tables_max = 0;
  // Opens for reading without LMDB's own locks. Only while no process writes.
  bool frozen = false;
};

// The size of the file's used part, as reported by the environment.
struct LmdbSize {
  std::size_t page_bytes = 0;
  std::size_t used_bytes = 0;
};

class LmdbEnv {
 public:
  static constexpr std::string_view kDataFile = "data.mdb";
  static constexpr std::string_view kLockFile = "lock.mdb";

  // Opens the environment in an existing directory; creates its files when absent. Never open a
  // directory twice in one process, except frozen ones.
  static core::Result<LmdbEnv> open(const std::string& directory, const LmdbEnvOptions& options);

  core::Result<LmdbTxn> begin_write();
  [[nodiscard]] core::Result<LmdbTxn> begin_read() const;
  // Frees the places of readers whose process has died.
  core::Result<void> check_readers();
  [[nodiscard]] core::Result<LmdbSize> size() const;
  // Has the disk keep room for so many bytes behind the used part of the file, without growth of
  // that: so a commit of no more does not find the disk full. For the thread that writes; no
  // transaction of it may be open. A failure that may pass has changed nothing.
  core::Result<void> keep_room(std::size_t bytes);
  // Finds the address of the file in memory; from then on read transactions refuse views outside of
  // the file. Call it before other threads use the environment.
  core::Result<void> find_map();

 private:
  struct Close {
    void operator()(MDB_env* env) const;
  };
  explicit LmdbEnv(MDB_env* env) : env_(env) {}
  [[nodiscard]] core::Result<LmdbTxn> begin(unsigned flags) const;
  std::unique_ptr<MDB_env, Close> env_;
  std::size_t kept_to_ = 0;       // Up to here the disk has room for the file.
  std::unique_ptr<LmdbMap> map_;  // Null before find_map(), and while there is no table.
  std::unique_ptr<LmdbCommitting> committing_ = std::make_unique<LmdbCommitting>(0);
};

}  // namespace anabranch::storage
