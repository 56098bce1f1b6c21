// LMDB alone, used as well as we know how: the base of comparison for the embedded store. The same
// flags as storage/lmdb_env, and the same durability unless a caller wants none.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct MDB_env;
struct MDB_txn;

namespace anabranch::bench {

struct RawRow {
  std::string key;
  std::string value;
};

// One table in one environment. Every failure ends the program, since no measurement is possible
// then. One thread writes at a time; each reading thread has a Reader.
class RawLmdb {
 public:
  // Opens or creates the table; the directory must exist. `synced`: each commit is.
  explicit RawLmdb(const std::string& directory, bool synced = true);

  // Commits one transaction with one get and one put for each row.
  void write_group(std::span<const RawRow> rows);

  // A read transaction that is kept, and renewed for each get, so that each get sees the newest
  // state.
  class Reader {
   public:
    explicit Reader(const RawLmdb& lmdb);
    // Returns a copy of the value, since the view ends with the next renewal; empty if there is
    // none.
    [[nodiscard]] std::string get(std::string_view key);

   private:
    struct Abort {
      void operator()(MDB_txn* txn) const;
    };
    std::unique_ptr<MDB_txn, Abort> txn_;
    unsigned table_;
  };

 private:
  struct Close {
    void operator()(MDB_env* env) const;
  };
  std::unique_ptr<MDB_env, Close> env_;
  unsigned table_ = 0;
};

// The size of a table in a directory that no process has open.
struct TableSize {
  std::size_t entries = 0;
  std::size_t bytes = 0;  // Of the table's pages.
};
TableSize size_of_table(const std::string& directory, const char* table);
// Returns the bytes of pages in use, of all tables of such a directory.
std::size_t live_bytes(const std::string& directory);
// Returns the seconds that a scan of all entries of such a table takes, keys and values read: the
// least of some scans.
double seconds_of_scan(const std::string& directory, const char* table);

}  // namespace anabranch::bench
