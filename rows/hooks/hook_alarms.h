// Alarms about hooks: a hook threw, took long, or gave two answers to one question. They are told
// and counted, and nothing else: no clock and no machine decides what is shown.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/mutex.h"

namespace anabranch::rows {

enum class HookTrouble : std::uint8_t { kThrew, kSlow, kUnstable };

// Thread-safe, as far as the functions given are.
class HookAlarms {
 public:
  static constexpr std::int64_t kPauseUs = 60'000'000;  // Between two lines about one hook.
  static constexpr std::int64_t kSlowUs = 10'000;
  static constexpr std::size_t kListedMax = 20;
  static constexpr std::size_t kKnownMax = 100;  // Of hooks and kinds: the rest is counted alone.

  // What alarms need of the process.
  struct Outside {
    // The time since any moment, in microseconds. Without it nothing is slow, and each hook and
    // kind is told of once.
    std::function<std::int64_t()> now_us;
    std::function<void(const std::string&)> warn;  // Writes a line to the log.
  };

  explicit HookAlarms(Outside outside) : outside_(std::move(outside)) {}

  // Counts a trouble of a hook and keeps the sentence, which names hook and key; logs it unless a
  // line about this hook and kind was logged within a minute.
  void raise(HookTrouble kind, std::string_view hook, const std::string& text);
  // Returns the number of troubles of a kind.
  [[nodiscard]] std::uint64_t count(HookTrouble kind) const { return counts_[index(kind)]; }
  // Returns the last sentence of each hook and kind, at most kListedMax.
  [[nodiscard]] std::vector<std::string> listed() const;
  // Returns the time; 0 without a clock.
  [[nodiscard]] std::int64_t now_us() const { return outside_.now_us ? outside_.now_us() : 0; }

 private:
  struct Told {
    std::string text;
    std::int64_t next_us = 0;
  };
  static std::size_t index(HookTrouble kind) { return static_cast<std::size_t>(kind); }

  const Outside outside_;
  std::atomic<std::uint64_t> counts_[3] = {};
  mutable core::Mutex mutex_;  // Guards the map.
  std::map<std::pair<HookTrouble, std::string>, Told> told_;
};

}  // namespace anabranch::rows
