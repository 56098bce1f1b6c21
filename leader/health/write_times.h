// When the writes of a leader were made, by a steady clock: little memory for any number of them.
#pragma once

#include <cstddef>
#include <vector>

#include "core/dot.h"
#include "core/wall_clock.h"

namespace anabranch::leader {

// Writes are kept as spans, each with the time of its first and the number of its last one. The
// older they are, the more of them share a span: an age is exact to kFinestMs, or to a sixteenth of
// it, and never too small. Not thread-safe.
class WriteTimes {
 public:
  static constexpr core::Millis kFinestMs = 10;
  static constexpr std::size_t kSpansMax = 512;

  // Notes that the writes made here reach up to `last` at this time. Those before the first call
  // count as made then; another origin begins anew.
  void note(core::Dot last, core::Millis now);
  // Returns the age of the oldest write behind `confirmed`; 0 if there is none.
  [[nodiscard]] core::Millis age_behind(core::Seq confirmed, core::Millis now) const;
  [[nodiscard]] core::Origin origin() const { return origin_; }
  [[nodiscard]] std::size_t spans() const { return spans_.size(); }

 private:
  struct Span {
    core::Seq last = 0;
    core::Millis begun_ms = 0;
  };

  void thin(core::Millis now);

  core::Origin origin_ = 0;
  std::vector<Span> spans_;  // In the order of the writes.
};

}  // namespace anabranch::leader
