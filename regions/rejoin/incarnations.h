// The origin under which this leader writes: gives origins that nobody has used, and begins new
// incarnations (state/incarnation.h), also when peers deny the present one. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/result.h"
#include "regions/exchange/exchange.h"
#include "regions/state/committed.h"
#include "regions/wire/alarms.h"

namespace anabranch::regions {

class Incarnations {
 public:
  // Of those that peers deny; by the leader's own steady time.
  static constexpr std::size_t kDeniedMax = 10;
  static constexpr core::Millis kDeniedMs = 3'600'000;

  // Random numbers of this opening. Without `random` those of incarnations that begin while it runs
  // follow from the nonce, that two copies of one running machine have in common.
  struct Source {
    core::Origin first = 0;
    std::uint64_t nonce = 0;
    std::function<core::Origin()> random = {};
    // The leader of its region may have listed the origin, although that has not come here.
    bool may_be_listed = false;
  };

  // All must outlive this.
  Incarnations(CommittedState& state, Exchange& exchange, Alarms& alarms, Source source)
      : state_(state), exchange_(exchange), alarms_(alarms), source_(std::move(source)) {}

  // An origin that is not known here.
  [[nodiscard]] core::Origin fresh();
  // Begins a new incarnation; it counts when the identity is recorded.
  void begin(std::string why);
  // The same while this leader runs, with an opening of its own, and records it.
  core::Result<void> begin_and_record(std::string why);
  // Goes on under a new origin, and greets everybody anew once that is recorded.
  core::Result<void> renew(std::string why, core::Millis now);
  // Does the same when the messages of peers forbid to write on under the present origin. Returns
  // whether they do. Where they have forbidden kDeniedMax of them within kDeniedMs, it fails, and
  // breaks the replica: another leader uses each origin that this one begins, so nothing may be
  // written under the last one either.
  core::Result<bool> handle_origin_conflict(core::Millis now);

 private:
  // Whether others may know the present origin: something was written under it, or it is listed.
  [[nodiscard]] bool is_used() const;
  CommittedState& state_;
  Exchange& exchange_;
  Alarms& alarms_;
  Source source_;
  std::uint64_t begun_ = 0;              // While it runs.
  std::vector<core::Millis> denied_ms_;  // When it went on under another one than was denied.
};

}  // namespace anabranch::regions
