// The answers of hooks that are kept in memory, so that no hook is called again for a conflict that
// it has just decided. They are found by the whole question, the hook and its input; by its
// BLAKE2b-256 where it is long, since a hash of few bytes costs more than all else in a read. So
// nobody can make a conflict that is shown the answer to another one.
//
// Two generations: answers are kept in the young one; when that is full it becomes the old one, and
// the former old one is dropped. An answer that is found in the old one moves to the young one. So
// no list is needed, and what was used lately stays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "rows/hooks/hook_input.h"

namespace anabranch::rows {

// Thread-safe.
class AnswerCache {
 public:
  static constexpr std::size_t kBytesMax = std::size_t{16} << 20U;  // About; of both generations.
  static constexpr std::size_t kEntryBytes = 192;   // Of an answer besides its texts.
  static constexpr std::size_t kPlainBytes = 1024;  // Longer questions are found by their hash.

  using Key = std::string;
  // nullopt: the hook has declined, and the last written is shown.
  using Answer = std::optional<std::string>;
  using Shared = std::shared_ptr<const Answer>;

  // With a random seed nobody can make questions that are slow to find.
  explicit AnswerCache(std::uint64_t seed, std::size_t bytes_max = kBytesMax)
      : bytes_max_(bytes_max), seed_(seed) {}

  // Returns the key of a question. `hook` names what is asked and nothing else: other hooks, and
  // others of the same name, need other bytes; at least one.
  [[nodiscard]] static Key key(std::string_view hook, const HookInput& input);

  // Returns the answer kept for a question; null if there is none.
  [[nodiscard]] Shared find(const Key& key);
  // Keeps an answer, unless it takes more than a quarter of the room.
  void keep(Key key, Answer answer);

  struct Figures {
    std::size_t bytes = 0;  // Kept now, about.
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
  };
  [[nodiscard]] Figures figures() const;

 private:
  struct Hash {
    std::uint64_t seed;
    std::size_t operator()(const Key& key) const;
  };
  struct Generation {
    explicit Generation(std::uint64_t seed) : answers(0, Hash{seed}) {}
    std::unordered_map<Key, Shared, Hash> answers;
    std::size_t bytes = 0;
  };

  static std::size_t size_of(const Key& key, const Answer& answer) {
    return kEntryBytes + key.size() + (answer ? answer->size() : 0);
  }
  // Adds an answer to the young generation; the caller holds the lock. `dropped` is given what is
  // no longer kept, to be destroyed without the lock.
  void add(Key key, Shared answer, Generation& dropped);

  const std::size_t bytes_max_;
  const std::uint64_t seed_;
  mutable std::mutex mutex_;  // Guards all below.
  Generation young_{seed_};
  Generation old_{seed_};
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
};

}  // namespace anabranch::rows
