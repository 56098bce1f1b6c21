// A version vector: {origin: seq}, everything of each origin up to its seq has been applied.
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
  // What decoders take: more incarnations than any mesh comes to have.
  static constexpr std::size_t kEntriesMax = 16'384;

  struct Entry {
    Origin origin = 0;
    Seq seq = 0;
    bool operator==(const Entry&) const = default;
  };

  VersionVector() = default;
  VersionVector(std::initializer_list<Entry> entries);

  // The newest seq of `origin`, 0 when nothing of it is known.
  [[nodiscard]] Seq at(Origin origin) const;
  // Sets an entry, also downwards; 0 removes it.
  void set(Origin origin, Seq seq);
  // Raises an entry to at least `seq`.
  void raise(Origin origin, Seq seq);
  // Raises every entry to at least what `other` has: the least upper bound.
  void join(const VersionVector& other);

  [[nodiscard]] bool covers(Dot dot) const { return at(dot.origin) >= dot.seq; }
  // Whether every entry of `other` is covered.
  [[nodiscard]] bool includes(const VersionVector& other) const;
  // How many ops this covers and `other` does not.
  [[nodiscard]] Seq ops_beyond(const VersionVector& other) const;

  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] auto begin() const { return entries_.begin(); }
  [[nodiscard]] auto end() const { return entries_.end(); }

  bool operator==(const VersionVector&) const = default;

 private:
  std::vector<Entry> entries_;
};

// What both cover: the greatest lower bound.
VersionVector lower(const VersionVector& one, const VersionVector& other);

// The entries of `now` that differ from `before`: what must be sent to somebody who has `before`.
// `before.join(result)` gives `now` when `now` includes `before`.
VersionVector difference(const VersionVector& now, const VersionVector& before);

// "{0123456789abcdef: 5, ...}" for logs and failures.
std::string to_string(const VersionVector& vector);

}  // namespace anabranch::core
