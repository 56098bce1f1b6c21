// The commands of a client between MULTI and EXEC. There may be a million of them, or of words in
// one: all lie one behind the other in few pieces of memory, so that neither to keep nor to drop
// them is much work at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace anabranch::server {

struct Command;
class User;

struct Queue {
  struct Entry {
    const Command* command = nullptr;
    const Command* container = nullptr;
    // It was checked against the rights of this user, of this version (Host).
    const User* user = nullptr;
    std::uint64_t rights_version = 0;
    std::uint32_t words = 0;  // Their number...
    std::uint32_t piece = 0;  // ...and their place.
    std::uint32_t begin = 0;
  };

  // The memory that a command takes, about.
  static std::size_t bytes_of(std::span<const std::string_view> words);

  // Keeps a command with a copy of its words.
  void add(Entry entry, std::span<const std::string_view> words);
  // Views of the words, valid as long as the queue.
  [[nodiscard]] std::vector<std::string_view> words(const Entry& entry) const;
  void close() { *this = Queue{}; }

  bool open = false;
  bool aborted = false;   // A command could not be queued: EXEC refuses.
  std::size_t bytes = 0;  // As bytes_of(), of all.
  std::deque<Entry> entries = {};
  std::vector<std::string> pieces = {};
};

}  // namespace anabranch::server
