// Tells readers which sums may have a correction: those with several executions of a request. A
// reader of a sum looks at one bit while there are none.
//
// The writer notes a cell of marks before the commit that brings it. So a reader that takes its
// snapshot first finds all cells that matter for its sums, and perhaps some that do not; the
// correction itself it makes from the cells and sums of its own snapshot. What was noted stays
// until its request is forgotten, when the correction is 0, and until no reader is left that began
// before: its sums may need the correction. The writer notes; any thread reads.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "core/path.h"
#include "crdt/row.h"

namespace anabranch::rows {

class PublishedRequests {
 public:
  // ---- For the writer.

  // Notes a row of a request: nothing unless it is a cell with marks of several executions, or of
  // corrections.
  void note(const core::Path& path, const crdt::Cell& cell);
  // Drops a cell of marks that was noted, with a later call if readers from before are left. Until
  // then noted() returns it.
  void drop(const core::Path& mark);
  // Returns all cells of marks that are noted, behind `after` in the order of paths; at most so
  // many.
  [[nodiscard]] std::vector<core::Path> noted(const core::Path& after, std::size_t at_most) const;

  // The number of remembered requests, as the writer last counted them.
  void set_remembered(std::size_t count) { remembered_.store(count); }
  void add_remembered() { ++remembered_; }
  [[nodiscard]] std::size_t remembered() const { return remembered_.load(); }

  // ---- For readers.

  // Returns what a reader holds that keeps its state: as long as it does, the marks that are noted
  // now are not dropped. Null if no sum has a correction.
  using Hold = std::shared_ptr<const void>;
  [[nodiscard]] Hold hold() const;
  // Returns whether any sum may have a correction.
  [[nodiscard]] bool any() const { return any_.load(std::memory_order_acquire); }
  // Returns the cells of marks with which the sum of a row is to be corrected.
  [[nodiscard]] std::vector<core::Path> marks_of(const core::Path& row) const;
  // The number of cells that are noted.
  [[nodiscard]] std::size_t size() const;

 private:
  struct Dropped {
    core::Path mark;
    Hold readers;  // Held by the readers that began between the drop before and this one.
  };
  // Drops what was to be dropped and no reader needs any more.
  void drop_unread();

  std::atomic<bool> any_ = false;
  std::atomic<std::size_t> remembered_ = 0;
  mutable std::mutex mutex_;
  std::map<core::Path, std::set<core::Path>> rows_;   // By the cell of marks.
  std::map<core::Path, std::set<core::Path>> marks_;  // By the row, of sums only.
  Hold readers_ = std::make_shared<int>();            // Of readers since the last drop.
  std::deque<Dropped> dropped_;                       // In the order of the drops.
};

}  // namespace anabranch::rows
