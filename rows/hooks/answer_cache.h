// The values that hooks have chosen for rows, kept in memory, so that no hook is called again for a
// conflict that it has just decided. An answer is found by the path of its row, and counts for the
// same siblings in a state with the same policies and regions of origins: all that the input of a
// hook follows from is compared as it is. So nobody can make a conflict that is shown the answer to
// another one, and a read pays for a comparison: a hash of the input would cost more than all else
// in the read.
//
// Two generations: answers are kept in the young one; when that is full it becomes the old one, and
// the former old one is dropped. An answer that is found in the old one moves to the young one. So
// no list is needed, and what was used lately stays.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/mutex.h"
#include "core/path.h"
#include "crdt/row.h"
#include "rows/policy/origin_regions.h"
#include "rows/policy/policy_table.h"

namespace anabranch::rows {

// Thread-safe.
class AnswerCache {
 public:
  static constexpr std::size_t kBytesMax = std::size_t{16} << 20U;  // About; of both generations.
  static constexpr std::size_t kEntryBytes = 256;  // Of an answer besides its siblings and texts.
  static constexpr std::size_t kSiblingBytes = sizeof(crdt::Sibling);
  static constexpr std::size_t kTablesMax = 8;  // Of states whose answers are kept.

  // The tables of a state, never null. Two states have the same where these are the same objects.
  struct Tables {
    std::shared_ptr<const PolicyTable> policies;
    std::shared_ptr<const OriginRegions> regions;
    bool operator==(const Tables&) const = default;
  };

  // With a random seed nobody can make paths that are slow to find.
  explicit AnswerCache(std::uint64_t seed, std::size_t bytes_max = kBytesMax)
      : bytes_max_(bytes_max), seed_(seed) {}

  // Returns the value kept for a cell at a path; nullopt if there is none.
  [[nodiscard]] std::optional<std::string> find(const core::Path& path, const crdt::Cell& cell,
                                                const Tables& tables);
  // Keeps a value that a hook has chosen, or was declined to choose; replaces the one of the path.
  // Keeps nothing that takes more than a quarter of the room.
  void keep(const core::Path& path, const crdt::Cell& cell, const Tables& tables,
            std::string value);
  // Counts a decision for which a hook is asked.
  void count_asked() { ++asked_; }
  // Returns whether one was ever asked: false where nothing can be kept.
  [[nodiscard]] bool was_asked() const { return asked_ != 0; }

  struct Figures {
    std::size_t bytes = 0;  // Kept now, about.
    std::uint64_t found = 0;
    std::uint64_t asked = 0;
  };
  [[nodiscard]] Figures figures() const;

 private:
  struct Answer {
    std::uint64_t tables = 0;
    crdt::Cell cell;
    std::string value;
    std::size_t bytes = 0;
  };
  using Shared = std::shared_ptr<const Answer>;
  struct Generation {
    explicit Generation(std::uint64_t seed) : answers(0, core::PathHash{seed}) {}
    std::unordered_map<core::Path, Shared, core::PathHash> answers;
    std::size_t bytes = 0;
  };
  // Tables by number, in the order of numbers modulo kTablesMax.
  struct Numbered {
    std::uint64_t number = 0;  // 0 for none.
    Tables tables;
  };

  // All three are called with the lock.
  // Returns the number of tables; 0 if they are not known.
  [[nodiscard]] std::uint64_t number_of(const Tables& tables) const;
  // Returns the answer of a path; null if there is none.
  [[nodiscard]] Shared take(const core::Path& path, std::optional<Generation>& dropped);
  // Adds an answer to the young generation. `dropped` is given what is no longer kept, to be
  // destroyed without the lock.
  void add(const core::Path& path, Shared answer, std::optional<Generation>& dropped);

  const std::size_t bytes_max_;
  const std::uint64_t seed_;
  std::atomic<std::uint64_t> found_ = 0;
  std::atomic<std::uint64_t> asked_ = 0;
  mutable core::Mutex mutex_;  // Guards all below.
  Generation young_{seed_};
  Generation old_{seed_};
  std::array<Numbered, kTablesMax> tables_;
  std::uint64_t last_tables_ = 0;
};

}  // namespace anabranch::rows
