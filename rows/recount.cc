#include "rows/recount.h"

#include <cstddef>

namespace anabranch::rows {

// A list deep in the row's path may be open, although the row does not count in it: the row is in
// one of its elements.
void Recount::add(const core::Path& row) {
  const std::vector<Counted> counted = counted_in(row, levels_);
  if (counted.empty()) return;  // A part of an element: its collection stays open behind it.
  while (!open_.empty() && !open_.back().collection.is_prefix_of(row)) close_last();
  std::size_t at = 0;
  for (const Counted& each : counted) {
    while (at < open_.size() && is_above(open_[at].collection, each.collection)) ++at;
    if (at == open_.size() || open_[at].collection != each.collection) {
      open_.insert(open_.begin() + static_cast<std::ptrdiff_t>(at), {each.collection, {}, 0});
    }
    Open& open = open_[at];
    if (!each.counts || (open.count > 0 && open.member == each.member)) continue;
    open.member = each.member;
    ++open.count;
  }
}

void Recount::finish() {
  while (!open_.empty()) close_last();
}

// Both are on the way to one row.
bool Recount::is_above(const core::Path& collection, const core::Path& other) {
  return collection.encoded().size() < other.encoded().size();
}

void Recount::close_last() {
  if (open_.back().count > 0) done_(open_.back().collection, open_.back().count);
  open_.pop_back();
}

}  // namespace anabranch::rows
