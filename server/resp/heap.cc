#include "server/resp/heap.h"

#include <algorithm>
#include <utility>

#include "server/allocator.h"

namespace anabranch::server {
namespace {

constexpr Heap::Milliseconds kLookHurried{1'000};
constexpr Heap::Milliseconds kLookAgain{5'000};
constexpr Heap::Milliseconds kLookBusy{30'000};
constexpr std::size_t kUnusedMax = std::size_t{16} << 20U;

}  // namespace

Heap::Milliseconds Heap::tidy(bool worked, bool idle, Milliseconds most) {
  worked_ = worked_ || worked;
  if (!worked_) return most;
  const auto since = std::chrono::duration_cast<Milliseconds>(steady_now() - looked_);
  const Milliseconds due = hurried_ ? kLookHurried : idle ? kLookAgain : kLookBusy;
  if (since < due) return std::min(most, due - since);
  looked_ = steady_now();
  worked_ = hurried_ = false;
  if (unused_memory() < kUnusedMax) return most;
  return_unused_memory();
  ++trimmed_;
  return most;
}

}  // namespace anabranch::server
