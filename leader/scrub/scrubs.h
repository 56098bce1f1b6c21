// The rounds of reading of a leader (scrub.h): one each period, spread over half of it, on a thread
// of its own with a low priority, beside all other work. A note in the directory tells the next
// start where to go on.
//
// A page that the disk has damaged may end the process when it is read, as for every reader. The
// note says where a slice is read, so that the next start names that place and ends the round,
// instead of reading there again at once.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <anabranch/status.h>

#include "core/wall_clock.h"
#include "leader/scrub/scrub_note.h"
#include "regions/state/log_reader.h"
#include "storage/storage.h"

namespace anabranch::leader {

// Thread-safe.
class Scrubs {
 public:
  struct Owner {
    std::string region;
    std::string directory;
    core::Millis period_ms = 0;  // Options::scrub_ms; 0: nothing is read.
  };
  // Begins the thread, which reads nothing for a while: an opening is a busy time. All must outlive
  // this. Throws Error{kIo} if the system has no thread left.
  Scrubs(const storage::Storage& storage, const regions::LogReader& log, Owner owner);
  // Ends the slice that is being read.
  ~Scrubs();
  Scrubs(const Scrubs&) = delete;
  Scrubs& operator=(const Scrubs&) = delete;

  [[nodiscard]] ScrubStatus status() const;

 private:
  void load();
  void run();
  // Reads what is left of a round; returns early when this ends.
  void read_round();
  // Returns when the next round is due, from now.
  [[nodiscard]] core::Millis due_in_ms() const;
  // The time between two slices of a round over so many values.
  [[nodiscard]] core::Millis pause_ms(std::uint64_t total) const;
  void begin_round();
  void end_round(bool whole);
  void save();
  // Returns false when this ends.
  bool wait(core::Millis duration);

  const storage::Storage& storage_;
  const regions::LogReader& log_;
  const Owner owner_;
  const core::SystemClock clock_;
  mutable std::mutex mutex_;
  std::condition_variable stops_;
  bool stopped_ = false;
  ScrubNote note_;
  std::uint64_t total_ = 0;  // Values and records, when the round began or went on.
  bool may_save_ = true;     // False once the note could not be written.
  std::thread thread_;
};

}  // namespace anabranch::leader
