// The newest report of every region (region_report.h), the own one included. RegionReports decide
// how far the log is kept and the set of settled origins, and outlive restarts: a region that has
// not been heard of since may still come back.
//
// Once a second leaders tell each other the numbers of their reports, {origin: number}, and send
// those that the other side lacks: so every report reaches every leader, whatever gets lost, and
// none is sent again unchanged. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/version_vector.h"
#include "regions/wire/region_report.h"
#include "storage/storage.h"

namespace anabranch::regions {

class RegionReports {
 public:
  using ByOrigin = std::map<core::Origin, RegionReport>;

  // Reads the rows of meta.
  static core::Result<RegionReports> load(const storage::Snapshot& snapshot);

  // Takes a report in, unless one of its incarnation that is at least as new is known; returns
  // whether it did.
  bool take(RegionReport report);
  // Forgets the reports for which `keep` is false.
  void retain(const std::function<bool(const RegionReport&)>& keep);
  // Null when this incarnation has sent no report yet.
  [[nodiscard]] const RegionReport* find(core::Origin origin) const;
  [[nodiscard]] bool knows(std::string_view region) const;
  [[nodiscard]] const ByOrigin& all() const { return all_; }
  // {origin: number of its report}
  [[nodiscard]] const core::VersionVector& numbers() const { return numbers_; }

  [[nodiscard]] bool changed() const { return !changed_.empty(); }
  // Returns the rows of meta that have changed since the last call. No invariant breaks when they
  // are not written: older reports keep more of the log, and settle no origin that newer ones do
  // not.
  [[nodiscard]] storage::Changes take_changes();

 private:
  void note_change(core::Origin origin);

  ByOrigin all_;
  core::VersionVector numbers_;
  std::vector<core::Origin> changed_;
};

}  // namespace anabranch::regions
