#include "rows/row_reader.h"

namespace anabranch::rows {

std::shared_ptr<const Masks> RowReader::masks() const {
  static const auto kNone = std::make_shared<const Masks>();
  return kNone;
}

std::size_t RowReader::stored_below(const core::Path& prefix, std::size_t at_most) const {
  std::size_t rows = 0;
  scan(prefix, [&](const core::Path&, const crdt::Row&) { return ++rows < at_most; });
  return rows;
}

}  // namespace anabranch::rows
