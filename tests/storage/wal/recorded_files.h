// A disk in memory that journals every call and can lose its power after any of them.
//
// It keeps two states of each file: as programs see it, and as it is on disk. A sector of 512 bytes
// that was written and not synced is kept, lost or torn in a crash image, each by itself; so is the
// size of a file; and each change of a name that no sync of the folder followed is kept or lost. A
// sync that fails drops what it could not write: programs go on seeing it, and no later sync brings
// it to the disk (Rebello et al., USENIX ATC 2020, for ext4 and XFS).
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/wal/files.h"

namespace anabranch::storage::test {

using Random = std::mt19937_64;

enum class DiskCall {
  kWrite,
  kSync,
  kTruncate,
  kCreate,
  kRename,
  kRemove,
  kSyncFolder,
  // These change nothing: they fail on demand, and are not in the journal.
  kOpen,
  kSize,
  kCheck,
};

struct JournalEntry {
  DiskCall call = DiskCall::kWrite;
  std::string name;  // The new one of a rename.
  std::uint64_t offset = 0;
  std::string bytes;
};

// A part of a file with which the disk was to begin.
struct BegunSync {
  std::string name;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

// How much of the unsynced bytes and names a crash leaves.
enum class Survival { kNone, kAll, kRandom };
// Whether a program that has lost its power fails when it reads, or goes on until it is ended.
enum class Reads { kFail, kGoOn };
enum class Journal { kKept, kNone };

// Its calls as Files and File are thread-safe; the others are for one thread while no other one
// calls.
class RecordedFiles final : public Files {
 public:
  explicit RecordedFiles(std::uint64_t seed = 1, Journal journal = Journal::kKept)
      : random_(seed), keeps_journal_(journal) {}

  core::Result<std::unique_ptr<File>> open(const std::string& name) override;
  core::Result<std::unique_ptr<File>> create(const std::string& name) override;
  core::Result<void> rename(const std::string& from, const std::string& to) override;
  core::Result<void> remove(const std::string& name) override;
  [[nodiscard]] core::Result<std::vector<std::string>> list() const override;
  [[nodiscard]] core::Result<bool> has(const std::string& name) const override;
  core::Result<void> sync_folder() override;
  [[nodiscard]] core::Result<void> check_there() const override { return look(DiskCall::kCheck); }
  [[nodiscard]] std::uint64_t free_bytes() const override { return free_bytes_; }
  // As sync_folder(), where names are those of several folders, for the names in one of them.
  void sync_names_in(const std::string& folder);
  // What free_bytes() says; calls do not fail because of it.
  void set_free_bytes(std::uint64_t bytes) { free_bytes_ = bytes; }
  // Returns how many bytes were read of all files.
  [[nodiscard]] std::uint64_t read_bytes() const {
    const std::lock_guard lock(mutex_);
    return read_bytes_;
  }

  // After so many more calls that change something, the power is gone: every call fails.
  void cut_after(std::size_t calls, Reads reads = Reads::kFail) {
    cut_at_ = calls_ + calls;
    reads_ = reads;
  }
  // Takes that back.
  void never_cut() { cut_at_.reset(); }
  [[nodiscard]] bool is_cut() const { return cut_at_ && calls_ >= *cut_at_; }
  // The n-th call of a kind from now on fails with an errno, n from 1; once.
  void fail(DiskCall call, std::size_t n, int error = EIO) {
    failing_ = {call, n};
    error_ = error;
    lasts_ = false;
  }
  // All calls of a kind fail from now on.
  void fail_all(DiskCall call, int error) {
    fail(call, 1, error);
    lasts_ = true;
  }
  // Returns whether the failure has happened.
  [[nodiscard]] bool failed() const { return failing_.second == 0; }
  void no_failure() { failing_ = {}; }
  // Called by each sync of a file before it begins; it may wait. Not to be replaced while a sync is
  // under way.
  void before_sync(std::function<void()> call) { before_sync_ = std::move(call); }

  // Returns all calls that changed something, or tried to.
  [[nodiscard]] const std::vector<JournalEntry>& journal() const { return journal_; }
  [[nodiscard]] const std::vector<BegunSync>& begun() const { return begun_; }
  // The sectors of files whose names end so are kept or lost as wholes: for files without checksums
  // of their own.
  void never_tear(std::string end) { whole_ = std::move(end); }
  // Returns the disk as a machine finds it that starts after a loss of power.
  [[nodiscard]] std::unique_ptr<RecordedFiles> image(Survival survival, std::uint64_t seed) const;
  // Returns a disk in the same state, as a process leaves it that is ended.
  [[nodiscard]] std::unique_ptr<RecordedFiles> clone() const;
  // Returns a disk with the same files, all synced.
  [[nodiscard]] std::unique_ptr<RecordedFiles> copy() const { return image(Survival::kAll, 1); }
  // Returns the content of a file, to be changed as a broken disk does.
  [[nodiscard]] std::string& content(const std::string& name);
  [[nodiscard]] const std::string& content(const std::string& name) const;
  // Changes bits of a byte of a file, as programs see it and on the disk.
  void flip(const std::string& name, std::size_t offset, std::uint8_t bits);

 private:
  friend class RecordedFile;
  struct Node {
    std::string seen;
    std::string disk;
    std::set<std::size_t> dirty;  // The sectors of `seen` that a sync would write.
    bool size_dirty = false;
    bool has_name = false;  // As programs see it.
  };
  using Names = std::map<std::string, std::shared_ptr<Node>>;
  struct NameChange {
    std::string from;  // Empty: creates.
    std::string to;    // Empty: removes.
    std::shared_ptr<Node> node;
  };

  static void apply(const NameChange& change, Names& names);
  // Changes a name as programs see it.
  void change_name(NameChange change);
  // Fails when this call is to fail.
  core::Result<void> look(DiskCall call) const;
  core::Result<void> begin_call(DiskCall call, const std::string& name, std::uint64_t offset = 0,
                                std::string_view bytes = {});
  void put(Node& node, std::uint64_t offset, std::string_view bytes);
  void drop_dirty(Node& node);
  static void write_back(Node& node);

  mutable std::recursive_mutex mutex_;  // A copy is an image.
  Names names_;
  Names disk_names_;
  std::vector<NameChange> name_changes_;  // Since the last sync of the folder.
  std::vector<JournalEntry> journal_;
  std::vector<BegunSync> begun_;
  std::size_t calls_ = 0;
  std::uint64_t free_bytes_ = Files::free_bytes();
  std::uint64_t read_bytes_ = 0;
  std::optional<std::size_t> cut_at_;
  Reads reads_ = Reads::kFail;
  mutable std::pair<DiskCall, std::size_t> failing_;
  std::function<void()> before_sync_;
  int error_ = EIO;
  bool lasts_ = false;
  Random random_;
  Journal keeps_journal_;
  std::string whole_;
};

}  // namespace anabranch::storage::test
