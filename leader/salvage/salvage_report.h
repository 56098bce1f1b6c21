// How far the writing again of lost writes is.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "core/dot.h"

namespace anabranch::leader {

struct SalvageReport {
  enum class State : std::uint8_t {
    kNone,
    kReading,
    kWriting,
    kWaits,  // Stopped: see `text`.
    kDone,
    kFailed,  // Stopped: see `text`.
  };
  State state = State::kNone;
  std::string text = {};
  std::uint64_t losses = 0;            // That stand. The figures are those of all of them.
  std::uint64_t ops = 0;               // Written again.
  std::uint64_t left_ops = 0;          // Left alone, since their keys had changed.
  std::vector<std::string> left = {};  // The first of these keys, encoded.
  std::uint64_t other_ops = 0;         // Of the mesh's own rows: policies and the like.
  std::uint64_t unproven = 0;          // Records.
  std::uint64_t unread = 0;            // Ops of losses that have ended, which could not be read.
  std::set<core::Origin> own = {};     // The origins of this region.
};

}  // namespace anabranch::leader
