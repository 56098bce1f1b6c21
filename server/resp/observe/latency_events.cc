#include "server/resp/observe/latency_events.h"

#include <algorithm>
#include <utility>

namespace anabranch::server {

void LatencyEvents::add(std::string_view event, std::int64_t time, std::chrono::nanoseconds took) {
  auto found = events_.find(event);
  if (found == events_.end()) found = events_.try_emplace(std::string(event)).first;
  auto& [samples, most_ms] = found->second;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  most_ms = std::max(most_ms, ms);
  if (!samples.empty() && samples.back().time == time) {
    samples.back().ms = std::max(samples.back().ms, ms);
    return;
  }
  samples.push_back({time, ms});
  if (samples.size() > kSamplesMax) samples.pop_front();
}

bool LatencyEvents::forget(std::string_view event) {
  const auto found = events_.find(event);
  if (found == events_.end()) return false;
  events_.erase(found);
  return true;
}

std::size_t LatencyEvents::forget_all() { return std::exchange(events_, {}).size(); }

}  // namespace anabranch::server
