// Finds rows of one kind for a sweep: in the log as it grows, and by one walk over all rows after
// each opening and each time that rows arrived without log records. Remembers their paths until the
// sweep drops them; while it remembers too many, it reads nothing. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include <anabranch/key.h>

#include "core/op.h"
#include "core/path.h"
#include "regions/replica.h"
#include "rows/row_walk.h"
#include "storage/storage.h"

namespace anabranch::leader {

struct FinderLimits {
  std::size_t looks = 1'000;      // Rows and records of the log read in one slice.
  std::size_t waiting = 100'000;  // Remembered paths, and those of one batch more.
};

class RowFinder {
 public:
  // The rows to find: of a type, or inside its elements. `op` is called for each op of the log,
  // `row` for each row of a walk, as far as the type's tag is in the path, or somewhere in the
  // record; both call take().
  struct Kind {
    Type type;
    std::function<void(const core::Op&)> op;
    std::function<void(const rows::PathRow&)> row;
  };

  // `storage` belongs to the replica. Both must outlive this object.
  RowFinder(const regions::Replica& replica, const storage::Storage& storage, FinderLimits limits,
            Kind kind);

  // Reads some of the log and of all rows. Returns whether there is more. Throws Error when stored
  // rows cannot be read.
  bool look();
  // Walks over all rows once more, behind the walk under way.
  void walk_again() { again_ = true; }
  // Remembers a path.
  void take(const core::Path& path) { waiting_.insert(path); }

  // The paths found so far.
  [[nodiscard]] std::set<core::Path>& waiting() { return waiting_; }
  [[nodiscard]] const std::set<core::Path>& waiting() const { return waiting_; }

 private:
  [[nodiscard]] bool is_full() const { return waiting_.size() >= limits_.waiting; }
  void walk_anew();
  // Both return whether there is more.
  bool read_log();
  bool walk();

  const regions::Replica& replica_;
  const storage::Storage& storage_;
  FinderLimits limits_;
  Kind kind_;
  const std::string bytes_;         // The tag in a path, behind another component.
  storage::Position position_ = 0;  // The next record of the log to read.
  std::uint64_t jumps_ = 0;         // PublishedVector::jumps() at the last look.
  bool walking_ = true;
  bool again_ = false;
  std::string after_;  // The key of the last row that the walk has read.
  std::set<core::Path> waiting_;
};

}  // namespace anabranch::leader
