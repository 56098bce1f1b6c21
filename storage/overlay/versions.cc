#include "storage/overlay/versions.h"

#include <algorithm>

namespace anabranch::storage {

std::size_t ReaderPlaces::enter(const std::atomic<std::uint64_t>& newest) {
  // A thread mostly finds the place free that it had last.
  thread_local std::size_t last = 0;
  for (std::size_t tried = 0; tried < kPlaces; ++tried) {
    const std::size_t place = (last + tried) % kPlaces;
    if (take(place, newest)) return last = place;
  }
  const std::lock_guard lock(mutex_);
  const std::size_t place = next_listed_++;
  listed_.emplace(place, newest.load());
  return place;
}

bool ReaderPlaces::take(std::size_t place, const std::atomic<std::uint64_t>& newest) {
  std::atomic<std::uint64_t>& number = places_[place].number;
  if (number.load(std::memory_order_relaxed) != 0) return false;
  // Before the number is noted: a writer that does not look so far has published before this.
  std::size_t taken = ever_taken_.load();
  while (taken <= place && !ever_taken_.compare_exchange_weak(taken, place + 1)) {
  }
  std::uint64_t none = 0;
  return number.compare_exchange_strong(none, newest.load());
}

void ReaderPlaces::leave(std::size_t place) {
  if (place < kPlaces) {
    places_[place].number.store(0, std::memory_order_release);
    return;
  }
  const std::lock_guard lock(mutex_);
  listed_.erase(place);
}

std::uint64_t ReaderPlaces::oldest(std::uint64_t newest) const {
  std::uint64_t oldest = newest;
  const std::size_t taken = ever_taken_.load();
  for (std::size_t place = 0; place < taken; ++place) {
    const std::uint64_t number = places_[place].number.load();
    if (number != 0) oldest = std::min(oldest, number);
  }
  const std::lock_guard lock(mutex_);
  for (const auto& [place, number] : listed_) oldest = std::min(oldest, number);
  return oldest;
}

}  // namespace anabranch::storage
