// A leader that writes on under its origin on an old copy of its disk, while others have its later
// writes from before: its branch. Its acknowledged ops are noted here, apart from the ledger; once
// it has given way, all of them must have been written again, once, in the same order, with the
// same values and timestamps, and are in the ledger from then on. Not thread-safe.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tests/node.h"
#include "tests/sim/ledger.h"

namespace anabranch::test {

class Stray {
 public:
  // `node` was opened on the copy; `forked` is the origin that it goes on under.
  Stray(Node& node, core::Origin forked);

  [[nodiscard]] core::Origin forked() const { return forked_; }
  // Its vector in the history that the ledger knows.
  [[nodiscard]] const core::VersionVector& from() const { return from_; }
  // Damage has put it back to before it gave way: what it had written again by then is known, and
  // must not count twice.
  void stray_again(const Node& node);
  [[nodiscard]] bool strays_again() const { return again_; }
  // Notes the batches that it has committed since the last call.
  void follow(Node& node, const Ledger& ledger);
  // The leader has given way. Returns the error in words, or an empty string.
  [[nodiscard]] std::string settle(Node& node, Ledger& ledger) const;

 private:
  core::Origin forked_;
  std::set<core::Origin> own_;  // All origins that it has used.
  core::VersionVector from_;
  storage::Position position_;     // Followed up to here.
  std::vector<std::string> acts_;  // Each op that was acknowledged, in words.
  bool again_ = false;
};

}  // namespace anabranch::test
