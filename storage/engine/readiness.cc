#include "storage/engine/readiness.h"

#include <algorithm>

#include "storage/overlay/overlay_memory.h"
#include "storage/wal/wal_record.h"

namespace anabranch::storage {

using core::Result;

namespace {

// The most that is logged with a commit for switches of generations, in a record of its own too,
// and a trim; and the bytes of a record in the log beside its own.
constexpr std::uint64_t kMarksMax = kRecordHeaderSize + 64;
constexpr std::uint64_t kBesideRecord = 32;

}  // namespace

Result<void> Readiness::look_at_place(const Wal& log) const {
  Result<void> there = base_.look_at_place();
  if (there.ok()) there = files_.check_there();
  return there.ok() ? log.check_last() : there;
}

std::uint64_t Readiness::log_bytes(std::uint64_t bytes, std::uint64_t records) {
  return kRecordHeaderSize + kMarksMax + bytes + records * kBesideRecord;
}

Result<void> Readiness::get(Wal& log, const Flusher& flusher, std::uint64_t waiting,
                            std::uint64_t bytes, std::uint64_t records) {
  ready_ = false;
  if (auto there = look_at_place(log); !there.ok()) return there;
  const std::uint64_t most = 2 * std::max(overlay_bytes_, OverlayMemory::kChunkBytes);
  if (const auto refused = flusher.refused(); refused && waiting >= most) return *refused;
  auto made = log.make_ready(log_bytes(bytes, records), records);
  ready_ = made.ok();
  return made;
}

}  // namespace anabranch::storage
