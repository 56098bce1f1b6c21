// All writes in a simulated mesh, with author and deps, and the demands on every replica that
// follow from them. The judge of a simulation, without any knowledge of rows or of the protocol.
//
//   wrote    a leader has committed a batch and acknowledged it: it must not be lost
//   follow   a replica has added records to its log: each batch once, next in line, bytes as
//            written, after all its deps
//   lost     a region fell back to an older state of its disk: writes without a copy are forgiven
//   wrong    compares the state that a replica shows with the demands of the history
//
// Every function returns the error in words, or an empty string. Not thread-safe.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/batch.h"
#include "tests/node.h"
#include "tests/oracle.h"
#include "tests/sim/losers_oracle.h"
#include "tests/sim/request_ledger.h"

namespace anabranch::test {

class Ledger {
 public:
  // The end of the part of a replica's log that was read, and its vector then.
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
  // The same for all batches that a leader has committed of its own accord since a trail.
  [[nodiscard]] std::string made(Node& node, core::Origin origin, Trail trail,
                                 core::Millis wall_max);
  // Returns whether a batch was written, as these bytes.
  [[nodiscard]] bool knows(const storage::StoredRecord& record) const {
    const Written* const written = find(record.origin, record.last);
    return written != nullptr && written->bytes == record.bytes;
  }
  // Returns whether the batch behind a position was written, and its region has not signed that:
  // another region's leader that gave way writes batches again so.
  [[nodiscard]] bool leaves_unproven(core::Origin origin, core::Seq seq) const;
  // A leader that gave way has written a batch again, under a new name; `own`: of its region, so
  // that it signs the position before beside the batch.
  [[nodiscard]] std::string rewrote(const storage::StoredRecord& record, bool own);
  // An author without a ledger and without any deps has written a batch: it may arrive or not, but
  // no other batch may arrive in its place.
  void made_outside(const std::string& bytes);
  [[nodiscard]] std::string follow(Node& node, Trail& trail) const;
  // The same for a log whose batches are not all known, and that is not judged.
  static void go_on(Node& node, Trail& trail);
  // From now on only writes that `kept` covers are demanded of the origins: no replica has more.
  void lost(const core::VersionVector& kept);
  // Judges the rows of a replica; one that is behind the settled vector, since it is new, is left
  // alone.
  // `was_damaged`: a value that an act replaced unread at a damaged row was not noted.
  [[nodiscard]] std::string wrong(const Node& node, bool was_damaged = false) const;
  // Judges the rows of a replica with damaged values: each can be read and is right, or is an
  // error.
  [[nodiscard]] std::string wrong_beside_damage(const Node& node) const;
  // Judges the sums of requests; see RequestLedger.
  [[nodiscard]] std::string wrong_request(const Node& node,
                                          const std::set<core::Path>& left_out) const;
  // Returns the origins that have executed a request.
  [[nodiscard]] std::set<core::Origin> authors(const core::Path& request) const {
    return requests_.authors(request);
  }
  // A replica calls an origin settled: from now on no replica may apply more of it.
  std::string ended(core::Origin origin, core::Seq seq);
  // From now on an end proves nothing any more.
  void forget_ends() { ends_ = {}; }
  // The same for the ends that a vector goes beyond; returns these.
  core::VersionVector forget_ends_before(const core::VersionVector& vector);
  [[nodiscard]] bool has_ended(core::Origin origin) const { return ends_.at(origin) != 0; }
  // Returns whether a replica has more of any origin than its end, in words.
  [[nodiscard]] std::string beyond_end(const core::VersionVector& vector) const;
  // Forgets writes behind which no replica can fall back any more.
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
    bool proves = false;  // The position before it: its region has signed that.
  };
  std::string write(const storage::StoredRecord& record, const core::VersionVector& deps,
                    core::Millis wall_max);
  // Takes in whether a batch has a policy that keeps bases.
  void note_policies(const core::Batch& batch);
  // Returns the first put of a batch that was just written on `deps` whose base is another one than
  // the history demands, in words.
  [[nodiscard]] std::string wrong_base(const core::Batch& batch, core::VersionVector deps) const;
  // The first value that the conflict log of a replica lacks, in words.
  [[nodiscard]] std::string wrong_losers(const Node& node, bool was_damaged) const;
  // The batch of an origin that ends with `last`; null when none was written.
  [[nodiscard]] const Written* find(core::Origin origin, core::Seq last) const;

  std::map<core::Origin, std::vector<Written>> written_;  // Sorted by seq.
  std::map<core::Origin, core::Hlc> newest_;
  core::VersionVector promised_;
  core::VersionVector settled_;
  core::VersionVector ends_;  // Where origins are settled.
  Oracle oracle_;
  RequestLedger requests_;
  bool keeps_bases_ = false;  // Some policy did.
  LosersOracle losers_;
};

}  // namespace anabranch::test
