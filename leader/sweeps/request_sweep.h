// Tidies up behind requests (docs/semantics.md, "Once"), in slices: removes the values of an
// execution when those of another one are gone, and forgets requests.
//
// A request is forgotten when the clocks of all regions have passed its time
// (StableTime::stable_time_ms) and every region is known to have seen all of its rows
// (regions/seen_by_all.h): then no further execution can arrive, and no reset that has seen one
// execution and not another. If a sum needs a correction, this leader first adds it to its own slot
// and marks it; once all have seen that as well, an ordinary transaction clears the rows.
//
// The author of the newest row of the request does so; other leaders take over one after another,
// each `grace_ms` later than the one before. All that have seen the same rows agree about the
// author. So leaders that have corrected a sum at the same time, none knowing of the others, leave
// the correction of the surplus to one of them. Without an order they would all take the surplus
// back, each time more of it. A leader whose clock is in doubt leaves it to the others. A listed
// member that follows tidies up nothing: it only stores its clock, so that the others can be told.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/path.h"
#include "core/result.h"
#include "crdt/request_mark.h"
#include "regions/replica.h"
#include "rows/snapshot_reader.h"

namespace anabranch::leader {

struct RequestLimits {
  core::Millis once_ms =
      core::Millis{24} * 3'600'000;  // How long a request is remembered, at least.
  core::Millis grace_ms = 60'000;
  std::size_t looks = 500;  // Rows read in one slice, about.
  std::size_t acts = 100;   // Requests forgotten, or values removed, in one slice.
};

class RequestSweep {
 public:
  static constexpr core::Millis kRestMs = 1'000;  // Between two rounds.
  static constexpr core::Millis kSliceRestMs = 50;

  // The replica must outlive this object.
  RequestSweep(regions::Replica& replica, RequestLimits limits)
      : replica_(replica), limits_(limits) {}

  // Reads some of the rows of requests, and carries out what is due, in one commit. The group must
  // not be dirty. Fails like Replica::commit, and if stored rows cannot be read.
  core::Result<void> slice(core::Millis now);

  // Counted since the start.
  struct Counts {
    std::uint64_t forgotten = 0;    // Requests.
    std::uint64_t corrections = 0;  // Of sums, written by this leader.
    std::uint64_t values = 0;       // Removed, since they were gone in another execution.
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }
  // The paths of the requests that the last slice has forgotten.
  [[nodiscard]] const std::vector<core::Path>& last() const { return forgotten_; }

 private:
  struct Mark {
    core::Path path;
    std::vector<crdt::MarkedOp> marked;
  };
  // A request as stored.
  struct Request {
    core::Path path;
    core::Hlc executed;          // The newest execution.
    core::Hlc newest;            // The newest of all its rows,
    core::Dot author;            // and the op that wrote it.
    bool seen_by_all = true;     // All rows.
    std::vector<Mark> repeated;  // Cells with several marks, or with a correction.
  };
  struct Correction {
    core::Path mark;
    crdt::RequestMark value;
  };
  struct Value {
    core::Path row;
    core::Dot dot;
  };

  // Looks at executions beyond the first, in the order of their marks.
  void look_at_values(const rows::RowReader& rows);
  // Goes on with the walk over all requests. Returns whether the round is not over.
  bool walk(const rows::RowReader& rows, core::Millis now);
  void take(Request& request, const core::Path& path, const crdt::Cell& cell,
            const core::VersionVector& seen) const;
  void judge(const rows::RowReader& rows, const Request& request, core::Millis clock_ms);
  // Stores this leader's clock at the end of a round, if others wait for it to show that it has
  // passed the time of a request, or later those at which they take over.
  core::Result<void> show_clock();
  // The time from which on a request is tidied up behind, by its author.
  [[nodiscard]] core::Millis time_of(const Request& request) const;
  // How much later this leader does so.
  [[nodiscard]] core::Millis turn_ms(core::Origin author) const;
  [[nodiscard]] bool has_acts() const {
    return !values_.empty() || !corrections_.empty() || !forgotten_.empty();
  }
  core::Result<void> carry_out();

  regions::Replica& replica_;
  RequestLimits limits_;
  core::Millis next_ms_ = 0;
  bool follows_ = false;
  core::Path looked_;        // The last cell of marks that was looked at; empty at the beginning.
  core::Path after_;         // The last request of the walk; empty at the beginning of a round.
  std::size_t counted_ = 0;  // Requests of this round.
  // The latest time of a request that is over by this leader's wall clock, in this round.
  core::Millis latest_ms_ = 0;
  std::vector<Value> values_;
  std::vector<Correction> corrections_;
  std::vector<core::Path> forgotten_;
  Counts counts_;
};

}  // namespace anabranch::leader
