// The followers of the own region that this leader has ever seen. Nobody waits for a follower's
// report: it may have more of an origin than all leaders, and gives that back when it comes. So
// whoever wants to know that no more will come has to ask each that was seen. Stored as rows of
// meta, with the next commit. Not thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/result.h"
#include "regions/exchange/peer.h"
#include "regions/state/commit.h"
#include "storage/storage.h"

namespace anabranch::regions {

class SeenFollowers final : public Participant {
 public:
  // As many are kept; of more the first ones: see may_lack_some().
  static constexpr std::size_t kMax = 256;

  // Reads the rows of meta.
  core::Result<void> load(const storage::Snapshot& snapshot);
  // Looks at those that are there.
  void look(const Peers& peers, std::string_view region);
  // Whether there may have been more than are kept.
  [[nodiscard]] bool may_lack_some() const { return all_.size() >= kMax; }
  // Returns those that have not shown, since this opening, that they have nothing of an origin
  // behind a position.
  [[nodiscard]] std::vector<core::Origin> may_have(core::Origin origin, core::Seq behind,
                                                   const Peers& peers) const;

  void record(Commit& commit) override;

 private:
  std::set<core::Origin> all_;
  std::vector<core::Origin> changed_;
};

}  // namespace anabranch::regions
