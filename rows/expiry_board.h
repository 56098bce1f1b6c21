// Tells readers which keys may have an expiry, so that a key without one costs its readers nothing
// but a look at one bit, and none at all where no key ever had one; and what time it is.
//
// A filter with one hash function (Bloom, 1970): a bit is set before the commit that brings the
// key's first expiry, and stays until the leader is opened anew. So whoever takes a snapshot first
// finds the bits of all that is in it. With more keys than bits most reads look for an expiry in
// vain, which costs one row. The writer marks and posts; any thread reads.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/hlc.h"
#include "core/wall_clock.h"

namespace anabranch::rows {

class ExpiryBoard {
 public:
  static constexpr std::size_t kBits = std::size_t{1} << 22U;  // Half a MiB, once there is any.

  // ---- For the writer.

  // A key, in its encoding, may have an expiry from now on.
  void mark(std::string_view key);
  // The clock must outlive the board.
  void use(const core::WallClock& clock) { clock_ = &clock; }
  // The newest timestamp that was given or followed.
  void post(core::Hlc newest) { newest_ms_.store(newest.millis()); }

  // ---- For readers.

  [[nodiscard]] bool may_expire(std::string_view key) const {
    const Filter* const filter = filter_.load(std::memory_order_acquire);
    return filter != nullptr && has(*filter, key);
  }
  // The time by which keys expire: the wall clock, but never less than a timestamp said, so that it
  // does not go back. In milliseconds since 1970.
  [[nodiscard]] core::Millis now_ms() const;

 private:
  static constexpr std::size_t kWordBits = 64;
  using Filter = std::array<std::atomic<std::uint64_t>, kBits / kWordBits>;
  // One bit of a filter.
  struct Bit {
    std::size_t word = 0;
    std::uint64_t mask = 0;
  };
  static Bit bit_of(std::string_view key);
  static bool has(const Filter& filter, std::string_view key);

  std::unique_ptr<Filter> owned_;
  std::atomic<const Filter*> filter_ = nullptr;
  const core::WallClock* clock_ = nullptr;
  std::atomic<core::Millis> newest_ms_ = 0;
};

}  // namespace anabranch::rows
