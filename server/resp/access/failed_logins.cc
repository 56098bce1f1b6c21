#include "server/resp/access/failed_logins.h"

#include <algorithm>

namespace anabranch::server {
namespace {

constexpr std::chrono::minutes kForgotten{1};

}  // namespace

bool FailedLogins::refuses(std::string_view host, Time now) {
  const auto found = failures_.find(host);
  if (found == failures_.end()) return false;
  Failures& failures = found->second;
  std::erase_if(failures.waiting, [&](Time end) { return end <= now; });
  if (now - failures.last > kForgotten) {
    failures_.erase(found);
    return false;
  }
  if (failures.waiting.size() < kWaitingMax) return false;
  ++refused_;
  return true;
}

FailedLogins::Milliseconds FailedLogins::add(std::string_view host, Time now) {
  if (!failures_.contains(host) && failures_.size() >= kAddressesMax) forget_oldest();
  Failures& failures = failures_[std::string(host)];
  if (now - failures.last > kForgotten) failures = {};
  const Milliseconds wait = least_ * (1U << std::min(failures.count, kDoublings));
  ++failures.count;
  failures.last = now;
  failures.waiting.push_back(now + wait);
  return wait;
}

void FailedLogins::forget_oldest() {
  const auto oldest =
      std::ranges::min_element(failures_, {}, [](const auto& each) { return each.second.last; });
  if (oldest != failures_.end()) failures_.erase(oldest);
}

}  // namespace anabranch::server
