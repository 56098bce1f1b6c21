// How the handing over of a lead stands; see handover.h.
#pragma once

#include <cstdint>
#include <string>

namespace anabranch::leader {

struct HandoverStatus {
  // kListens: whether this member leads is not decided yet, as it has just started.
  enum class State : std::uint8_t { kNone, kListens, kLeaves, kNames, kDone, kFailed };

  State state = State::kNone;  // Of the newest handover of this opening.
  std::string member = {};     // The heir.
  std::string why = {};        // It has failed, as a sentence.

  // Writes of applications wait for its end.
  [[nodiscard]] bool under_way() const {
    return state == State::kListens || state == State::kLeaves || state == State::kNames;
  }
};

}  // namespace anabranch::leader
