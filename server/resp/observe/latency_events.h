// Samples of what took long, by kind of event: LATENCY.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

namespace anabranch::server {

class LatencyEvents {
 public:
  static constexpr std::size_t kSamplesMax = 160;  // Of each event.

  struct Sample {
    std::int64_t time = 0;  // Seconds since 1970.
    std::int64_t ms = 0;
  };
  struct Event {
    std::deque<Sample> samples;  // The oldest first.
    std::int64_t most_ms = 0;    // Ever.
  };

  // Events that take at least so long are kept; zero keeps none, and is the default.
  void set_threshold(std::chrono::milliseconds least) { least_ = least; }
  [[nodiscard]] std::chrono::milliseconds threshold() const { return least_; }
  [[nodiscard]] bool takes(std::chrono::nanoseconds took) const {
    return least_.count() > 0 && took >= least_;
  }
  // Keeps a sample of an event, one of a fixed set of names. Of several in one second the longest.
  void add(std::string_view event, std::int64_t time, std::chrono::nanoseconds took);
  [[nodiscard]] const std::map<std::string, Event, std::less<>>& all() const { return events_; }
  // Forgets an event; returns whether there was one.
  bool forget(std::string_view event);
  std::size_t forget_all();

 private:
  std::chrono::milliseconds least_{0};
  std::map<std::string, Event, std::less<>> events_;
};

}  // namespace anabranch::server
