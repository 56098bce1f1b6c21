// What a Promotion asks of the part of a leader that reads and sends cards.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/hash.h"
#include "core/result.h"
#include "core/wall_clock.h"
#include "leader/members/heir.h"
#include "regions/exchange/peer.h"
#include "regions/members/candidacy.h"
#include "regions/members/fitness.h"
#include "regions/replica.h"
#include "regions/wire/member_card.h"

namespace anabranch::leader {

// Not thread-safe, unless a class that is one says so.
class Choice {
 public:
  // What the newest own card has shown.
  struct Sent {
    bool reach = false;
    regions::OriginEnd end = {};
  };

  Choice() = default;
  Choice(const Choice&) = delete;
  Choice& operator=(const Choice&) = delete;
  virtual ~Choice() = default;

  // The time after which the region promotes another member; 0: it never does.
  [[nodiscard]] virtual core::Millis promote_after_ms() const = 0;
  // All that a decision goes by whether this member leads. `steady_now` is of the replica's clock.
  [[nodiscard]] virtual regions::Situation situation(const regions::Replica& replica,
                                                     const regions::Health& health,
                                                     core::Millis steady_now) = 0;
  // The own card shows this from the next look on; nullopt: what the replica does.
  virtual void show(const std::optional<regions::Candidacy::Shown>& shown) = 0;
  // nullopt before the first own card.
  [[nodiscard]] virtual std::optional<Sent> last_sent() const = 0;
  // The name of a member, or its node where no card of it is known.
  [[nodiscard]] virtual std::string name_of(const core::Hash128& node) const = 0;
  // The newest card of another member that leads this region, or leaves its lead; nullopt while
  // none is fresh.
  [[nodiscard]] virtual std::optional<regions::MemberCard> leader() const = 0;
  // Fails as leader::choose_heir() does.
  [[nodiscard]] virtual core::Result<Heir> choose_heir(const regions::Peers& peers,
                                                       std::string_view called) const = 0;
};

}  // namespace anabranch::leader
