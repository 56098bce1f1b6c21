// The interface for reading rows: from a storage snapshot, or from a stage of changes over one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/path.h"
#include "core/path_range.h"
#include "crdt/row.h"
#include "rows/masks/masks.h"
#include "rows/policy/origin_regions.h"
#include "rows/policy/policy_table.h"
#include "rows/score_table.h"
#include "rows/stored_tags.h"

namespace anabranch::rows {

// A count as stored: a later mask may make it void.
struct StoredCount {
  std::uint64_t count = 0;
  std::uint64_t stamp = 0;  // Masks::last_id() when the count was written.
};

// One consistent state of all rows, and of the order of scores that follows from them. Throws
// Error{kCorrupt} if stored bytes cannot be read.
class RowReader : public ScoreTable {
 public:
  // Whether a scan visits the rows that a mask hides, or that are removed in a stage: as empty
  // rows.
  enum class Hidden : std::uint8_t { kSkip, kVisit };

  // Returns false to stop the scan.
  using Visit = std::function<bool(const core::Path&, const crdt::Row&)>;

  // Returns the row at `path`; an empty one if there is none.
  [[nodiscard]] virtual crdt::Row row(const core::Path& path) const = 0;
  // Returns whether the row at `path` shows anything.
  [[nodiscard]] virtual bool shows(const core::Path& path) const;
  // A row; or its one value, where the stored bytes tell that without being decoded: valid as long
  // as the reader.
  struct Glance {
    std::optional<std::string_view> value;
    crdt::Row row;  // Without a value.
  };
  [[nodiscard]] virtual Glance glance(const core::Path& path) const { return {{}, row(path)}; }
  // Visits every row of a range, in path order or backwards.
  virtual void scan(const core::PathRange& range, Hidden hidden, const Visit& visit) const = 0;
  void scan(const core::PathRange& range, const Visit& visit) const {
    scan(range, Hidden::kSkip, visit);
  }
  // Visits every row at or below `prefix` in path order.
  void scan(const core::Path& prefix, const Visit& visit) const {
    scan(core::PathRange::below(prefix), visit);
  }
  // Returns the number of shown members in the collection at `path`, kept by counts.h; of a deep
  // map at the cost of a walk over the rows in it.
  [[nodiscard]] virtual std::uint64_t count(const core::Path& path) const = 0;
  // Returns the policies in force in this state, with the modules that they name, never null. May
  // cost a scan of their rows.
  [[nodiscard]] virtual std::shared_ptr<const PolicyTable> policies() const;
  // Returns the regions of origins in this state, never null. May cost a scan of their rows.
  [[nodiscard]] virtual std::shared_ptr<const OriginRegions> regions() const;

  // ---- Below the masks, for a stage over this reader.

  // Returns the masks of this state, never null. All functions above return rows as masked.
  [[nodiscard]] virtual std::shared_ptr<const Masks> masks() const;
  [[nodiscard]] virtual crdt::Row stored_row(const core::Path& path) const { return row(path); }
  [[nodiscard]] virtual StoredCount stored_count(const core::Path& path) const {
    return {count(path), 0};
  }
  // Returns the number that is kept at a path, as masked: 0 for a deep map.
  [[nodiscard]] std::uint64_t kept_count(const core::Path& path) const;
  // Returns the types of which rows may be stored at a place, including hidden rows and perhaps
  // some that were just removed.
  [[nodiscard]] virtual StoredTags stored_tags(const core::Path& place) const = 0;
  // Returns the number of rows stored at or below a prefix or in a range, including hidden rows and
  // perhaps some beside it or just removed; stops counting at `at_most`.
  [[nodiscard]] std::size_t stored_below(const core::Path& prefix, std::size_t at_most) const {
    return stored_below(core::PathRange::below(prefix), at_most);
  }
  [[nodiscard]] virtual std::size_t stored_below(const core::PathRange& range,
                                                 std::size_t at_most) const;

 protected:
  // As count(), for a deep map.
  [[nodiscard]] std::uint64_t count_fields(const core::Path& map) const;
};

}  // namespace anabranch::rows
