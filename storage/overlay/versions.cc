#include "storage/overlay/versions.h"

#include <algorithm>

namespace anabranch::storage {

ReaderPlaces::Entered ReaderPlaces::enter(const std::atomic<std::uint64_t>& newest) {
  // A thread mostly finds the place free that it had last.
  thread_local std::size_t last = 0;
  for (std::size_t tried = 0; tried < kPlaces; ++tried) {
    const std::size_t place = (last + tried) % kPlaces;
    if (const std::uint64_t number = take(place, newest); number != 0) {
      last = place;
      return {place, number};
    }
  }
  const std::lock_guard lock(mutex_);
  const std::size_t place = next_listed_++;
  const std::uint64_t number = newest.load();
  listed_.emplace(place, number);
  return {place, number};
}

std::uint64_t ReaderPlaces::take(std::size_t place, const std::atomic<std::uint64_t>& newest) {
  std::atomic<std::uint64_t>& noted = places_[place].number;
  if (noted.load(std::memory_order_relaxed) != 0) return 0;
  // Before the number is noted: a writer that does not look so far has published before this.
  std::size_t taken = ever_taken_.load();
  while (taken <= place && !ever_taken_.compare_exchange_weak(taken, place + 1)) {
  }
  std::uint64_t none = 0;
  const std::uint64_t number = newest.load();
  return noted.compare_exchange_strong(none, number) ? number : 0;
}

void ReaderPlaces::leave(std::size_t place) {
  if (place < kPlaces) {
    places_[place].number.store(0, std::memory_order_release);
    return;
  }
  const std::lock_guard lock(mutex_);
  listed_.erase(place);
}

template <typename Function>
void ReaderPlaces::for_each(const Function& function) const {
  const std::size_t taken = ever_taken_.load();
  for (std::size_t place = 0; place < taken; ++place) {
    if (const std::uint64_t number = places_[place].number.load(); number != 0) function(number);
  }
  const std::lock_guard lock(mutex_);
  for (const auto& [place, number] : listed_) function(number);
}

std::uint64_t ReaderPlaces::lowest(std::uint64_t from, std::uint64_t newest) const {
  std::uint64_t lowest = newest;
  for_each([&](std::uint64_t number) {
    if (number >= from) lowest = std::min(lowest, number);
  });
  return lowest;
}

std::vector<std::uint64_t> ReaderPlaces::all() const {
  std::vector<std::uint64_t> numbers;
  for_each([&](std::uint64_t number) { numbers.push_back(number); });
  std::ranges::sort(numbers);
  return numbers;
}

}  // namespace anabranch::storage
