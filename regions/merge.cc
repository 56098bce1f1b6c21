#include "regions/merge.h"

#include <set>

#include "crdt/join.h"

namespace anabranch::regions {

void merge_rows(Stage& mine, const core::VersionVector& mine_applied, const RowReader& theirs,
                const core::VersionVector& theirs_applied) {
  std::set<core::Path>
      paths;  // Of both sides: a row that one side lacks may have been removed there.
  const auto note = [&](const core::Path& path, const crdt::Row& /*row*/) {
    paths.insert(path);
    return true;
  };
  mine.scan({}, note);
  theirs.scan({}, note);
  for (const core::Path& path : paths) {
    const crdt::Row other = theirs.row(path);
    mine.edit(path,
              [&](crdt::Row& row) { row = crdt::join(row, mine_applied, other, theirs_applied); });
  }
}

}  // namespace anabranch::regions
