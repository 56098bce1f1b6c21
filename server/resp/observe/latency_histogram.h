// How long the calls of a command took: LATENCY HISTOGRAM. The buckets are those of Redis, powers
// of two from one microsecond, and a fixed number of them; the last one takes all that took longer.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace anabranch::server {

class LatencyHistogram {
 public:
  static constexpr std::size_t kBuckets = 24;  // Up to 8.6 s.

  void add(std::chrono::nanoseconds took) { ++counts_[bucket_of(took)]; }
  // The calls in a bucket alone.
  [[nodiscard]] std::uint64_t in(std::size_t bucket) const { return counts_[bucket]; }
  // The longest time in a bucket, in microseconds as Redis names it: 1, 2, 4, 8, 16, 33...
  static constexpr std::int64_t micros_of(std::size_t bucket) { return bound_of(bucket) / 1000; }

 private:
  // Redis keeps two digits of each time, so a bucket reaches somewhat beyond the power of two.
  static constexpr std::int64_t bound_of(std::size_t bucket) {
    return (std::int64_t{1024 + 8} << bucket) - 1;
  }
  static constexpr std::size_t bucket_of(std::chrono::nanoseconds took) {
    const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0));
    const auto above = static_cast<std::size_t>(std::bit_width(ns >> 10U));
    const bool below = above > 0 && took.count() <= bound_of(above - 1);
    return std::min(below ? above - 1 : above, kBuckets - 1);
  }

  std::array<std::uint64_t, kBuckets> counts_{};
};

}  // namespace anabranch::server
