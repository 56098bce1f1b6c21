#include "regions/hold_buffer.h"

#include <algorithm>
#include <utility>

namespace anabranch::regions {

bool HoldBuffer::deliverable(const core::Batch& batch, const core::VersionVector& applied) {
  return applied.at(batch.origin) + 1 == batch.first() && applied.includes(batch.deps_changed);
}

bool HoldBuffer::add(HeldBatch held, const core::VersionVector& applied) {
  const core::Origin origin = held.batch.origin;
  const core::Seq first = held.batch.first();
  if (first <= applied.at(origin)) return false;
  const bool next = first == applied.at(origin) + 1;
  const std::size_t size = held.bytes.size();
  if (!next && bytes_ + size > kBytesMax) return false;
  if (!held_[origin].try_emplace(first, std::move(held)).second) return false;
  bytes_ += size;
  return true;
}

std::optional<HeldBatch> HoldBuffer::take_deliverable(const core::VersionVector& applied) {
  forget_applied(applied);
  for (auto& [origin, batches] : held_) {
    if (batches.empty() || !deliverable(batches.begin()->second.batch, applied)) continue;
    HeldBatch taken = std::move(batches.begin()->second);
    batches.erase(batches.begin());
    bytes_ -= taken.bytes.size();
    return taken;
  }
  return std::nullopt;
}

bool HoldBuffer::has_deliverable(const core::VersionVector& applied) {
  forget_applied(applied);
  return std::ranges::any_of(held_, [&](const auto& each) {
    return !each.second.empty() && deliverable(each.second.begin()->second.batch, applied);
  });
}

void HoldBuffer::forget_applied(const core::VersionVector& applied) {
  for (auto& [origin, batches] : held_) {
    while (!batches.empty() && batches.begin()->first <= applied.at(origin)) {
      bytes_ -= batches.begin()->second.bytes.size();
      batches.erase(batches.begin());
    }
  }
}

std::size_t HoldBuffer::size() const {
  std::size_t size = 0;
  for (const auto& [origin, batches] : held_) size += batches.size();
  return size;
}

}  // namespace anabranch::regions
