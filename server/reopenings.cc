#include "server/reopenings.h"

#include <algorithm>
#include <utility>

namespace anabranch::server {

void Reopenings::opened(SteadyTime now) {
  if (opened_++ > 0) anew_.push_back(now);
  open_since_ = now;
  due_.reset();
}

void Reopenings::closed(SteadyTime now, std::string why) {
  why_ = std::move(why);
  const auto since = std::exchange(open_since_, std::nullopt);
  if (since && now - *since >= kHolds) wait_ = kFirstWait;
  due_ = now + wait_;
  wait_ = std::min<std::chrono::milliseconds>(2 * wait_, kLongestWait);
  while (!anew_.empty() && now - anew_.front() >= kWindow) anew_.pop_front();
  if (anew_.size() >= kInWindowMax) due_ = std::max(*due_, anew_.front() + kWindow);
}

std::chrono::milliseconds Reopenings::due_in(SteadyTime now) const {
  if (!due_ || now >= *due_) return std::chrono::milliseconds(0);
  return std::chrono::ceil<std::chrono::milliseconds>(*due_ - now);
}

}  // namespace anabranch::server
