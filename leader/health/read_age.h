// How old the state is that the slowest reader of a store still reads: what was replaced since it
// began stays on the disk, and some of it in memory.
//
// The storage numbers its states; what is sampled is the newest one and the oldest one that is
// read. The age of the latter is the time since a sample had a newer state, to a second or so: a
// reader of the newest state keeps nothing. By the steady clock, and for people. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "core/wall_clock.h"
#include "storage/storage.h"

namespace anabranch::leader {

class ReadAge {
 public:
  // An age over `alarm_ms` is logged once, and once when it is over. 0: it is not. Lines begin with
  // the name of this region.
  ReadAge(std::string region, core::Millis alarm_ms)
      : region_(std::move(region)), alarm_ms_(alarm_ms) {}

  // Takes a sample; times never go back.
  void look(const storage::ReadStates& states, core::Millis now);

  // As of the last look; 0 when nobody reads a state that was replaced.
  [[nodiscard]] core::Millis age_ms() const { return age_ms_; }
  [[nodiscard]] bool alarms() const { return alarms_; }

  // What is said of a reader of this age.
  static std::string text(core::Millis age_ms);

 private:
  struct Sample {
    std::uint64_t newest;
    core::Millis seen_ms;
  };
  static constexpr std::size_t kSamplesMax = 1'000;

  void note(std::uint64_t newest, core::Millis now);

  std::string region_;
  core::Millis alarm_ms_;
  core::Millis age_ms_ = 0;
  bool alarms_ = false;
  std::deque<Sample> samples_;  // Of states newer than the oldest that is read, in their order.
  core::Millis apart_ms_ = 0;   // Between two of them, at least.
};

}  // namespace anabranch::leader
