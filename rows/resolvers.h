// Finds the resolver of a key: the one with the longest prefix. Immutable, thread-safe.
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
  explicit Resolvers(std::vector<PrefixResolver> resolvers);

  // Returns `lww` if no prefix matches. The reference is valid as long as this object.
  [[nodiscard]] const Resolver& find(std::string_view key) const;

  // A hash of prefixes and names. It differs if other values may be shown than before, as far as
  // names tell: a function that now decides differently needs a new name.
  [[nodiscard]] core::Hash128 fingerprint() const;

  // Counts a resolver that threw and was overruled.
  void count_failure() const { ++failures_; }
  [[nodiscard]] std::uint64_t failures() const { return failures_; }

 private:
  std::vector<PrefixResolver> resolvers_;  // Longest prefix first.
  Resolver lww_ = Resolver::lww();
  mutable std::atomic<std::uint64_t> failures_ = 0;
};

}  // namespace anabranch::rows
