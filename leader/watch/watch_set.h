// The watches of one kind at a store.
#pragma once

#include <atomic>
#include <cstddef>
#include <set>

namespace anabranch::leader {

// The owner's mutex guards all but number().
template <typename Watch>
class WatchSet {
 public:
  void insert(Watch& watch) {
    watches_.insert(&watch);
    number_.store(watches_.size(), std::memory_order_relaxed);
  }
  void erase(Watch& watch) {
    watches_.erase(&watch);
    number_.store(watches_.size(), std::memory_order_relaxed);
  }

  [[nodiscard]] auto begin() const { return watches_.begin(); }
  [[nodiscard]] auto end() const { return watches_.end(); }

  // Returns the number of watches. Thread-safe; nearly free.
  [[nodiscard]] std::size_t number() const { return number_.load(std::memory_order_relaxed); }

 private:
  std::set<Watch*> watches_;
  std::atomic<std::size_t> number_ = 0;
};

}  // namespace anabranch::leader
