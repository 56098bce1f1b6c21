#include "server/resp/shown_cells.h"

#include <utility>

#include "leader/scopes/group_writer.h"

namespace anabranch::server {

void ShownCells::note(const Key& row, rows::PublishedVector::Shared seen) {
  std::erase_if(cells_, [&](const Cell& each) { return each.row == row; });
  if (cells_.size() == kCellsMax) cells_.pop_front();
  cells_.push_back({row, std::move(seen)});
}

void ShownCells::tell(const leader::GroupWriter& writer) const {
  for (const Cell& each : cells_) writer.note_read(each.row, *each.seen);
}

}  // namespace anabranch::server
