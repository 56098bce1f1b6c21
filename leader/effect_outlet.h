// Where the effects of a replica go: messages to the transport, presence to its listener, notices
// and alarms to the log. Not thread-safe.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include <anabranch/presence.h>

#include "core/log.h"
#include "leader/lanes.h"
#include "regions/wire/effect.h"
#include "transport/rate_limited_log.h"
#include "transport/transport.h"

namespace anabranch::leader {

class EffectOutlet {
 public:
  // The lines of the log name the region.
  explicit EffectOutlet(std::string region) : region_(std::move(region)), warnings_(region_) {}

  // Calls the function with each message of presence from now on.
  void hear(OnPresence function) { hear_ = std::move(function); }
  // Logs a warning that a stranger has caused, now and then.
  void warn(const std::string& text) { warnings_.warn(text); }
  // Carries out all effects, and forgets them.
  void carry_out(regions::Effects& effects, transport::Transport& transport) {
    for (regions::Effect& effect : effects) {
      std::visit([&](auto& each) { carry_out(each, transport); }, effect);
    }
    effects.clear();
  }

 private:
  using Transport = transport::Transport;

  void carry_out(const regions::Send& send, Transport& transport) {
    const regions::Turn turn = regions::turn_of(send.message);
    transport.send(send.link, regions::kind_of(send.message), regions::encode_message(send.message),
                   {.lane = lane_of(turn.lane), .stream = turn.stream, .weight = turn.weight});
  }
  void carry_out(const regions::Unsend& unsend, Transport& transport) {
    transport.drop(unsend.link, lane_of(unsend.lane), unsend.before);
  }
  void carry_out(const regions::Reject& reject, Transport& transport) {
    transport.reject(reject.link, reject.why);
  }
  void carry_out(const regions::Notice& notice, Transport& /*transport*/) {
    core::log_info(region_, notice.text);
  }
  void carry_out(const regions::Alarm& alarm, Transport& /*transport*/) {
    alarm.by_stranger ? warn(alarm.text) : core::log_warning(region_, alarm.text);
  }
  void carry_out(regions::Heard& heard, Transport& /*transport*/) {
    regions::Presence& message = heard.message;
    if (!hear_) return;
    hear_(
        {std::move(message.channel), std::move(message.body), std::move(message.region), true, 0});
  }

  const std::string region_;
  OnPresence hear_;  // Empty: nobody listens.
  transport::RateLimitedLog warnings_;
};

}  // namespace anabranch::leader
