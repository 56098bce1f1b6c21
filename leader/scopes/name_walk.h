// The walk of a scan over the names directly below a prefix that show something. Rows below a name
// are skipped as soon as the name is decided: after its first shown row, or after some hidden ones
// by the type that it shows. So neither a large map nor a large set that was removed, and is not
// swept yet, costs more than a small one.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <anabranch/scope.h>

#include "core/path.h"
#include "crdt/row.h"
#include "leader/scopes/rows_in_order.h"
#include "leader/scopes/view.h"
#include "rows/row_reader.h"

namespace anabranch::leader {

// For one walk. Both references must outlive it.
class NameWalk {
 public:
  NameWalk(const View& view, const rows::RowReader& rows, core::Path top, const Span& span);

  // Calls `visit` with each name until it returns false. Stops, too, behind a name when it has read
  // more than `hidden_max` rows that show nothing; then returns that name.
  std::optional<std::string> run(const Scope::VisitName& visit, std::size_t hidden_max);

 private:
  enum class Next : std::uint8_t { kRow, kName, kEnd };

  // Takes a row in; returns where to read on.
  Next take(const core::Path& path, const crdt::Row& row, const Scope::VisitName& visit);
  // Decides the name at hand.
  Next decide(const core::Path& path, bool shows, const Scope::VisitName& visit);
  [[nodiscard]] std::string name_of(const core::Path& path) const;

  const View& view_;
  const rows::RowReader& rows_reader_;
  RowsInOrder order_;
  const core::Path top_;
  core::PathRange rest_;
  core::Path place_;        // The name at hand, with the path above it; empty before the first.
  bool decided_ = false;    // Whether it is known if the name shows something.
  std::size_t rows_ = 0;    // Rows of the name that were read before, or since it was decided.
  std::size_t hidden_ = 0;  // Rows, of all names.
  std::size_t hidden_max_ = 0;
  bool stopped_ = false;
};

}  // namespace anabranch::leader
