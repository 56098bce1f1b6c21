// Whether a member is fit to lead: it takes writes, or could. A slow moment of a disk makes nobody
// unfit: what its figures say counts once they have said it for 5 s on end, either way. A storage
// that is closed counts at once. The first look counts at once, too. No clock in here; not
// thread-safe.
#pragma once

#include <optional>
#include <string_view>

#include "core/wall_clock.h"

namespace anabranch::regions {

struct Health {
  bool open = false;  // The storage takes commits.
  bool room = false;  // The disk has more than the reserve.
  // The median time of the commits of the last 5 s; nullopt: there were none.
  std::optional<core::Millis> commit_ms = {};
  bool drained = false;
  bool joins = false;   // It takes its first snapshot.
  bool merges = false;  // It merges the snapshot of a peer.
};

class Fitness {
 public:
  static constexpr core::Millis kPatienceMs = 5'000;
  static constexpr core::Millis kCommitMaxMs = 2'000;

  // `now_ms` is of a steady clock.
  void look(const Health& health, core::Millis now_ms);

  [[nodiscard]] bool fit() const { return fit_; }
  // Why the figures of the last look make it unfit, for people; empty where they do not.
  [[nodiscard]] std::string_view why() const { return why_; }

 private:
  bool looked_ = false;
  bool fit_ = false;
  std::optional<core::Millis> contrary_since_ms_;  // The figures say the contrary of `fit_`.
  std::string_view why_;
};

}  // namespace anabranch::regions
