#include "storage/lmdb_readers.h"

#include <anabranch/error.h>

#include <string>

#include "core/assert.h"
#include "core/log.h"

namespace anabranch::storage {
namespace {

// Returns the place at which this thread starts its search. A thread holds at most a few snapshots
// at once.
std::size_t first_place() {
  constexpr std::size_t kPlacesPerThread = 8;
  static std::atomic<std::size_t> next = 0;
  thread_local const std::size_t mine = next.fetch_add(kPlacesPerThread, std::memory_order_relaxed);
  return mine;
}

}  // namespace

std::optional<LmdbReaders::Lease> LmdbReaders::acquire() {
  const ReaderShare share = TakesPlacesOf::here();
  Place* free_place = take(part_of(share));
  Place& place = free_place != nullptr ? *free_place : wait_and_take(share);
  const core::Result<void> renewed = renew(place);
  if (renewed.ok()) return Lease(*this, place);
  free(place);
  if (renewed.failure().code != ErrorCode::kClosed) {
    core::log_error({}, "cannot begin to read: " + renewed.failure().message);
    ANABRANCH_ASSERT(renewed.ok());
  }
  return std::nullopt;
}

LmdbReaders::Part LmdbReaders::part_of(ReaderShare share) const {
  if (share == ReaderShare::kGuest) return {0, guests_};
  if (share == ReaderShare::kGuestAgain) return {guests_, 2 * guests_};
  return {2 * guests_, places_.size()};
}

LmdbReaders::Place* LmdbReaders::take(const Part& part) {
  const std::size_t start = part.first + first_place() % (part.end - part.first);
  for (std::size_t i = 0; i < part.end; ++i) {
    Place& place = places_[(start + i) % part.end];
    if (!place.taken.load() && !place.taken.exchange(true)) return &place;
  }
  return nullptr;
}

// A place freed after `waiting_` was raised is announced; one freed before is found. (All
// operations on `taken` and `waiting_` are sequentially consistent.)
LmdbReaders::Place& LmdbReaders::wait_and_take(ReaderShare share) {
  const Part part = part_of(share);
  const std::string as_many = std::to_string(part.end) + " reads go on, as many as may be, and ";
  const bool is_guest = share != ReaderShare::kOwn;
  Place* place = nullptr;
  const auto taken = [&] { return (place = take(part)) != nullptr; };
  if (waiting_.load() == 0) core::log_warning({}, as_many + "one more waits: are some kept?");
  std::unique_lock lock(mutex_);
  ++waiting_;
  if (is_guest) {
    freed_.wait_for(lock, patience_, taken);
  } else {
    freed_.wait(lock, taken);
  }
  --waiting_;
  if (place != nullptr) return *place;
  throw Error(ErrorCode::kTimeout,
              as_many + "none of them has ended for " + std::to_string(patience_.count()) + " ms");
}

core::Result<void> LmdbReaders::renew(Place& place) {
  if (place.txn) return place.txn->renew();
  core::Result<LmdbTxn> txn = env_.begin_read();
  if (!txn.ok()) return txn.failure();
  place.txn.emplace(std::move(txn).value());
  return {};
}

void LmdbReaders::release(Place& place) {
  place.txn->reset();
  free(place);
}

void LmdbReaders::free(Place& place) {
  place.taken.store(false);
  if (waiting_.load() == 0) return;
  const std::lock_guard guard(mutex_);
  freed_.notify_all();
}

}  // namespace anabranch::storage
