#include "regions/presence/seen_messages.h"

#include "core/planted_bug.h"

namespace anabranch::regions {

SeenMessages::Found SeenMessages::note(std::uint64_t opening, std::uint64_t number,
                                       core::Millis now) {
  auto found = openings_.find(opening);
  if (found == openings_.end()) {
    if (!make_room(now)) return Found::kNoRoom;
    found = openings_.try_emplace(opening).first;
    found->second.place = by_use_.insert(by_use_.end(), opening);
  }
  found->second.heard_ms = now;
  by_use_.splice(by_use_.end(), by_use_, found->second.place);
  const bool is_new = note(found->second, number);
  return is_new || core::planted(core::Bug::kForgetSeen) ? Found::kNew : Found::kSeen;
}

bool SeenMessages::note(Opening& opening, std::uint64_t number) {
  if (number > opening.highest) {
    const std::uint64_t ahead = number - opening.highest;
    if (ahead >= kWindow) {
      opening.seen.reset();
    } else {
      for (std::uint64_t i = 1; i <= ahead; ++i) {
        opening.seen.reset((opening.highest + i) % kWindow);
      }
    }
    opening.highest = number;
  } else if (opening.highest - number >= kWindow || opening.seen.test(number % kWindow)) {
    return false;
  }
  opening.seen.set(number % kWindow);
  return true;
}

bool SeenMessages::make_room(core::Millis now) {
  if (openings_.size() < kOpeningsMax) return true;
  const auto oldest = openings_.find(by_use_.front());
  if (now - oldest->second.heard_ms < kKeptMs) return false;
  openings_.erase(oldest);
  by_use_.pop_front();
  return true;
}

}  // namespace anabranch::regions
