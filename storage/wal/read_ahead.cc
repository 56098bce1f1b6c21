#include "storage/wal/read_ahead.h"

#include <algorithm>

namespace anabranch::storage {

core::Result<std::string_view> ReadAhead::view(std::uint64_t offset, std::uint64_t size,
                                               std::uint64_t limit) {
  if (offset >= limit) return std::string_view();
  const std::uint64_t wanted = std::min(size, limit - offset);
  if (offset < begin_ || offset + wanted > begin_ + filled_) {
    const std::uint64_t whole = std::max<std::uint64_t>(wanted, ahead_);
    ahead_ = std::min(2 * ahead_, kReadAhead);
    buffer_.resize(std::min(whole, limit - offset));
    filled_ = 0;
    begin_ = offset;
    const auto got = file_->read(offset, buffer_);
    if (!got.ok()) return got.failure();
    filled_ = got.value();
  }
  return std::string_view(buffer_).substr(0, filled_).substr(offset - begin_, wanted);
}

}  // namespace anabranch::storage
