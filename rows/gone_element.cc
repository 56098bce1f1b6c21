#include "rows/gone_element.h"

namespace anabranch::rows {

std::optional<core::Path> find_gone_element(const RowReader& rows, const core::Path& path) {
  for (const std::size_t size : crdt::elements_on(path.encoded())) {
    core::Path element = core::Path::trusted(path.encoded().substr(0, size));
    if (!rows.row(element).present()) return element;
  }
  return std::nullopt;
}

}  // namespace anabranch::rows
