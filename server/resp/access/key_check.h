// How far the keys of one request have been checked against the patterns of its user: with a
// thousand patterns a command of 100,000 keys takes a second, and more where patterns are long. So
// it is checked in slices, each key against each pattern once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "server/steady_clock.h"

namespace anabranch::server {

// Not thread-safe.
class KeyCheck {
 public:
  // Begins a slice that ends then. Rights that have changed since the last one are checked anew.
  void go_on(std::uint64_t rights_version, SteadyTime end) {
    if (rights_version != rights_version_) *this = KeyCheck();
    rights_version_ = rights_version;
    end_ = end;
  }
  // The place: so many keys are allowed, and of the next one so many patterns do not match.
  [[nodiscard]] std::size_t keys() const { return keys_; }
  [[nodiscard]] std::size_t patterns() const { return patterns_; }
  // Notes that the next key is allowed; that one pattern more does not match it.
  void allow() {
    ++keys_;
    patterns_ = 0;
  }
  void pass() { ++patterns_; }
  // Called before a key of so many bytes is matched: returns whether the slice is over.
  [[nodiscard]] bool is_over(std::size_t bytes) {
    spent_ += kMatchCost + bytes;
    if (spent_ < kLookEvery) return false;
    spent_ = 0;
    return steady_now() >= end_;
  }

 private:
  static constexpr std::size_t kMatchCost = 16;
  static constexpr std::size_t kLookEvery = 8192;

  std::uint64_t rights_version_ = 0;
  SteadyTime end_ = {};
  std::size_t keys_ = 0;
  std::size_t patterns_ = 0;
  std::size_t spent_ = 0;
};

}  // namespace anabranch::server
