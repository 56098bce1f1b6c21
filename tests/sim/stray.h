// A leader that writes on under its origin on an old copy of its disk, while others have what it
// wrote there before: its branch. What it acknowledges there is noted here, apart from the ledger;
// once it has given way, all of that must have been written again, once, in the same order, with
// the same values and timestamps, and is in the ledger from then on. Not thread-safe.
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
  // What it has of the history that the ledger knows.
  [[nodiscard]] const core::VersionVector& from() const { return from_; }
  // Notes what it has committed since the last call.
  void follow(Node& node, const Ledger& ledger);
  // It has given way. Gives what is wrong in words, and nothing while all is well.
  [[nodiscard]] std::string settle(Node& node, Ledger& ledger) const;

 private:
  core::Origin forked_;
  std::set<core::Origin> own_;  // What it has gone by.
  core::VersionVector from_;
  storage::Position position_;     // Followed up to here.
  std::vector<std::string> acts_;  // Each op that was acknowledged, in words.
};

}  // namespace anabranch::test
