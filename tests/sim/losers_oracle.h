// The values that must stand in the conflict log of a replica, decided from the history of writes
// alone: the rules of docs/conflicts.md a second time, without any knowledge of rows, notes or the
// log. A value must be there
//
//   - while it stands, and another one at its place that differs; or
//   - as replaced by an act, when that has removed it together with another one that differs and
//     has not put the same value again, its author had named neither, and no act that the author
//     did not know of has removed any of them: for a replica that has applied that act by itself.
//
// Of clears nothing is demanded. Every write is recorded once, with its dot, what its author had
// seen, and what it removes. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/dot.h"
#include "core/op.h"
#include "core/path.h"
#include "core/version_vector.h"

namespace anabranch::test {

class LosersOracle {
 public:
  // The values to be found.
  struct Demands {
    std::map<core::Path, std::set<core::Dot>> met;      // None is empty.
    std::map<core::Dot, std::set<core::Dot>> replaced;  // By act; none is empty.

    [[nodiscard]] bool empty() const { return met.empty() && replaced.empty(); }
    // These values have been found: at a path, or as replaced by an act.
    void found(const core::Path& path, const std::vector<core::Dot>& dots);
    void found(core::Dot act, const std::vector<core::Dot>& dots);
  };

  // A batch was written on `deps`.
  void wrote(const std::string& batch, core::VersionVector deps);
  // The demands on a replica with this vector; `applied` tells whether it has applied an act by
  // itself, and not got its effects by a snapshot.
  using Applied = std::function<bool(core::Dot act)>;
  [[nodiscard]] Demands demands(const core::VersionVector& vector, const Applied& applied) const;
  // Promises that demands() will only be asked for vectors that include `floor`: forgets acts that
  // it covers, and the values that these have removed.
  void settle(const core::VersionVector& floor);

 private:
  struct Value {
    core::Dot dot;
    std::string value;
  };
  // Something that removes values.
  struct Act {
    core::Dot dot;
    core::VersionVector seen;  // By its author.
    core::VersionVector removes;
    std::set<core::Dot> replaces = {};    // Values that its author had not named, if they differ.
    std::set<core::Dot> puts_again = {};  // Those of them that are equal to the value that it puts.
    [[nodiscard]] bool is_unknown_to(const Act& other) const {
      return dot != other.dot && !other.seen.covers(dot);
    }
  };
  struct Place {
    std::vector<Value> values;
    std::vector<Act> acts;
  };

  void record(const core::Op& op, core::Dot dot, const core::VersionVector& seen);
  void add_act(const core::Path& path, core::Dot dot, const core::VersionVector& seen,
               const std::optional<core::VersionVector>& named, const std::string* put);
  // The values of a place that stand where exactly these writes are known.
  [[nodiscard]] std::vector<const Value*> standing(const core::Path& path, const Place& place,
                                                   const core::VersionVector& known) const;
  // Whether an act that another one does not know of, nor the reverse, has removed some of the
  // values that that replaces.
  [[nodiscard]] bool raced(const core::Path& path, const Place& place, const Act& act,
                           const core::VersionVector& known) const;

  std::map<core::Path, Place> places_;
  std::map<core::Path, std::vector<Act>> clears_;
};

}  // namespace anabranch::test
