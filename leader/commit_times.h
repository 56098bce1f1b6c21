// How long the commits of a leader's own groups have taken, since it was opened.
//
// A histogram with four buckets between two powers of two, so a quantile is at most a quarter above
// the true one (the idea of HdrHistogram, with two bits in place of its digits).
#pragma once

#include <anabranch/status.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace anabranch::leader {

// note() on one thread at a time; statistics() on any, meanwhile.
class CommitTimes {
 public:
  void note(std::chrono::nanoseconds took, bool failed);
  [[nodiscard]] Statistics statistics() const;

 private:
  static constexpr std::size_t kParts = 4;  // Of each power of two.
  static constexpr std::size_t kBuckets = 64 * kParts;

  static std::size_t bucket_of(std::uint64_t us);
  // The greatest time of a bucket.
  static std::uint64_t end_of(std::size_t bucket);

  std::array<std::atomic<std::uint64_t>, kBuckets> counts_ = {};
  std::atomic<std::uint64_t> failed_ = 0;
  std::atomic<std::uint64_t> max_us_ = 0;
};

}  // namespace anabranch::leader
