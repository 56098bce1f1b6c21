#include "rows/requests/published_requests.h"

#include <algorithm>
#include <utility>

#include "crdt/request_mark.h"
#include "rows/requests/request_rows.h"

namespace anabranch::rows {

using core::Path;
using Kind = crdt::RequestMark::Kind;

void PublishedRequests::note(const Path& path, const crdt::Cell& cell) {
  if (!is_mark(path)) return;
  const std::vector<crdt::MarkedOp> marked = crdt::marked_ops(cell);
  if (marked.empty()) return;
  if (marked.size() == 1 && marked.front().mark.kind != Kind::kCorrection) return;
  const std::lock_guard lock(mutex_);
  for (Dropped& each : dropped_) {
    if (each.mark == path) each.mark = Path();  // It is needed again; its readers need later ones.
  }
  for (const crdt::MarkedOp& op : marked) {
    rows_[path].insert(op.mark.row);
    if (op.mark.kind != Kind::kPut) marks_[op.mark.row].insert(path);
  }
  any_.store(!marks_.empty(), std::memory_order_release);
}

void PublishedRequests::drop(const Path& mark) {
  const std::lock_guard lock(mutex_);
  if (!rows_.contains(mark)) return;
  if (std::ranges::find(dropped_, mark, &Dropped::mark) == dropped_.end()) {
    dropped_.push_back({mark, std::exchange(readers_, std::make_shared<int>())});
  }
  drop_unread();
}

void PublishedRequests::drop_unread() {
  // A reader holds the entry that is dropped next after the reader has begun. It needs that entry
  // and all later ones.
  while (!dropped_.empty() && dropped_.front().readers.use_count() == 1) {
    const Path mark = std::move(dropped_.front().mark);
    dropped_.pop_front();
    const auto found = rows_.find(mark);
    if (found == rows_.end()) continue;
    for (const Path& path : found->second) {
      const auto row = marks_.find(path);
      if (row == marks_.end()) continue;
      row->second.erase(mark);
      if (row->second.empty()) marks_.erase(row);
    }
    rows_.erase(found);
  }
  any_.store(!marks_.empty(), std::memory_order_release);
}

PublishedRequests::Hold PublishedRequests::hold() const {
  if (!any()) return nullptr;
  const std::lock_guard lock(mutex_);
  return readers_;
}

std::vector<Path> PublishedRequests::noted(const Path& after, std::size_t at_most) const {
  const std::lock_guard lock(mutex_);
  std::vector<Path> marks;
  for (auto at = rows_.upper_bound(after); at != rows_.end() && marks.size() < at_most; ++at) {
    marks.push_back(at->first);
  }
  return marks;
}

std::vector<Path> PublishedRequests::marks_of(const Path& row) const {
  const std::lock_guard lock(mutex_);
  const auto found = marks_.find(row);
  if (found == marks_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

std::size_t PublishedRequests::size() const {
  const std::lock_guard lock(mutex_);
  return rows_.size();
}

}  // namespace anabranch::rows
