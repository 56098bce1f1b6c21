// What of the applied state a loss of power leaves, where the storage syncs later than it commits.
// Under steady load there is always a commit that is not synced yet: so the state is noted as of
// one commit, and once that is on disk it counts, and the next one is noted.
//
// Not thread-safe.
#pragma once

#include <optional>

#include "core/hlc.h"
#include "core/version_vector.h"
#include "regions/state/applied.h"
#include "regions/state/log_reader.h"

namespace anabranch::regions {

class DurableState {
 public:
  // Both must outlive this.
  DurableState(const LogReader& log, const Applied& applied) : log_(log), applied_(applied) {}

  // Looks how far the disk has come, after each commit that changes what is applied: a branch that
  // gives way takes ops back. `clock`: the newest timestamp stored.
  void look(core::Hlc clock);

  // Returns a vector of ops that are all on the disk; the newest one that is known.
  [[nodiscard]] core::VersionVector vector() const {
    return log_.is_durable() ? applied_.vector() : reached_.vector;
  }
  // Returns the newest timestamp known to be on the disk; `clock` as above.
  [[nodiscard]] core::Hlc clock(core::Hlc clock) const {
    return log_.is_durable() ? clock : reached_.clock;
  }

 private:
  struct Point {
    storage::Position position = 0;
    core::VersionVector vector;
    core::Hlc clock;
  };

  const LogReader& log_;
  const Applied& applied_;
  Point reached_;
  std::optional<Point> awaited_;
};

}  // namespace anabranch::regions
