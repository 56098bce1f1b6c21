#include "storage/lmdb_readers.h"

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
  Place* free_place = take();
  Place& place = free_place != nullptr ? *free_place : wait_and_take();
  const core::Result<void> renewed = renew(place);
  if (renewed.ok()) return Lease(*this, place);
  free(place);
  if (renewed.failure().code != ErrorCode::kClosed) {
    core::log_error({}, "cannot begin to read: " + renewed.failure().message);
    ANABRANCH_ASSERT(renewed.ok());
  }
  return std::nullopt;
}

LmdbReaders::Place* LmdbReaders::take() {
  const std::size_t start = first_place();
  for (std::size_t i = 0; i < places_.size(); ++i) {
    Place& place = places_[(start + i) % places_.size()];
    if (!place.taken.load() && !place.taken.exchange(true)) return &place;
  }
  return nullptr;
}

// A place freed after `waiting_` was raised is announced; one freed before is found. (All
// operations on `taken` and `waiting_` are sequentially consistent.)
LmdbReaders::Place& LmdbReaders::wait_and_take() {
  core::log_warning({}, "all " + std::to_string(places_.size()) +
                            " places for readers are taken, a reader waits: are snapshots kept?");
  std::unique_lock lock(mutex_);
  ++waiting_;
  Place* place = nullptr;
  freed_.wait(lock, [&] {
    place = take();
    return place != nullptr;
  });
  --waiting_;
  return *place;
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
