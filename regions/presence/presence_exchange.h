// Presence: messages that are stored nowhere. A leader or follower sends each one to all peers that
// know this kind of message, and they pass it on to theirs: flooding, with a name for each message
// so that none goes round (as in OSPF, RFC 2328, 13). So it comes also to regions behind others,
// and to followers. Best effort: a message is dropped when it is over kAgeMsMax old, has come over
// kHopsMax links, or where a peer's bounds are used up.
//
// No clock of a wall takes part: the age of a message is the sum of the times in which leaders held
// it, and of the delays of links. Nothing of presence touches rows, the log or the disk.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <anabranch/status.h>

#include "regions/exchange/exchange.h"
#include "regions/presence/presence_link.h"
#include "regions/presence/seen_messages.h"
#include "regions/wire/effect.h"

namespace anabranch::regions {

class PresenceExchange {
 public:
  static constexpr core::Millis kAgeMsMax = 5000;

  // Both must outlive this; effects are appended.
  PresenceExchange(const Exchange& exchange, Effects& effects)
      : exchange_(exchange), effects_(effects) {}

  // Sends a message of this leader to its peers. `held_ms` has gone since it was published. The
  // lengths must be those of a Presence.
  void publish(std::string channel, std::string body, core::Millis held_ms, core::Millis now);
  // Takes a message of a peer: a new one is heard here, and passed on.
  void on(LinkId link, Presence message, core::Millis now);
  // The heartbeats of a link show how fast it is.
  void on(LinkId link, const Heartbeat& beat, core::Millis now);
  // Forgets links that are gone.
  void tick();

  // Counts since the start; without those of listeners and of the queue of a store.
  [[nodiscard]] const PresenceStatus& counts() const { return counts_; }

 private:
  // Returns whether a message that has come is to be heard; counts it if not.
  [[nodiscard]] bool is_new(const Presence& message, core::Millis now);
  // Sends a message to all peers but the one that it came from (0: none).
  void pass_on(Presence message, LinkId from, core::Millis now);
  PresenceLink& at(LinkId link, core::Millis now);

  const Exchange& exchange_;
  Effects& effects_;
  SeenMessages seen_;
  std::map<LinkId, PresenceLink> links_;
  std::uint64_t last_number_ = 0;
  PresenceStatus counts_;
};

}  // namespace anabranch::regions
