// Tells readers which keys may have an expiry, and the time of expiry. A reader of a key without an
// expiry looks at one bit; if no key ever had an expiry, at none.
//
// A filter with one hash function (Bloom, 1970): a bit is set before the commit that brings the
// key's first expiry, and stays until the leader is reopened. So a reader that takes its snapshot
// first finds the bits of all keys in the snapshot. With more keys than bits most reads look up an
// expiry in vain, at the cost of one row. The writer marks and posts; any thread reads.
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

class PublishedExpiry {
 public:
  static constexpr std::size_t kBits = std::size_t{1} << 22U;  // Half a MiB, once a key is marked.

  // ---- For the writer.

  // Notes that a key, in its encoding, may have an expiry from now on.
  void mark(std::string_view key);
  // Sets the clock, which must outlive this object. A timestamp more than `drift_ms_max` ahead of
  // it comes from a wrong clock and is ignored for expiry.
  void use(const core::WallClock& clock, core::Millis drift_ms_max);
  // Posts the newest timestamp given or followed; a timestamp of a wrong clock counts as 0.
  void publish(core::Hlc newest);
  // Sets a lower bound of now_ms(): other regions may already assume that keys with a deadline up
  // to it have expired here.
  void set_floor(core::Millis floor_ms) { floor_ms_.store(floor_ms); }
  // Sets the known lead of the wall clock, in ms; 0 if it is not known to be ahead.
  void set_lead(core::Millis lead_ms) { lead_ms_.store(lead_ms); }
  [[nodiscard]] core::Millis lead_ms() const { return lead_ms_.load(); }

  // ---- For readers.

  // Returns whether any key may have an expiry.
  [[nodiscard]] bool any() const { return filter_.load(std::memory_order_acquire) != nullptr; }
  [[nodiscard]] bool may_expire(std::string_view key) const {
    const Filter* const filter = filter_.load(std::memory_order_acquire);
    return filter != nullptr && has(*filter, key);
  }
  // The wall clock less its known lead, in milliseconds since 1970.
  [[nodiscard]] core::Millis wall_ms() const;
  // The time by which keys expire: the wall clock, but never earlier than a posted timestamp, so
  // that time goes back only after a wrong clock.
  [[nodiscard]] core::Millis now_ms() const;
  // The same for a transaction with a timestamp: the time stands still while the transaction is
  // open.
  [[nodiscard]] core::Millis now_ms(core::Hlc timestamp) const;

 private:
  static constexpr std::size_t kWordBits = 64;
  using Filter = std::array<std::atomic<std::uint64_t>, kBits / kWordBits>;
  // The place of one bit in a filter.
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
