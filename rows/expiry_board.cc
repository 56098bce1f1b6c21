#include "rows/expiry_board.h"

#include <algorithm>

#include "core/hash.h"
#include "core/path.h"

namespace anabranch::rows {

ExpiryBoard::Bit ExpiryBoard::bit_of(std::string_view key) {
  // As much of it as stays readable in the storage key of a long path.
  const std::uint64_t hash = core::checksum64(key.substr(0, core::Path::kHashedPrefix));
  const std::size_t bit = hash % kBits;
  return {bit / kWordBits, std::uint64_t{1} << (bit % kWordBits)};
}

bool ExpiryBoard::has(const Filter& filter, std::string_view key) {
  const Bit bit = bit_of(key);
  return (filter[bit.word].load(std::memory_order_relaxed) & bit.mask) != 0;
}

void ExpiryBoard::mark(std::string_view key) {
  if (!owned_) {
    owned_ = std::make_unique<Filter>();
    filter_.store(owned_.get(), std::memory_order_release);
  }
  const Bit bit = bit_of(key);
  (*owned_)[bit.word].fetch_or(bit.mask);
}

core::Millis ExpiryBoard::now_ms() const {
  const core::Millis wall = clock_ == nullptr ? 0 : clock_->now_ms();
  return std::max(wall, newest_ms_.load());
}

}  // namespace anabranch::rows
