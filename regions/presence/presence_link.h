// One link, for presence: how much is taken from it and sent on it, and how long messages were
// under way. A peer may have several links, and a liar as many as a transport lets in, under any
// origins: so bounds are those of links. Not thread-safe.
#pragma once

#include "regions/presence/bytes_under_way.h"
#include "regions/presence/link_delay.h"
#include "regions/presence/message_rate.h"
#include "regions/wire/message.h"

namespace anabranch::regions {

class PresenceLink {
 public:
  // A leader sends at most half of the messages that another one takes: messages that were held up
  // on the way come at once.
  static constexpr MessageRate::Limits kIn{8000, std::uint64_t{8} << 20U};
  static constexpr MessageRate::Limits kOut{4000, std::uint64_t{4} << 20U};

  explicit PresenceLink(core::Millis now) : in_(kIn, now), out_(kOut, now) {}

  // Returns whether one more message may come in now.
  [[nodiscard]] bool admits(const Presence& message, core::Millis now) {
    return in_.take(message.bytes(), now);
  }
  // Returns for how long a message was under way beyond the usual.
  [[nodiscard]] core::Millis delay_ms(const Presence& message, core::Millis now) {
    return delay_.of(message.sent_ms, now);
  }
  // Returns whether a message may be sent now, and counts it if so.
  [[nodiscard]] bool take_room(const Presence& message, core::Millis now) {
    if (!under_way_.has_room(message.bytes(), now) || !out_.take(message.bytes(), now)) {
      return false;
    }
    under_way_.sent(message.bytes(), now);
    return true;
  }
  void on(const Heartbeat& beat, core::Millis now) {
    const bool is_time = beat.sent_ms >= 0 && beat.sent_ms <= Presence::kTimeMax;
    if (is_time) (void)delay_.of(beat.sent_ms, now);
    if (beat.echo) under_way_.echoed(beat.echo->sent_ms);
  }

 private:
  MessageRate in_;
  MessageRate out_;
  LinkDelay delay_;
  BytesUnderWay under_way_;
};

}  // namespace anabranch::regions
