#include "regions/state/durable_state.h"

#include <utility>

namespace anabranch::regions {

void DurableState::look(core::Hlc clock) {
  if (log_.is_durable()) {
    awaited_.reset();
    return;
  }
  const core::VersionVector& applied = applied_.vector();
  if (!applied.includes(reached_.vector)) reached_ = {};
  if (awaited_ && !applied.includes(awaited_->vector)) awaited_.reset();
  if (awaited_ && awaited_->position > log_.durable_position()) return;
  if (awaited_) reached_ = std::move(*awaited_);
  awaited_ = Point{log_.last_position(), applied, clock};
}

}  // namespace anabranch::regions
