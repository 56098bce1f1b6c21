// What rows can be read from: a storage snapshot, or a stage of changes over one.
#pragma once

#include <cstdint>
#include <functional>

#include "core/path.h"
#include "crdt/row.h"

namespace anabranch::regions {

// One consistent state of all rows. Throws Error{kCorrupt} when stored bytes cannot be read.
class RowReader {
 public:
  // Returns false to stop the scan.
  using Visit = std::function<bool(const core::Path&, const crdt::Row&)>;

  virtual ~RowReader() = default;
  // The row at `path`; an empty one when there is none.
  [[nodiscard]] virtual crdt::Row row(const core::Path& path) const = 0;
  // Visits every row at or below `prefix` in path order.
  virtual void scan(const core::Path& prefix, const Visit& visit) const = 0;
  // How much is shown in the collection at `path`, kept by counts.h.
  [[nodiscard]] virtual std::uint64_t count(const core::Path& path) const = 0;
};

}  // namespace anabranch::regions
