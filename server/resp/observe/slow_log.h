// The log of slow commands: SLOWLOG.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace anabranch::server {

struct SlowCommand {
  std::uint64_t id = 0;
  std::int64_t time = 0;  // Seconds since 1970.
  std::chrono::microseconds took{0};
  std::vector<std::string> words = {};  // Shortened.
  std::string address = {};             // HOST:PORT of the client.
  std::string client = {};              // Its name.
};

class SlowLog {
 public:
  static constexpr std::size_t kEntriesMax = 10'000;  // The greatest limit that can be set.
  static constexpr std::size_t kWordsMax = 32;
  static constexpr std::size_t kWordBytesMax = 128;

  // Commands that take longer are kept; a negative time keeps none.
  void set_threshold(std::chrono::microseconds least) { least_ = least; }
  [[nodiscard]] std::chrono::microseconds threshold() const { return least_; }
  void set_length(std::size_t entries);
  [[nodiscard]] std::size_t length() const { return length_; }

  [[nodiscard]] bool takes(std::chrono::nanoseconds took) const {
    return least_.count() >= 0 && took >= least_;
  }
  // Keeps a command; the oldest goes when the log is full.
  void add(SlowCommand command, std::span<const std::string_view> words);
  // The newest first.
  [[nodiscard]] const std::deque<SlowCommand>& all() const { return commands_; }
  void reset() { commands_.clear(); }

 private:
  std::chrono::microseconds least_{10'000};
  std::size_t length_ = 128;
  std::uint64_t next_ = 0;
  std::deque<SlowCommand> commands_;
};

}  // namespace anabranch::server
