#include "server/resp/observe/slow_log.h"

#include <algorithm>
#include <utility>

namespace anabranch::server {

void SlowLog::set_length(std::size_t entries) {
  length_ = std::min(entries, kEntriesMax);
  if (commands_.size() > length_) commands_.resize(length_);
}

// Shortened as by Redis: the last word tells how many there were.
void SlowLog::add(SlowCommand command, std::span<const std::string_view> words) {
  command.id = next_++;
  if (length_ == 0) return;
  const bool all = words.size() <= kWordsMax;
  for (const std::string_view word : words.first(all ? words.size() : kWordsMax - 1)) {
    std::string shown(word.substr(0, kWordBytesMax));
    if (word.size() > kWordBytesMax) {
      shown += "... (" + std::to_string(word.size() - kWordBytesMax) + " more bytes)";
    }
    command.words.push_back(std::move(shown));
  }
  if (!all) {
    const std::size_t rest = words.size() - kWordsMax + 1;
    command.words.push_back("... (" + std::to_string(rest) + " more arguments)");
  }
  commands_.push_front(std::move(command));
  if (commands_.size() > length_) commands_.pop_back();
}

}  // namespace anabranch::server
