#include "transport/rate_limited_log.h"

#include "core/log.h"

namespace anabranch::transport {

bool RateLimitedLog::may_say(const std::string& text, Clock::time_point now) {
  std::erase_if(said_, [&](const auto& each) { return now - each.second >= kPause; });
  return said_.size() < kTextsMax && said_.try_emplace(text, now).second;
}

void RateLimitedLog::warn(const std::string& text) {
  if (may_say(text, Clock::now())) core::log_warning(region_, text);
}

}  // namespace anabranch::transport
