// Compares this leader's rows with its peers' when an operator asks, and answers peers that do the
// same. Each request is one slice of work and costs the writer nothing else. The digests of
// heartbeats are compared all the time.
//
// Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "regions/exchange/exchange.h"
#include "regions/state/committed.h"
#include "regions/verify/divergence.h"
#include "regions/verify/row_snapshot.h"
#include "regions/verify/verification.h"
#include "regions/wire/alarms.h"
#include "regions/wire/effect.h"

namespace anabranch::regions {

class Verifier {
 public:
  static constexpr core::Millis kTickMs = 100;
  static constexpr core::Millis kUnusedMs = 30'000;  // A moment is let go after this...
  static constexpr core::Millis kOldMs = 600'000;    // ...or this, however much it is used.

  struct Owner {
    const CommittedState& state;
    const Exchange& exchange;
    Alarms& alarms;
    Effects& effects;
  };

  // All that the owner refers to must outlive the verifier. `first_moment` is random, so that
  // moments of an earlier opening are not taken for new ones.
  Verifier(Owner owner, std::uint64_t first_moment) : owner_(owner), next_moment_(first_moment) {}

  // Begins to compare with these regions, or, when none is named, with all peers. Verifications
  // that already run go on.
  void start(std::vector<std::string> regions, core::Millis now);
  // The newest verdict of each region, verifications that still run included.
  [[nodiscard]] std::vector<regions::Verdict> verdicts() const;

  // Messages on a link that has greeted.
  void step(LinkId link, const DigestRequest& request, core::Millis now);
  void step(LinkId link, const DigestResponse& response, core::Millis now);
  // Compares digests with a peer that has applied the same.
  void compare(LinkId link, const Heartbeat& heartbeat, core::Millis now);
  void tick(core::Millis now);
  // The time at which tick() must be called next; nullopt while any time will do.
  [[nodiscard]] std::optional<core::Millis> next_tick_ms() const;
  // The peers whose digests differ.
  [[nodiscard]] const Divergence& divergence() const { return divergence_; }
  // When the digests of a peer that had applied the same were last found to be equal; nullopt when
  // they never were.
  [[nodiscard]] std::optional<core::Millis> equal_ms(core::Origin peer) const;

 private:
  // A moment that is kept for a peer.
  struct Served {
    std::uint64_t moment = 0;
    RowSnapshot snapshot;
    core::Millis opened_ms = 0;
    core::Millis used_ms = 0;
  };

  [[nodiscard]] const Peer* peer(LinkId link) const;
  [[nodiscard]] const Peer* peer(const std::string& region) const;
  void note_equal(core::Origin peer, core::Millis now);
  void keep(core::Origin peer, std::uint64_t moment, core::Millis now);
  // The committed state as it is now.
  [[nodiscard]] RowSnapshot inspect() const;

  Owner owner_;
  std::uint64_t next_moment_;
  std::map<std::string, Verification> running_;  // By region; finished ones included.
  std::map<core::Origin, Served> served_;
  core::Millis next_tick_ms_ = 0;
  Divergence divergence_;
  std::map<core::Origin, core::Millis> equal_ms_;  // By peer.
};

}  // namespace anabranch::regions
