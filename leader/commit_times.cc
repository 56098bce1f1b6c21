#include "leader/commit_times.h"

#include <algorithm>
#include <bit>

namespace anabranch::leader {

// Times below kParts have a bucket each; above, the bits behind the first one choose the part.
std::size_t CommitTimes::bucket_of(std::uint64_t us) {
  if (us < kParts) return us;
  const auto shift = static_cast<std::size_t>(std::bit_width(us)) - 3;
  return static_cast<std::size_t>(shift + 1) * kParts + ((us >> shift) & (kParts - 1));
}

std::uint64_t CommitTimes::end_of(std::size_t bucket) {
  if (bucket < kParts) return bucket;
  const std::size_t shift = bucket / kParts - 1;
  return ((kParts + bucket % kParts + 1) << shift) - 1;
}

void CommitTimes::note(std::chrono::nanoseconds took, bool failed) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(took).count(), 0));
  counts_[bucket_of(us)].fetch_add(1, kRelaxed);
  if (failed) failed_.fetch_add(1, kRelaxed);
  if (us > max_us_.load(kRelaxed)) max_us_.store(us, kRelaxed);
}

Statistics CommitTimes::statistics() const {
  std::array<std::uint64_t, kBuckets> counts;
  Statistics statistics;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    counts[i] = counts_[i].load(std::memory_order_relaxed);
    statistics.commits += counts[i];
  }
  statistics.commits_failed = failed_.load(std::memory_order_relaxed);
  statistics.commit_us_max = max_us_.load(std::memory_order_relaxed);
  // The least time that so many of a hundred commits did not exceed.
  const auto quantile = [&](std::uint64_t percent) -> std::uint64_t {
    const std::uint64_t rank = (statistics.commits * percent + 99) / 100;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      seen += counts[i];
      if (seen >= rank && seen > 0) return std::min(end_of(i), statistics.commit_us_max);
    }
    return 0;
  };
  statistics.commit_us_p50 = quantile(50);
  statistics.commit_us_p99 = quantile(99);
  return statistics;
}

}  // namespace anabranch::leader
