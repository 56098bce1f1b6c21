#include "transport/zmq/dialled_name.h"

#include <algorithm>
#include <utility>

#include "transport/address.h"

namespace anabranch::transport {

namespace {
constexpr std::string_view kScheme = "tcp://";
}  // namespace

DialledName::DialledName(const std::string& address, Names& names) {
  const std::size_t colon = address.rfind(':');
  name_ = address.substr(kScheme.size(), colon - kScheme.size());
  port_ = address.substr(colon);
  if (is_numeric(address)) {
    numbers_.push_back(address);
  } else {
    names_ = &names;
  }
}

std::string DialledName::address_of(const std::string& host) const {
  return std::string(kScheme).append(host).append(port_);
}

void DialledName::ask(Time now) {
  if (names_ == nullptr || lookup_) return;
  lookup_ = names_->ask(name_);
  asked_ = now;
}

void DialledName::take(const Found& found) {
  numbers_.clear();
  for (const std::string& host : found.hosts) numbers_.push_back(address_of(host));
  const auto worked = std::ranges::find(numbers_, worked_);
  if (worked != numbers_.end()) std::rotate(numbers_.begin(), worked, worked + 1);
  at_ = 0;
}

DialledName::State DialledName::look(Time now) {
  if (names_ == nullptr) return State::kReady;
  if (numbers_.empty()) ask(now);
  if (lookup_) {
    const Found* const found = Names::answer(*lookup_);
    if (found == nullptr) return numbers_.empty() ? State::kWaiting : State::kReady;
    const auto done = std::exchange(lookup_, nullptr);
    why_ = found->why;
    if (!found->hosts.empty()) take(*found);
  }
  return numbers_.empty() ? State::kFailed : State::kReady;
}

std::optional<DialledName::Time> DialledName::slow_at() const {
  if (!lookup_ || !numbers_.empty()) return std::nullopt;
  return asked_ + kSlow;
}

void DialledName::works() {
  worked_ = number();
  std::rotate(numbers_.begin(), numbers_.begin() + static_cast<std::ptrdiff_t>(at_),
              numbers_.begin() + static_cast<std::ptrdiff_t>(at_) + 1);
  at_ = 0;
  lookup_.reset();  // Its answer comes too late.
}

bool DialledName::fails(Time now) {
  if (++at_ < numbers_.size()) return true;
  at_ = 0;
  ask(now);
  return false;
}

void DialledName::forget() {
  if (names_ == nullptr) return;
  numbers_.clear();
  at_ = 0;
  worked_.clear();
  lookup_.reset();
}

bool DialledName::has_moved(Time now) {
  if (names_ == nullptr || numbers_.empty()) return false;
  const Found* const found = lookup_ ? Names::answer(*lookup_) : nullptr;
  if (found == nullptr) {
    ask(now);
    return false;
  }
  const auto done = std::exchange(lookup_, nullptr);
  const bool has_it = std::ranges::any_of(
      found->hosts, [&](const std::string& host) { return address_of(host) == number(); });
  if (has_it || found->hosts.empty()) return false;
  take(*found);
  return true;
}

}  // namespace anabranch::transport
