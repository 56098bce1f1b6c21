// A random life of a storage: commits, swaps, fillings of the next tables, trims. It knows each
// state that the storage may be in, also after a commit that has failed or that a crash
// interrupted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "storage/whole_storage.h"

namespace anabranch::storage::test {

using StoredRows = std::map<std::string, std::string>;

// What a storage has.
struct StoredState {
  StoredRows rows;
  // The first has the position 1. Empty: there is none, since the log had lost its end up to there
  // when that was trimmed already.
  std::vector<std::string> batches;
  Position first = 1;  // Batches before it may be gone.
};

class StorageLife {
 public:
  // The origin of all batches.
  static constexpr core::Origin kWriter = 5;

  // Begins with an empty storage, or with one that is to be reopened() in one of some states.
  // `random` must outlive it.
  explicit StorageLife(std::mt19937_64& random, std::vector<StoredState> possible = {{}})
      : random_(random), possible_(std::move(possible)) {}

  // Makes a random change; returns whether it succeeded.
  bool step(WholeStorage& storage);
  // Returns why a storage that was opened again has none of the possible states; empty: it has one,
  // which is the newest from now on. After a loss of power it may also have one from before, if
  // that was not on the disk yet.
  enum class After : std::uint8_t { kProcess, kPower };
  std::string reopened(const WholeStorage& storage, After loss = After::kPower);
  // Returns how a storage differs from the newest acknowledged state, or has differed from it while
  // a commit was under way; empty: it does not.
  [[nodiscard]] std::string look(const WholeStorage& storage) const;

  // The newest state that was acknowledged.
  [[nodiscard]] const StoredState& sure() const { return possible_.front(); }
  // The rows of the next tables.
  [[nodiscard]] const StoredRows& next() const { return next_; }
  [[nodiscard]] std::size_t swaps() const { return swaps_; }
  // Changes that were refused at first, for a cause that passes.
  [[nodiscard]] std::size_t refused() const { return refused_; }

  // Is told of the state that a change leads to before the storage is called, whether that has
  // succeeded, and whether all that has is on the disk.
  struct Watch {
    virtual ~Watch() = default;
    virtual void begun(const StoredState& state) = 0;
    virtual void acknowledged() = 0;
    virtual void durable() = 0;
  };
  // `watch` must outlive this.
  void set_watch(Watch& watch) { watch_ = &watch; }

 private:
  bool commit(WholeStorage& storage);
  bool swap(WholeStorage& storage);
  bool fill(WholeStorage& storage);
  bool clear_next(WholeStorage& storage);
  bool trim(WholeStorage& storage);
  // Makes changes of a table, also in `rows`.
  std::vector<Change> choose(Table table, StoredRows& rows);
  // Makes a change.
  template <typename Call>
  core::Result<void> done(const WholeStorage& storage, const Call& call);
  // Notes the state that a change leads to, and makes the change.
  template <typename Call>
  bool make(const WholeStorage& storage, StoredState state, const Call& call);
  [[nodiscard]] std::uint64_t below(std::uint64_t end) { return random_() % end; }

  std::mt19937_64& random_;
  std::vector<StoredState> possible_;  // The acknowledged one, and those of changes that failed.
  std::vector<StoredState> unsynced_;  // Those before it, back to one that is on the disk.
  StoredRows next_;
  std::size_t swaps_ = 0;
  std::size_t refused_ = 0;
  bool shown_early_ = false;  // A commit was, before it was finished.
  Watch* watch_ = nullptr;
};

}  // namespace anabranch::storage::test
