#include "server/resp/access/failed_logins.h"

#include <algorithm>

namespace anabranch::server {
namespace {

constexpr std::chrono::minutes kForgotten{1};

}  // namespace

FailedLogins::Milliseconds FailedLogins::add(std::string_view host, std::string_view user,
                                             Time now) {
  std::string login(host);
  login.append(" ").append(user.substr(0, kNameMax));
  if (!failures_.contains(login) && failures_.size() >= kLoginsMax) forget_oldest();
  Failures& failures = failures_[login];
  if (now - failures.last > kForgotten) failures = {};
  const Milliseconds wait = least_ * (1U << std::min(failures.count, kDoublings));
  ++failures.count;
  failures.last = now;
  return wait;
}

void FailedLogins::forget_oldest() {
  const auto oldest =
      std::ranges::min_element(failures_, {}, [](const auto& each) { return each.second.last; });
  if (oldest != failures_.end()) failures_.erase(oldest);
}

}  // namespace anabranch::server
