// The messages of presence that came here: each is heard and passed on once, whatever ways it
// takes. Of each opening of a leader it keeps the highest number and a window of bits below, as
// IPsec does against replay (RFC 4303, 3.4.3); a number below the window counts as seen.
//
// An opening is kept while a message of it may still be under way. So nobody who floods a leader
// with made-up openings can make it forget the others, and send their messages round again.
// Not thread-safe.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>

#include "core/hlc.h"

namespace anabranch::regions {

class SeenMessages {
 public:
  static constexpr std::size_t kWindow = 1024;
  static constexpr std::size_t kOpeningsMax = 1024;
  static constexpr core::Millis kKeptMs = 15'000;  // Three times the age at which messages drop.

  enum class Found : std::uint8_t {
    kNew,
    kSeen,
    kNoRoom,  // Too many openings were heard within kKeptMs.
  };
  // Notes a message. For kNew it was not here before; otherwise nothing changes.
  Found note(std::uint64_t opening, std::uint64_t number, core::Millis now);

  [[nodiscard]] std::size_t openings() const { return openings_.size(); }

 private:
  using ByUse = std::list<std::uint64_t>;  // The opening heard longest ago comes first.
  struct Opening {
    std::uint64_t highest = 0;
    std::bitset<kWindow> seen;  // The bit of a number is its remainder.
    core::Millis heard_ms = 0;
    ByUse::iterator place;
  };

  // Returns whether one more opening can be kept; forgets one for it.
  bool make_room(core::Millis now);
  [[nodiscard]] static bool note(Opening& opening, std::uint64_t number);

  std::map<std::uint64_t, Opening> openings_;
  ByUse by_use_;
};

}  // namespace anabranch::regions
