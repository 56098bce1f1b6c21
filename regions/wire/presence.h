// A message of presence, as it goes from leader to leader: best effort, stored nowhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/codec.h"
#include "core/hlc.h"

namespace anabranch::regions {

struct Presence {
  static constexpr std::uint64_t kKind = 16;  // Of its frames.
  static constexpr std::size_t kChannelBytesMax = 256;
  static constexpr std::size_t kBodyBytesMax = std::size_t{64} << 10U;
  static constexpr std::uint64_t kHopsMax = 16;
  // Times beyond are refused, so that sums of times cannot overflow.
  static constexpr core::Millis kTimeMax = core::Millis{1} << 53U;

  // The nonce of the opening of the leader that published it, and its number there, from 1. They
  // name the message: a restart, or a copy of a directory, begins with another nonce.
  std::uint64_t opening = 0;
  std::uint64_t number = 0;
  std::uint64_t hops = 0;    // The links of its way, with this one: 1 to kHopsMax.
  core::Millis age_ms = 0;   // When it was sent on this link.
  core::Millis sent_ms = 0;  // That moment, by the steady clock of the sender on this link.
  std::string region;        // Of the leader that published it.
  std::string channel;
  std::string body;

  // The bytes that count against limits.
  [[nodiscard]] std::size_t bytes() const {
    constexpr std::size_t kFixed = 64;
    return kFixed + region.size() + channel.size() + body.size();
  }
  bool operator==(const Presence&) const = default;
};

void write_presence(core::Writer& out, const Presence& message);
// Fails for a message that no leader sends: without a name, too long, or from too far.
[[nodiscard]] Presence read_presence(core::Reader& in);

}  // namespace anabranch::regions
