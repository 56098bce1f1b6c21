// Judges the rows of a scan, which come in order: each key once, and each element of a list of
// containers once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/path.h"
#include "crdt/elements.h"
#include "crdt/expiry.h"
#include "leader/scopes/view.h"
#include "rows/gone_element.h"
#include "rows/row_reader.h"

namespace anabranch::leader {

class RowsInOrder {
 public:
  // Both must outlive this.
  RowsInOrder(const View& view, const rows::RowReader& rows) : view_(view), rows_(rows) {}

  // Returns whether the key of the row has expired.
  bool expired(const core::Path& row) {
    // Nearly always the key of the row before; its bytes end it.
    if (!key_.empty() && row.encoded().starts_with(key_)) return expired_;
    key_ = crdt::key_part(row);
    expired_ = view_.expired(row);
    return expired_;
  }
  // Returns whether the row is inside an element that is not in its list.
  bool gone(const core::Path& row) {
    const std::vector<std::size_t> elements = crdt::elements_on(row.encoded());
    if (elements.empty()) return false;
    const std::string_view innermost = row.encoded().substr(0, elements.back());
    if (innermost != element_) {
      element_ = innermost;
      gone_ = rows::gone_element(rows_, row).has_value();
    }
    return gone_;
  }

 private:
  const View& view_;
  const rows::RowReader& rows_;
  std::string key_;  // Empty before the first, and of rows of no key.
  bool expired_ = false;
  std::string element_;  // The innermost of the row before; empty before the first.
  bool gone_ = false;
};

}  // namespace anabranch::leader
