#include "regions/state/former_deps.h"

#include "core/batch.h"

namespace anabranch::regions {

core::Result<bool> FormerDeps::read(const LogReader& log, std::size_t records_max) {
  for (; records_max > 0; --records_max) {
    if (last_ <= position_ && unknown_.empty()) break;
    const auto place = last_ > 0 ? log.find(origin_, last_) : std::nullopt;
    const auto record = place ? log.read_log(*place) : std::nullopt;
    if (!record || record->origin != origin_ || record->last != last_) break;
    const auto batch = core::decode_batch(record->bytes);
    if (!batch.ok()) return batch.failure();
    for (const auto& [origin, seq] : batch.value().deps_changed) {
      if (record->last > position_) {
        unknown_.insert(origin);
        deps_.set(origin, 0);
      } else if (unknown_.erase(origin) > 0) {
        deps_.set(origin, seq);
      }
    }
    last_ = record->first - 1;
  }
  deps_.set(origin_, position_);
  return records_max == 0;
}

}  // namespace anabranch::regions
