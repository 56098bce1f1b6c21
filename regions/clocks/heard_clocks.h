// What is known of the clocks of other leaders: when each was heard of last, directly or through
// others, what its clock showed then, and whether that was right. It decides how long an absent
// leader is waited for before keys that have expired are cleared.
//
// All time in here is running time: for how long this leader has ever run, as its log counts it
// (log_segments.h). No wall clock can be wrong about it, and a restart does not begin it anew.
// While this leader is off it stands still, so that an absence seems shorter than it is, never
// longer; leaders that went on running say how long it was. A leader that was there when it was
// stored last counts as heard until this one stopped.
//
// An absent leader's clock goes on: it shows at least what it showed last and the time since. Once
// it is away for longer than `wait`, it counts as being that far, less `wait`. One whose clock was
// off when it was heard last, by more than the drift from this one, does not count so: which of
// the two was wrong nobody knows. Example, with a wait of a day: `us` showed Monday 12:00 and fell
// silent; on Wednesday 12:00 keys may be cleared that expired before Tuesday 12:00.
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
  // Who was heard of more recently is there.
  static constexpr core::Millis kFreshMs = 30'000;
  // What is stored, the first of it at once, else at most so often: who is new, or away, a clock
  // that is found off or right...
  static constexpr core::Millis kStoreMs = 10'000;
  // ...how time goes on while somebody is away, and when the others were heard of last.
  static constexpr core::Millis kCountMs = 60'000;
  static constexpr core::Millis kRestMs = 600'000;

  explicit HeardClocks(core::Millis drift_ms_max) : drift_ms_max_(drift_ms_max) {}
  core::Result<void> load(const storage::Snapshot& snapshot);
  // Tells after load() for how long this leader had run when it stopped.
  void resume(core::Millis running);

  // A word has come, which may have taken as long as a round trip; `wall` is what the own clock
  // shows.
  void hear(const ClockWord& word, core::Millis wall, core::Millis running,
            core::Millis round_trip_ms = 0);
  // Forgets all others.
  void retain(const std::function<bool(core::Origin)>& counts);
  [[nodiscard]] bool knows(core::Origin origin) const { return all_.contains(origin); }
  // What is passed on.
  [[nodiscard]] std::vector<ClockWord> words(core::Millis running) const;

  // Up to where an absent leader is not waited for any more, by its own clock; -1 when it is there,
  // or not away for long enough, or when its clock was off, or nothing was ever heard of it.
  [[nodiscard]] core::Millis given_up_ms(core::Origin origin, core::Millis wait,
                                         core::Millis running) const;
  // Whether the clock of a leader agrees with this one, by the newest word under any of its
  // origins; nullopt when that leader is away. A word of before a jump of the own clock does not
  // agree.
  [[nodiscard]] std::optional<bool> agrees(const std::vector<core::Origin>& origins,
                                           core::Millis running) const;
  // The own clock has jumped.
  void jumped();

  // The latest time that the clock of any leader must show by now; -1 when nobody was heard.
  [[nodiscard]] core::Millis latest_ms(core::Millis running) const;
  // The same as a restart would find it now, from what is stored.
  [[nodiscard]] core::Millis latest_stored_ms() const;

  // Whether anything is worth a commit of its own, and the rows of meta that have changed: those
  // must be committed with the running time.
  [[nodiscard]] bool wants_storing(core::Millis running) const;
  [[nodiscard]] std::vector<storage::Change> take_changes(core::Millis running);

 private:
  struct Heard {
    ClockWord word;
    core::Millis at_ms = 0;
    bool off = false;
    bool before_jump = false;                       // Heard before the own clock jumped.
    std::optional<core::Millis> stored_at_ms = {};  // As its row says; nothing without one.
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
  std::vector<core::Origin> forgotten_;  // Whose rows are to go.
  core::Millis stored_ms_ = -kStoreMs;   // When something was stored last.
};

}  // namespace anabranch::regions
