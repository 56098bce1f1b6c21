#include "rows/recount.h"

namespace anabranch::rows {

// A list below the counted levels stays open while rows in its elements come, which do not count in
// it. Of what is open and what a row counts in, both outermost first, all but such lists and the
// last collection of the row are the same.
void Recount::add(const core::Path& row) {
  const std::vector<Counted> counted = counted_in(row, levels_);
  if (counted.empty()) return;  // A part of an element: its collection stays open behind it.
  while (!open_.empty() && !open_.back().collection.is_prefix_of(row)) close_last();
  std::size_t at = 0;
  for (const Counted& each : counted) {
    while (at < open_.size() && open_[at].collection != each.collection) ++at;
    if (at == open_.size()) open_.push_back({each.collection, {}, 0});
    Open& open = open_[at];
    if (!each.counts || (open.count > 0 && open.member == each.member)) continue;
    open.member = each.member;
    ++open.count;
  }
}

void Recount::finish() {
  while (!open_.empty()) close_last();
}

void Recount::close_last() {
  if (open_.back().count > 0) done_(open_.back().collection, open_.back().count);
  open_.pop_back();
}

}  // namespace anabranch::rows
