// Detects writes that have been waiting too long for the signature of the region that wrote them. A
// proof comes with the writes, or with the next subscription at the latest; without one, neither
// these writes nor any later ones of their region ever become visible here. Only an operator can
// resolve that, so an alarm tells one.
//
// Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/wall_clock.h"
#include "regions/delivery/provenance.h"

namespace anabranch::regions {

class Unproven {
 public:
  static constexpr core::Millis kTimeoutMs = 30'000;

  // Returns how people call a peer: "region us".
  using NameOf = std::function<std::string(core::Origin peer)>;

  // Looks at the batches that wait for their proof, at the steady time `now`. Returns a sentence
  // for each origin that has now been standing still for kTimeoutMs.
  [[nodiscard]] std::vector<std::string> look(const Provenance& provenance, core::Millis now,
                                              const NameOf& name_of);
  // A sentence for each origin that stood still for so long at the last call of look().
  [[nodiscard]] std::vector<std::string> late() const;

 private:
  struct Wait {
    std::string region;   // Empty while it is not known.
    core::Seq first = 0;  // Of the next batch.
    std::string sent_by;  // The name of the peer that sent it last.
    core::Millis since_ms = 0;
    bool late = false;
  };
  static std::string sentence(core::Origin origin, const Wait& wait);

  std::map<core::Origin, Wait> waits_;
};

}  // namespace anabranch::regions
