#include "rows/published_expiry.h"

#include <algorithm>

#include "core/hash.h"
#include "core/path.h"

namespace anabranch::rows {

PublishedExpiry::Bit PublishedExpiry::bit_of(std::string_view key) {
  // The part of the key that stays readable in the storage key of a long path.
  const std::uint64_t hash = core::checksum64(key.substr(0, core::Path::kHashedPrefix));
  const std::size_t bit = hash % kBits;
  return {bit / kWordBits, std::uint64_t{1} << (bit % kWordBits)};
}

bool PublishedExpiry::has(const Filter& filter, std::string_view key) {
  const Bit bit = bit_of(key);
  return (filter[bit.word].load(std::memory_order_relaxed) & bit.mask) != 0;
}

void PublishedExpiry::mark(std::string_view key) {
  if (!owned_) {
    owned_ = std::make_unique<Filter>();
    filter_.store(owned_.get(), std::memory_order_release);
  }
  const Bit bit = bit_of(key);
  (*owned_)[bit.word].fetch_or(bit.mask);
}

void PublishedExpiry::use(const core::WallClock& clock, core::Millis drift_ms_max) {
  clock_ = &clock;
  drift_ms_max_ = drift_ms_max;
}

core::Millis PublishedExpiry::wall_ms() const {
  return clock_ == nullptr ? 0 : clock_->now_ms() - lead_ms_.load();
}

void PublishedExpiry::publish(core::Hlc newest) {
  const bool wrong = newest.millis() - wall_ms() > drift_ms_max_;
  newest_ms_.store(wrong ? 0 : newest.millis());
}

core::Millis PublishedExpiry::now_ms() const {
  return std::max({wall_ms(), newest_ms_.load(), floor_ms_.load()});
}

core::Millis PublishedExpiry::now_ms(core::Hlc timestamp) const {
  const bool wrong = timestamp.millis() - wall_ms() > drift_ms_max_;
  return wrong ? now_ms() : std::max(timestamp.millis(), floor_ms_.load());
}

}  // namespace anabranch::rows
