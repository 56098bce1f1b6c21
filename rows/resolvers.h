// The functions between siblings that the process was given in its options: for the keys below a
// prefix, and by name for native policies (policy/policy.h). Immutable but for its counters,
// thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <vector>

#include <anabranch/options.h>

#include "core/hash.h"

namespace anabranch::rows {

class Resolvers {
 public:
  // `functions` are those of native policies; their names must differ.
  explicit Resolvers(std::vector<PrefixResolver> resolvers, std::vector<Resolver> functions = {});

  // Returns the resolver with the longest matching prefix; `lww` if none matches. The reference is
  // valid as long as this object.
  [[nodiscard]] const Resolver& find(std::string_view key) const;
  // Returns the function with this name; null if the process was given none. The pointer is valid
  // as long as this object.
  [[nodiscard]] const Resolver* native(std::string_view name) const;

  // Returns whether there are neither resolvers nor functions.
  [[nodiscard]] bool empty() const { return resolvers_.empty() && functions_.empty(); }
  // Returns a hash of prefixes and names, and of the names of functions. It differs if other values
  // may be shown than before, as far as names tell: a function that now decides differently needs a
  // new name.
  [[nodiscard]] core::Hash128 fingerprint() const;
  // Returns the same without the functions, which decide no scores.
  [[nodiscard]] core::Hash128 score_fingerprint() const;

  // Counts a resolver that threw and was overruled.
  void count_failure() const { ++failures_; }
  [[nodiscard]] std::uint64_t failures() const { return failures_; }
  // Counts a conflict that was to be decided by a function the process was not given.
  void count_absent() const { ++absent_; }
  [[nodiscard]] std::uint64_t absent() const { return absent_; }

 private:
  std::vector<PrefixResolver> resolvers_;  // Longest prefix first.
  std::vector<Resolver> functions_;        // By name.
  Resolver lww_ = Resolver::lww();
  mutable std::atomic<std::uint64_t> failures_ = 0;
  mutable std::atomic<std::uint64_t> absent_ = 0;
};

}  // namespace anabranch::rows
