#include "rows/recount.h"

namespace anabranch::rows {

void Recount::add(const core::Path& row) {
  const std::vector<Counted> counted = counted_in(row, levels_);
  if (counted.empty()) return;  // A part of an element: its collection stays open behind it.
  std::size_t same = 0;
  while (same < open_.size() && same < counted.size() &&
         open_[same].collection == counted[same].collection) {
    ++same;
  }
  close(same);
  for (std::size_t i = 0; i < counted.size(); ++i) {
    if (i == open_.size()) open_.push_back({counted[i].collection, {}, 0});
    if (!counted[i].counts) continue;
    if (open_[i].count > 0 && open_[i].member == counted[i].member) continue;
    open_[i].member = counted[i].member;
    ++open_[i].count;
  }
}

void Recount::close(std::size_t depth) {
  while (open_.size() > depth) {
    if (open_.back().count > 0) done_(open_.back().collection, open_.back().count);
    open_.pop_back();
  }
}

}  // namespace anabranch::rows
