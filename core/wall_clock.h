// The source of the time of day. The only place in core, crdt, storage and regions that may read a
// real clock, besides the leader's timer: all other code gets the time as an argument.
#pragma once

#include <cstdint>

namespace anabranch::core {

// Milliseconds since 1970, UTC.
using Millis = std::int64_t;

// The wall clock and a steady clock, read at one moment.
struct Moment {
  Millis wall_ms = 0;
  Millis steady_ms = 0;
};

// Thread-safe in every implementation.
class WallClock {
 public:
  virtual ~WallClock() = default;
  [[nodiscard]] virtual Millis now_ms() const = 0;
  // Reads both. `steady_ms` is the steady time known last, which may be older: it counts where
  // nothing but tests moves time.
  [[nodiscard]] virtual Moment moment(Millis steady_ms) const { return {now_ms(), steady_ms}; }
};

// The machine's clock.
class SystemClock final : public WallClock {
 public:
  [[nodiscard]] Millis now_ms() const override;
  [[nodiscard]] Moment moment(Millis steady_ms) const override;
};

// A clock that a test or a simulator moves by hand, forwards and backwards.
class ManualClock final : public WallClock {
 public:
  explicit ManualClock(Millis now = 0) : now_(now) {}
  [[nodiscard]] Millis now_ms() const override { return now_; }
  void set(Millis now) { now_ = now; }
  void advance(Millis by) { now_ += by; }

 private:
  Millis now_;
};

}  // namespace anabranch::core
