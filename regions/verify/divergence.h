// Detects peers that hold other rows than this leader although both have applied the same. That
// cannot happen unless a disk, a memory or this program is broken, so one alarm is raised per peer.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "core/hash.h"

namespace anabranch::regions {

// Not thread-safe.
class Divergence {
 public:
  // Compares the digest of a region that has applied the same as this leader with the own one; if
  // either is missing, the digests prove nothing. Returns the alarm for a new difference. Equal
  // digests end the divergence, and the next difference is new again.
  std::optional<std::string> compare(const std::string& region,
                                     const std::optional<core::Hash128>& theirs,
                                     const std::optional<core::Hash128>& own);

  [[nodiscard]] bool diverged(const std::string& region) const { return regions_.contains(region); }
  // The number of alarms.
  [[nodiscard]] std::uint64_t found() const { return found_; }

 private:
  std::set<std::string> regions_;
  std::uint64_t found_ = 0;
};

}  // namespace anabranch::regions
