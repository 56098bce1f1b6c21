// The rows of which a connection has been shown all concurrent values lately: what it then writes
// there does not count as unread.
#pragma once

#include <cstddef>
#include <deque>

#include <anabranch/key.h>

#include "rows/published_vector.h"

namespace anabranch::leader {
class GroupWriter;
}  // namespace anabranch::leader

namespace anabranch::server {

class ShownCells {
 public:
  static constexpr std::size_t kCellsMax = 16;  // Of the last ones.

  // The values of a row were shown, in a state that `seen` covers.
  void note(const Key& row, rows::PublishedVector::Shared seen);
  // Tells the open transaction, which is this connection's.
  void tell(const leader::GroupWriter& writer) const;
  [[nodiscard]] bool empty() const { return cells_.empty(); }

 private:
  struct Cell {
    Key row;
    rows::PublishedVector::Shared seen;
  };

  std::deque<Cell> cells_;
};

}  // namespace anabranch::server
