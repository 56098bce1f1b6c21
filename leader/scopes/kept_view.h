// A view on one committed state for several reads, while other threads write.
#pragma once

#include <utility>

#include "leader/scopes/view.h"
#include "rows/names.h"
#include "rows/resolvers.h"
#include "rows/snapshot_reader.h"

namespace anabranch::leader {

// While it exists, storage keeps the old pages of that state. The references must outlive it.
class KeptView {
 public:
  KeptView(const storage::Storage& storage, const rows::Names& names,
           const rows::Resolvers& resolvers)
      : rows_(rows::SnapshotReader::newest(storage, names)), view_(rows_, names, resolvers) {}
  KeptView(const KeptView&) = delete;
  KeptView& operator=(const KeptView&) = delete;

  // The time of the view is fixed, too.
  [[nodiscard]] const View& view() const { return view_; }
  [[nodiscard]] const storage::Snapshot& snapshot() const { return rows_.snapshot(); }

 private:
  const rows::SnapshotReader rows_;
  const View view_;
};

}  // namespace anabranch::leader
