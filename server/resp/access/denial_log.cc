#include "server/resp/access/denial_log.h"

#include <algorithm>
#include <utility>

namespace anabranch::server {
namespace {

constexpr std::int64_t kSameMs = 60'000;
constexpr std::ptrdiff_t kCompared = 10;  // The newest entries.

// Gives the memory of the rest back, too.
void shorten(std::string& text) {
  if (text.size() > DenialLog::kBytesMax) text = text.substr(0, DenialLog::kBytesMax);
}

bool repeats(const DenialEntry& entry, const DenialEntry& earlier) {
  return entry.reason == earlier.reason && entry.in_transaction == earlier.in_transaction &&
         entry.object == earlier.object && entry.user == earlier.user &&
         entry.time_ms - earlier.time_ms <= kSameMs;
}

}  // namespace

void DenialLog::add(DenialEntry entry) {
  ++(entry.reason == DenialEntry::Reason::kLogin ? failed_logins_ : denied_);
  for (std::string* text : {&entry.object, &entry.user, &entry.client}) shorten(*text);
  const auto end =
      entries_.begin() + std::min(kCompared, static_cast<std::ptrdiff_t>(entries_.size()));
  const auto same = std::find_if(entries_.begin(), end,
                                 [&](const DenialEntry& each) { return repeats(entry, each); });
  if (same != end) {
    entry.count = same->count + 1;
    entries_.erase(same);
  }
  entries_.push_front(std::move(entry));
  if (entries_.size() > kEntriesMax) entries_.pop_back();
}

}  // namespace anabranch::server
