// What has been written in a simulated mesh, by whom and on what; and what follows from it for
// every replica. The judge of a simulation, which knows no rows and no protocol.
//
//   wrote    a leader has committed a batch and said so: it must not be lost
//   follow   what a replica has added to its log: each batch once, next in line, bytes as written,
//            after all that it depends on
//   lost     a region fell back to an older state of its disk: what is nowhere else is forgiven
//   wrong    what a replica shows against what the history demands
//
// Every function gives what is wrong in words, and nothing while all is well. Not thread-safe.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "tests/node.h"
#include "tests/oracle.h"

namespace anabranch::test {

class Ledger {
 public:
  // Where a replica's log was read up to, and what it had applied then.
  struct Trail {
    storage::Position position = 0;
    core::VersionVector vector;
  };
  // The trail of a replica that was just opened.
  static Trail begin(Node& node);

  // `node` has committed its log's last record on `deps`; no timestamp may be beyond `wall_max`
  // and the allowed drift.
  [[nodiscard]] std::string wrote(Node& node, const core::VersionVector& deps,
                                  core::Millis wall_max);
  // The same for all that a leader has committed of its own accord since a trail.
  [[nodiscard]] std::string made(Node& node, Trail trail, core::Millis wall_max);
  // Whether a batch was written, as these bytes.
  [[nodiscard]] bool knows(const storage::StoredRecord& record) const {
    const Written* const written = find(record.origin, record.last);
    return written != nullptr && written->bytes == record.bytes;
  }
  // A leader that gave way has written a batch again, under a new name.
  [[nodiscard]] std::string rewrote(const storage::StoredRecord& record);
  // A batch that somebody has written who keeps no ledger, knowing nothing of others: it may
  // arrive or not, but nothing else may in its place.
  void made_outside(const std::string& bytes);
  [[nodiscard]] std::string follow(Node& node, Trail& trail) const;
  // From now on only what `kept` covers is demanded of the origins: nobody has more.
  void lost(const core::VersionVector& kept);
  // What a replica shows; one that is behind what was settled, since it is new, is left alone.
  [[nodiscard]] std::string wrong(const Node& node) const;
  // A replica calls an origin settled: from now on nobody may apply more of it.
  std::string ended(core::Origin origin, core::Seq seq);
  // From now on an end proves nothing any more.
  void forget_ends() { ends_ = {}; }
  // The same for the ends that a vector goes beyond; gives these.
  core::VersionVector forget_ends_before(const core::VersionVector& vector);
  [[nodiscard]] bool has_ended(core::Origin origin) const { return ends_.at(origin) != 0; }
  // Whether a replica has more of anything than where it has ended, in words.
  [[nodiscard]] std::string beyond_end(const core::VersionVector& vector) const;
  // Forgets what no replica can fall back behind any more.
  void settle(const core::VersionVector& floor);

  // Everything that was acknowledged and not forgiven.
  [[nodiscard]] const core::VersionVector& promised() const { return promised_; }
  [[nodiscard]] const Oracle& oracle() const { return oracle_; }

 private:
  struct Written {
    core::Seq first = 0;
    core::Seq last = 0;
    core::VersionVector deps;  // Of other origins.
    std::string bytes;
  };
  std::string write(const storage::StoredRecord& record, const core::VersionVector& deps,
                    core::Millis wall_max);
  // The batch of an origin that ends with `last`; null when none was written.
  [[nodiscard]] const Written* find(core::Origin origin, core::Seq last) const;

  std::map<core::Origin, std::vector<Written>> written_;  // Sorted by seq.
  std::map<core::Origin, core::Hlc> newest_;
  core::VersionVector promised_;
  core::VersionVector settled_;
  core::VersionVector ends_;  // Where origins are settled.
  Oracle oracle_;
};

}  // namespace anabranch::test
