// What every region has said last of itself (standing.h), the own one included. It decides what the
// log is kept for and which origins are settled, and outlives restarts: a region that has not been
// heard of since is still one that may come back.
//
// Leaders tell each other by number what they have, {origin: number}, once a second, and send what
// the other side lacks: so everything reaches everybody, whatever gets lost, and nothing is sent
// that has not changed. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/version_vector.h"
#include "regions/wire/standing.h"
#include "storage/storage.h"

namespace anabranch::regions {

class Standings {
 public:
  using ByOrigin = std::map<core::Origin, Standing>;

  // Reads the rows of meta.
  static core::Result<Standings> load(const storage::Snapshot& snapshot);

  // Takes one in, unless as new a one of its incarnation is known; returns whether it did.
  bool take(Standing standing);
  // Forgets those for which this is not true.
  void retain(const std::function<bool(const Standing&)>& keep);
  // Null when this incarnation has said nothing yet.
  [[nodiscard]] const Standing* find(core::Origin origin) const;
  [[nodiscard]] bool knows(std::string_view region) const;
  [[nodiscard]] const ByOrigin& all() const { return all_; }
  // The number of each.
  [[nodiscard]] const core::VersionVector& numbers() const { return numbers_; }

  [[nodiscard]] bool changed() const { return !changed_.empty(); }
  // Rows of meta that have changed since the last call. Nothing breaks when they are not written:
  // older ones keep more of the log, and settle nothing that newer ones do not.
  [[nodiscard]] std::vector<storage::Change> take_changes();

 private:
  void note_change(core::Origin origin);

  ByOrigin all_;
  core::VersionVector numbers_;
  std::vector<core::Origin> changed_;
};

}  // namespace anabranch::regions
