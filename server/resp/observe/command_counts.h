// Counts of each command, and of the errors replied with.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/resp/observe/latency_histogram.h"

namespace anabranch::server {

struct CommandCount {
  std::uint64_t calls = 0;
  std::chrono::nanoseconds time{0};
  std::uint64_t rejected = 0;  // Not executed, since their words were wrong.
  std::uint64_t failed = 0;    // Executed, with an error as the reply.
  LatencyHistogram latency = {};

  // Counts a call.
  void add(std::chrono::nanoseconds took) {
    ++calls;
    time += took;
    latency.add(took);
  }
};

class CommandCounts {
 public:
  // Has room for rows with smaller ids.
  void resize(std::size_t rows) { counts_.resize(rows); }

  // The counts of a row.
  [[nodiscard]] CommandCount& of(std::uint16_t id) { return counts_[id]; }
  [[nodiscard]] const CommandCount& of(std::uint16_t id) const { return counts_[id]; }
  void reset() { counts_.assign(counts_.size(), {}); }

 private:
  std::vector<CommandCount> counts_;
};

// Errors by their first word: "WRONGTYPE".
class ErrorCounts {
 public:
  static constexpr std::size_t kCodesMax = 64;  // Others are counted as "OTHER".

  // Counts an error: "-WRONGTYPE Operation ...", without the sign.
  void add(std::string_view error) {
    ++total_;
    const std::string_view code = error.substr(0, error.find(' '));
    auto found = counts_.find(code);
    if (found == counts_.end()) {
      const bool room = counts_.size() < kCodesMax;
      found = counts_.try_emplace(room ? std::string(code) : "OTHER").first;
    }
    ++found->second;
  }
  [[nodiscard]] const std::map<std::string, std::uint64_t, std::less<>>& all() const {
    return counts_;
  }
  [[nodiscard]] std::uint64_t total() const { return total_; }
  void reset() { *this = {}; }

 private:
  std::map<std::string, std::uint64_t, std::less<>> counts_;
  std::uint64_t total_ = 0;
};

}  // namespace anabranch::server
