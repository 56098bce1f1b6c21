// The dialled addresses at which a leader or follower of this mesh has ever greeted, and the region
// that it named: rows of meta, so that a restart forgets none. An address that is not here has
// never been asked for anything.
//
// Not thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "core/result.h"
#include "regions/state/commit.h"
#include "storage/storage.h"

namespace anabranch::regions {

class MetAddresses final : public Participant {
 public:
  core::Result<void> load(const storage::Snapshot& snapshot);
  // A greeting of this mesh has come from an address; stored with the next commit. Nothing where
  // the address is empty: that side has dialled.
  void see(const std::string& address, const std::string& region);
  // Returns the region met last at an address; empty when none ever was.
  [[nodiscard]] const std::string& region_at(std::string_view address) const;
  // Whether a region was met at any address.
  [[nodiscard]] bool has_met(std::string_view region) const;

  void record(Commit& commit) override;

 private:
  std::map<std::string, std::string, std::less<>> regions_;  // By address.
  std::set<std::string> changed_;                            // Addresses.
};

}  // namespace anabranch::regions
