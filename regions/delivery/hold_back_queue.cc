#include "regions/delivery/hold_back_queue.h"

#include <algorithm>
#include <utility>

#include "core/mark.h"
#include "core/planted_bug.h"

namespace anabranch::regions {

using core::Bug;
using core::mark;
using core::planted;
using core::VersionVector;

std::vector<storage::LogRecord> records_of(const std::vector<HeldBatch>& batches) {
  std::vector<storage::LogRecord> records;
  records.reserve(batches.size());
  for (const HeldBatch& held : batches) {
    records.push_back({held.batch.origin, held.batch.first(), held.batch.last(), held.bytes});
  }
  if (planted(Bug::kForgetLastRecord) && records.size() > 1) records.pop_back();
  return records;
}

BatchLoad load_of(const HeldBatch& held) {
  constexpr std::size_t kFixed = sizeof(HeldBatch) + 64;  // And a place in a map.
  std::size_t memory = kFixed + held.batch.deps_changed.size() * sizeof(VersionVector::Entry) +
                       held.batch.deps_hashes.size() * sizeof(std::uint64_t);
  for (const core::Transaction& txn : held.batch.transactions) {
    memory += sizeof(txn) + txn.ops.size() * sizeof(core::Op);
  }
  return {held.size(), memory};
}

void BatchLoad::add(const HeldBatch& held) {
  const BatchLoad one = load_of(held);
  bytes += one.bytes;
  memory += one.memory;
}

void BatchLoad::remove(const HeldBatch& held) {
  const BatchLoad one = load_of(held);
  bytes -= one.bytes;
  memory -= one.memory;
}

bool HoldBackQueue::deliverable(const core::Batch& batch, const core::VersionVector& applied) {
  return applied.at(batch.origin) + 1 == batch.first() &&
         (applied.includes(batch.deps_changed) || planted(Bug::kSkipDeps));
}

bool HoldBackQueue::add(HeldBatch&& held, const core::VersionVector& applied, Room room) {
  const core::Origin origin = held.batch.origin;
  const core::Seq first = held.batch.first();
  if (first <= applied.at(origin)) {
    mark<"a batch arrives that was applied before">();
    return false;
  }
  make_way(held);
  if (!has_room(held, applied, room)) {
    mark<"a full hold-back queue drops a batch">();
    return false;
  }
  BySeq& batches = held_[origin];
  if (batches.contains(first)) return false;
  load(held).add(held);
  batches.emplace(first, std::move(held));
  return true;
}

bool HoldBackQueue::has_room(HeldBatch& held, const core::VersionVector& applied, Room room) const {
  const BatchLoad size = load_of(held);
  held.at_once = false;
  if (bytes() + size.bytes <= bytes_max_ && memory() + size.memory <= memory_max_) return true;
  const bool next = held.batch.first() == applied.at(held.batch.origin) + 1;
  if (room == Room::kBounded && (!next || planted(Bug::kRefuseNextWhenFull))) return false;
  mark<"a full hold-back queue takes the next batch of an origin">();
  if (load_.bytes < bytes_max_ + kNextBytesMax && load_.memory < 2 * memory_max_) return true;
  held.at_once = deliverable(held.batch, applied);
  return held.at_once && ready_.bytes < kNextBytesMax && ready_.memory < memory_max_;
}

HoldBackQueue::BySeq::iterator HoldBackQueue::drop(BySeq& batches, BySeq::iterator at) {
  load(at->second).remove(at->second);
  return batches.erase(at);
}

void HoldBackQueue::make_way(const HeldBatch& held) {
  const auto batches = held_.find(held.batch.origin);
  if (!held.asked || batches == held_.end()) return;
  const auto there = batches->second.find(held.batch.first());
  if (there == batches->second.end() || there->second.from == held.from) return;
  if (there->second.bytes == held.bytes) {
    // The former sender may be gone, and then no peer would answer for the batch.
    there->second.from = held.from;
    return;
  }
  mark<"a batch makes way for another one in its place">();
  drop(batches->second, there);
}

std::optional<HeldBatch> HoldBackQueue::take_deliverable(const core::VersionVector& applied) {
  forget_applied(applied);
  for (auto& [origin, batches] : held_) {
    if (batches.empty() || !deliverable(batches.begin()->second.batch, applied)) continue;
    const auto first = batches.begin();
    load(first->second).remove(first->second);
    std::optional<HeldBatch> taken(std::move(first->second));
    batches.erase(first);
    return taken;
  }
  return std::nullopt;
}

bool HoldBackQueue::has_deliverable(const core::VersionVector& applied) {
  forget_applied(applied);
  return std::ranges::any_of(held_, [&](const auto& each) {
    return !each.second.empty() && deliverable(each.second.begin()->second.batch, applied);
  });
}

const core::Batch* HoldBackQueue::next(core::Origin origin,
                                       const core::VersionVector& applied) const {
  const auto found = held_.find(origin);
  if (found == held_.end()) return nullptr;
  const auto next = found->second.find(applied.at(origin) + 1);
  return next == found->second.end() ? nullptr : &next->second.batch;
}

bool HoldBackQueue::has_deliverable(core::Origin origin, const core::VersionVector& applied) const {
  const core::Batch* const batch = next(origin, applied);
  return batch != nullptr && deliverable(*batch, applied);
}

bool HoldBackQueue::waits(core::Origin origin, const core::VersionVector& applied) const {
  const core::Batch* const batch = next(origin, applied);
  return batch != nullptr && !deliverable(*batch, applied);
}

void HoldBackQueue::forget(core::Origin origin) {
  const auto found = held_.find(origin);
  if (found == held_.end()) return;
  for (const auto& [first, held] : found->second) load(held).remove(held);
  held_.erase(found);
}

void HoldBackQueue::forget_applied(const core::VersionVector& applied) {
  for (auto at = held_.begin(); at != held_.end();) {
    BySeq& batches = at->second;
    while (!batches.empty() && batches.begin()->first <= applied.at(at->first)) {
      drop(batches, batches.begin());
    }
    at = batches.empty() ? held_.erase(at) : std::next(at);
  }
}

void HoldBackQueue::clear() {
  held_.clear();
  load_ = ready_ = {};
}

bool HoldBackQueue::holds(core::Origin origin) const {
  const auto found = held_.find(origin);
  return found != held_.end() && !found->second.empty();
}

bool HoldBackQueue::has(core::Origin origin, core::Seq first) const {
  const auto found = held_.find(origin);
  return found != held_.end() && found->second.contains(first);
}

std::size_t HoldBackQueue::size() const {
  std::size_t size = 0;
  for (const auto& [origin, batches] : held_) size += batches.size();
  return size;
}

}  // namespace anabranch::regions
