// Which writes have been waiting too long for the signature of the region that wrote them. A proof
// comes with the writes, or with the next subscription at the latest; where none comes, neither
// these writes nor anything that their region wrote later is ever seen here. Nothing but an
// operator can end that, so an operator has to know.
//
// Not thread-safe.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/wall_clock.h"
#include "regions/delivery/provenance.h"

namespace anabranch::regions {

class Unproven {
 public:
  static constexpr core::Millis kPatienceMs = 30'000;

  // Looks at what waits for its proof at the steady time `now`. Gives a sentence for each origin
  // that has now been standing still for kPatienceMs.
  [[nodiscard]] std::vector<std::string> look(const Provenance& provenance, core::Millis now);
  // A sentence for each origin that stood still so long when look() was called last.
  [[nodiscard]] std::vector<std::string> late() const;

 private:
  struct Wait {
    std::string region;   // Empty while it is not known.
    core::Seq first = 0;  // Of the batch that comes next.
    core::Millis since_ms = 0;
    bool late = false;
  };
  static std::string sentence(core::Origin origin, const Wait& wait);

  std::map<core::Origin, Wait> waits_;
};

}  // namespace anabranch::regions
