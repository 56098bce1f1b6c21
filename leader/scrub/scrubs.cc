#include "leader/scrub/scrubs.h"

#include <anabranch/error.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/log.h"
#include "core/text.h"
#include "leader/backup/note_file.h"
#include "leader/health/amounts.h"
#include "leader/threads/begin_thread.h"
#include "rows/row_text.h"

namespace anabranch::leader {

using core::Millis;

namespace {

constexpr int kNice = 15;
constexpr Millis kFirstWaitMs = 600'000;  // After an opening, at most.
constexpr Millis kPauseMsMin = 50;      // Between two slices: at most 20 MiB are read in a second.
constexpr Millis kPauseMsMax = 60'000;  // So that little is read in a little time.
constexpr Millis kLookMs = 3'600'000;   // Between two looks whether a round is due.

}  // namespace

Scrubs::Scrubs(const storage::Storage& storage, const regions::LogReader& log, Owner owner)
    : storage_(storage),
      log_(log),
      owner_{std::move(owner.region), absolute_path(owner.directory), owner.period_ms} {
  if (owner_.period_ms == 0) return;
  load();
  thread_ = begin_thread([this] { run(); });
}

Scrubs::~Scrubs() {
  {
    const std::lock_guard guard(mutex_);
    stopped_ = true;
  }
  stops_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Scrubs::load() {
  auto note = load_scrub_note(owner_.directory);
  if (!note.ok()) {
    core::log_warning(owner_.region,
                      "what was read of the data lately is unknown: " + note.failure().message);
    return;
  }
  if (!note.value()) return;
  note_ = *std::move(note).value();
  if (!note_.reading) return;
  ++note_.damaged;
  core::log_warning(owner_.region,
                    "the last process ended while it read all that is stored, in the table " +
                        std::string(part_name(note_.place)) + " behind the key " +
                        rows::quoted(note_.place.key) +
                        ": the data file may be damaged there; anabranch check tells more");
  end_round(false);
}

bool Scrubs::wait(Millis duration) {
  std::unique_lock lock(mutex_);
  return !stops_.wait_for(lock, std::chrono::milliseconds(duration), [this] { return stopped_; });
}

Millis Scrubs::due_in_ms() const {
  const Millis now = clock_.now_ms();
  const std::lock_guard guard(mutex_);
  // A clock that was ahead must not put the next round off.
  if (note_.under_way || note_.begun_ms == 0 || note_.begun_ms > now) return 0;
  return std::max<Millis>(0, note_.begun_ms + owner_.period_ms - now);
}

Millis Scrubs::pause_ms(std::uint64_t total) const {
  const auto slices = static_cast<Millis>(total / Scrub::kEntriesMax + 1);
  return std::clamp(owner_.period_ms / 2 / slices, kPauseMsMin, kPauseMsMax);
}

void Scrubs::run() {
  (void)::setpriority(PRIO_PROCESS, 0, kNice);  // Of this thread alone, on Linux.
  if (!wait(std::min(kFirstWaitMs, owner_.period_ms / 4))) return;
  for (;;) {
    if (const Millis due_in = due_in_ms(); due_in > 0) {
      if (!wait(std::min(due_in, kLookMs))) return;
      continue;
    }
    begin_round();
    try {
      read_round();
    } catch (const Error& error) {
      core::log_warning(owner_.region,
                        std::string("all that is stored cannot be read: ") + error.what());
      end_round(false);
    }
    const std::lock_guard guard(mutex_);
    if (stopped_) return;
  }
}

void Scrubs::begin_round() {
  const std::lock_guard guard(mutex_);
  if (note_.under_way) return;
  note_ = {.begun_ms = clock_.now_ms(),
           .finished_ms = note_.finished_ms,
           .under_way = true,
           .place = {}};
}

void Scrubs::read_round() {
  Scrub scrub(storage_, log_, note_.place);
  const std::uint64_t damaged_before = note_.damaged;
  const std::uint64_t total = scrub.total();
  {
    const std::lock_guard guard(mutex_);
    total_ = total;
  }
  core::log_info(owner_.region, "reads all that is stored, to verify it: about " +
                                    std::to_string(total) + " values and records, " +
                                    std::to_string(note_.place.done) + " of them done");
  const auto keep = [&](bool reading) {
    {
      const std::lock_guard guard(mutex_);
      note_.place = scrub.place();
      note_.damaged = damaged_before + scrub.damaged();
      note_.reading = reading;
    }
    save();
  };
  for (bool more = true; more;) {
    keep(true);
    more = scrub.slice();
    keep(false);
    if (more && !wait(pause_ms(total))) return;
  }
  end_round(true);
}

void Scrubs::end_round(bool whole) {
  const Millis now = clock_.now_ms();
  {
    const std::lock_guard guard(mutex_);
    note_.under_way = note_.reading = false;
    if (whole) note_.finished_ms = now;
  }
  save();
  if (!whole) return;
  core::log_info(owner_.region,
                 "has read all that is stored: " + std::to_string(note_.place.done) +
                     " values and records in " +
                     time_span(std::max<Millis>(0, now - note_.begun_ms)) + ", " +
                     (note_.damaged == 0 ? "all of them sound"
                                         : std::to_string(note_.damaged) + " values are damaged"));
}

void Scrubs::save() {
  if (!may_save_) return;
  const auto saved = save_scrub_note(owner_.directory, note_);
  may_save_ = saved.ok();
  if (!saved.ok()) {
    core::log_warning(owner_.region,
                      "a restart will read all that is stored anew: " + saved.failure().message);
  }
}

ScrubStatus Scrubs::status() const {
  const std::lock_guard guard(mutex_);
  ScrubStatus status;
  status.finished_ms = note_.finished_ms;
  status.begun_ms = note_.under_way ? note_.begun_ms : 0;
  status.done = note_.under_way ? note_.place.done : 0;
  status.total = note_.under_way ? total_ : 0;
  status.damaged = note_.damaged;
  return status;
}

}  // namespace anabranch::leader
