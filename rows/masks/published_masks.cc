#include "rows/masks/published_masks.h"

#include "storage/layout.h"

namespace anabranch::rows {

std::shared_ptr<const Masks> PublishedMasks::masks(Look before,
                                                   const storage::Snapshot& snapshot) const {
  if ((before & 1U) == 0 && before == look()) return nullptr;
  const auto bytes = snapshot.get(storage::Table::kMeta, storage::kMasksKey);
  if (!bytes) return nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (newest_ && newest_->version() == version_of_masks(*bytes)) return newest_;
  }
  return masks_of(snapshot);
}

}  // namespace anabranch::rows
