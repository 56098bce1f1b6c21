#include "rows/hooks/hook_alarms.h"

namespace anabranch::rows {

void HookAlarms::raise(HookTrouble kind, std::string_view hook, const std::string& text) {
  ++counts_[index(kind)];
  const std::int64_t now = now_us();
  {
    const std::lock_guard lock(mutex_);
    std::pair at(kind, std::string(hook));
    const bool is_known = told_.contains(at);
    if (!is_known && told_.size() >= kKnownMax) return;
    Told& told = told_[std::move(at)];
    told.text = text;
    if (is_known && (!outside_.now_us || now < told.next_us)) return;
    told.next_us = now + kPauseUs;
  }
  if (outside_.warn) outside_.warn(text);
}

std::vector<std::string> HookAlarms::listed() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> texts;
  for (const auto& [at, told] : told_) {
    if (texts.size() < kListedMax) texts.push_back(told.text);
  }
  return texts;
}

}  // namespace anabranch::rows
