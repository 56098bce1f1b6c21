// A version vector {origin: seq}: all ops of each origin up to its seq have been applied.
//
// Invariants: 1. entries are sorted by origin; 2. no entry has seq 0. A vector is small (one entry
// per incarnation that ever wrote), so it is a sorted array. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "core/dot.h"

namespace anabranch::core {

class VersionVector {
 public:
  // The limit of decoders: more incarnations than any mesh will have.
  static constexpr std::size_t kEntriesMax = 16'384;

  struct Entry {
    Origin origin = 0;
    Seq seq = 0;
    bool operator==(const Entry&) const = default;
  };

  VersionVector() = default;
  VersionVector(std::initializer_list<Entry> entries);

  // Returns the newest seq of `origin`, 0 when no op of it is known.
  [[nodiscard]] Seq at(Origin origin) const;
  // Sets an entry, also to a smaller seq; 0 removes it.
  void set(Origin origin, Seq seq);
  // Raises an entry to at least `seq`.
  void raise(Origin origin, Seq seq);
  // Raises every entry to at least the entry of `other`: the least upper bound.
  void join(const VersionVector& other);

  [[nodiscard]] bool covers(Dot dot) const { return at(dot.origin) >= dot.seq; }
  // Returns whether every entry of `other` is covered.
  [[nodiscard]] bool includes(const VersionVector& other) const;
  // Returns the number of ops that this vector covers and `other` does not.
  [[nodiscard]] Seq ops_beyond(const VersionVector& other) const;

  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] auto begin() const { return entries_.begin(); }
  [[nodiscard]] auto end() const { return entries_.end(); }

  bool operator==(const VersionVector&) const = default;

 private:
  std::vector<Entry> entries_;
};

// Returns the greatest lower bound: the ops covered by both.
VersionVector lower(const VersionVector& one, const VersionVector& other);

// Returns the entries of `now` that differ from `before`: the entries to send to a peer that knows
// `before`. `before.join(result)` gives `now` when `now` includes `before`.
VersionVector difference(const VersionVector& now, const VersionVector& before);

// "{0123456789abcdef: 5, ...}" for logs and failures.
std::string to_string(const VersionVector& vector);

}  // namespace anabranch::core
