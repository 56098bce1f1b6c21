#include "regions/state/record_ends.h"

#include <algorithm>

namespace anabranch::regions {

const RecordEnds* KnownEnds::find(storage::Position position, Wanted wanted) const {
  const auto found = known_.find(position);
  if (found == known_.end()) return nullptr;
  const RecordEnds& ends = found->second.ends;
  return wanted == Wanted::kBoth && !ends.after ? nullptr : &ends;
}

void KnownEnds::add(storage::Position position, std::size_t bytes, const RecordEnds& ends) {
  if (bytes < kLargeBytes) return;
  if (const auto known = known_.find(position); known != known_.end()) {
    known->second.ends = ends;
    return;
  }
  if (known_.size() >= kKnownMax) {
    known_.erase(by_number_.begin()->second);
    by_number_.erase(by_number_.begin());
  }
  known_[position] = {ends, ++numbered_};
  by_number_[numbered_] = position;
}

void KnownEnds::forget_before(storage::Position position) {
  while (!known_.empty() && known_.begin()->first < position) {
    by_number_.erase(known_.begin()->second.number);
    known_.erase(known_.begin());
  }
}

void ReadAllowance::refill(std::int64_t now_ms, std::size_t peers) {
  const std::int64_t passed = std::max<std::int64_t>(now_ms - refilled_ms_, 0);
  if (passed == 0) return;
  refilled_ms_ = now_ms;
  const auto shares = static_cast<std::int64_t>(std::max<std::size_t>(peers, 1));
  const std::int64_t rate = std::max<std::int64_t>(kBytesPerMs / shares, 1);
  const std::int64_t missing = kBytesMax - left_;
  left_ += passed >= missing / rate + 1 ? missing : passed * rate;
  const std::int64_t searches = std::min<std::int64_t>(passed, kSearchesMax) * kSearchesPerMs;
  searches_left_ =
      std::min(kSearchesMax, searches_left_ + std::max<std::int64_t>(searches / shares, 1));
}

bool ReadAllowance::take_search() {
  if (searches_left_ > 0) return --searches_left_, true;
  ran_out_ = true;
  return false;
}

bool ReadAllowance::take() {
  if (left_ > 0) return true;
  ran_out_ = true;
  return false;
}

}  // namespace anabranch::regions
