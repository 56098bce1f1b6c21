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
  // The clock must outlive the board. Timestamps that are ahead of it by more than the drift come
  // of a clock that was wrong, and are no time to expire by.
  void use(const core::WallClock& clock, core::Millis drift_ms_max);
  // The newest timestamp that was given or followed, unless it comes of such a clock.
  void post(core::Hlc newest);
  // So late it is at least: until then others may believe that keys have expired here.
  void set_floor(core::Millis floor_ms) { floor_ms_.store(floor_ms); }
  // The clock is known to be ahead by so much; 0 when it is not.
  void set_lead(core::Millis lead_ms) { lead_ms_.store(lead_ms); }
  [[nodiscard]] core::Millis lead_ms() const { return lead_ms_.load(); }

  // ---- For readers.

  [[nodiscard]] bool may_expire(std::string_view key) const {
    const Filter* const filter = filter_.load(std::memory_order_acquire);
    return filter != nullptr && has(*filter, key);
  }
  // What the wall clock shows, less what it is known to be ahead. In milliseconds since 1970.
  [[nodiscard]] core::Millis wall_ms() const;
  // The time by which keys expire: that of the wall clock, but never less than a timestamp said, so
  // that it goes back only with a clock that was wrong.
  [[nodiscard]] core::Millis now_ms() const;
  // The same for a transaction with a timestamp: it does not go on while that is open.
  [[nodiscard]] core::Millis now_ms(core::Hlc timestamp) const;

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
  core::Millis drift_ms_max_ = 0;
  std::atomic<core::Millis> newest_ms_ = 0;
  std::atomic<core::Millis> floor_ms_ = 0;
  std::atomic<core::Millis> lead_ms_ = 0;
};

}  // namespace anabranch::rows
