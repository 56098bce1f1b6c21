// The clocks of other leaders: for each leader, the time of the last word from it, directly or
// through others, its clock's reading then, and whether that reading was right. It decides how long
// an absent leader is waited for before expired keys are cleared.
//
// All times in here are running time: the total time that this leader has ever run, as its log
// counts it (log_segments.h). No wall clock can falsify it, and a restart does not reset it. While
// this leader is off it stands still, so that an absence seems shorter than it is, never longer;
// leaders that kept running report the true length. A leader that was present at the last store
// counts as heard until this leader stopped, and its clock as gone on until then. If that clock had
// stopped, the reading is too late by the drift and kStoreMs at most: a clock that is off by more
// than the drift is stored as off within kStoreMs. A leader that stops before that knows, when it
// starts again, the last right word only, and so do those that hear of the other one through it.
//
// An absent leader's clock goes on: it shows at least its last reading plus the time since. Once
// the leader is away for longer than `wait`, its clock counts as being that far, less `wait`. A
// leader whose clock was off at its last word, by more than the drift from this one, does not count
// so: this leader cannot tell which of the two was wrong. Example, with a wait of a day: `us`
// showed Monday 12:00 and fell silent; on Wednesday 12:00 keys may be cleared that expired before
// Tuesday 12:00.
//
// Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "core/result.h"
#include "regions/wire/clock_word.h"
#include "storage/storage.h"

namespace anabranch::regions {

class HeardClocks {
 public:
  // A leader with a word younger than this is present.
  static constexpr core::Millis kFreshMs = 30'000;
  // The intervals of stores: the first change is stored at once. Then at most this often for a new
  // leader, one that goes away, or a clock that is found off or right...
  static constexpr core::Millis kStoreMs = 10'000;
  // ...this often for the time of absent leaders, and this often for the last words of present
  // ones.
  static constexpr core::Millis kCountMs = 60'000;
  static constexpr core::Millis kRestMs = 600'000;

  explicit HeardClocks(core::Millis drift_ms_max) : drift_ms_max_(drift_ms_max) {}
  core::Result<void> load(const storage::Snapshot& snapshot);
  // Tells, after load(), the running time at which this leader stopped.
  void resume(core::Millis running);

  // Records a word that has arrived; its way took at most `round_trip_ms`. `wall` is the own clock.
  void hear(const ClockWord& word, core::Millis wall, core::Millis running,
            core::Millis round_trip_ms = 0);
  // Forgets all leaders for which `counts` is false.
  void retain(const std::function<bool(core::Origin)>& counts);
  [[nodiscard]] bool knows(core::Origin origin) const { return all_.contains(origin); }
  // The words to be passed on.
  [[nodiscard]] std::vector<ClockWord> words(core::Millis running) const;

  // Returns the time, by the clock of an absent leader, before which that leader is no longer
  // waited for; -1 when it is present, or not away for long enough, or when its clock was off, or
  // if no word of it was ever heard.
  [[nodiscard]] core::Millis given_up_ms(core::Origin origin, core::Millis wait,
                                         core::Millis running) const;
  // Returns whether the clock of a leader agrees with this one, by the newest word under any of its
  // origins; nullopt when that leader is away. A word from before a jump of the own clock does not
  // agree.
  [[nodiscard]] std::optional<bool> agrees(const std::vector<core::Origin>& origins,
                                           core::Millis running) const;
  // Records that the own clock jumped at that running time. Call it again after load(), before
  // resume().
  void jumped(core::Millis at);

  // Returns the latest time that the clock of any leader must show by now; -1 when none was heard.
  [[nodiscard]] core::Millis latest_ms(core::Millis running) const;
  // The same, computed from the stored rows, as a restart would find it now.
  [[nodiscard]] core::Millis latest_stored_ms() const;

  // Returns whether some change is worth a commit of its own; take_changes() returns the changed
  // rows of meta, which must be committed together with the running time.
  [[nodiscard]] bool wants_storing(core::Millis running) const;
  [[nodiscard]] storage::Changes take_changes(core::Millis running);

 private:
  struct Heard {
    ClockWord word;
    core::Millis at_ms = 0;
    bool off = false;
    bool before_jump = false;                       // Heard before the own clock jumped.
    std::optional<core::Millis> stored_at_ms = {};  // As its row says; nullopt without a row.
    bool stored_off = false;
    bool stored_away = false;

    [[nodiscard]] core::Millis age_ms(core::Millis running) const;
    [[nodiscard]] bool away(core::Millis running) const { return age_ms(running) > kFreshMs; }
    [[nodiscard]] bool changed(core::Millis running) const {
      return stored_at_ms != at_ms || stored_off != off || stored_away != away(running);
    }
  };
  core::Result<void> read_row(core::Origin origin, std::string_view value);

  core::Millis drift_ms_max_;
  std::map<core::Origin, Heard> all_;
  std::vector<core::Origin> forgotten_;  // Their rows are to be removed.
  core::Millis stored_ms_ = -kStoreMs;   // The time of the last store.
};

}  // namespace anabranch::regions
