// Keeps the log for leaders that lack some of it, and forgets the rest, within the limits of
// log_segments.h. A region's missing records follow from the durable vector that it has shown, its
// own origin included: the tail that its leader loses with its power can be fetched back from
// others. Every origin of the list counts that has neither ended nor is lost, whether its leader is
// connected or not, and whether that is a peer or reached through others: then by its report. So
// does each leader that has greeted and is in no list yet. Where two leaders go on as one region,
// as after a follower was promoted, each of them counts; so do a listed member that follows, and
// the leader that this replica follows.
//
// The chain hash at each position that a region showed last stays when the log there is forgotten,
// so that both sides can verify, when they meet again, that their histories are one.
//
// Forgetting goes in slices, one per tick, so that no writer waits for long; tick() returns the
// time of the next slice.
//
// A vector counts only as far as it is of the history that the log has: up to the place where a
// fork is known (fork_places.h), and of what a leader shows beyond this replica only the part that
// was shown to be the same. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "regions/exchange/exchange.h"
#include "regions/log/fork_places.h"
#include "regions/log/log_segments.h"
#include "regions/members/region_list.h"
#include "regions/members/region_reports.h"
#include "regions/members/settled_origins.h"
#include "regions/state/committed.h"

namespace anabranch::regions {

class LogKeeper final : public Participant {
 public:
  static constexpr core::Millis kDecideMs = 1000;      // Between two checks of missing records.
  static constexpr core::Millis kPauseMs = 10;         // Between two slices.
  static constexpr core::Millis kRememberMs = 10'000;  // Between two writings of reports...
  static constexpr core::Millis kIdleMs = 30'000;      // ...if there is no other commit.
  // The longest running time that a restart forgets, if commits succeed.
  static constexpr core::Millis kRunningMs = 900'000;
  static constexpr storage::Position kSliceRecordsMax = 1000;
  static constexpr std::uint64_t kSliceBytesMax = std::uint64_t{16} << 20U;

  // All must outlive the keeper.
  LogKeeper(CommittedState& state, const RegionList& regions, const SettledOrigins& settled,
            LogLimits limits);
  core::Result<void> load();

  // Counts the records, and stores segments at once, reports now and then.
  void record(Commit& commit) override;
  // The next commit stores for how long this leader has run.
  void store_running_time() { running_due_ = true; }

  // Forgets a slice of records that no region needs any more. `waited_for` tells whether a region
  // counts. Fails as storage does.
  using WaitedFor = std::function<bool(const std::string& region)>;
  core::Result<void> tick(core::Millis now, const Exchange& exchange, const WaitedFor& waited_for);
  // The latest time of the next tick(): soon while there is more to forget.
  [[nodiscard]] core::Millis next_tick_ms() const;

  // The total time that this leader has ever run, at the steady time `now`.
  [[nodiscard]] core::Millis running_ms(core::Millis now) const;

  // Forgets a slice of the log before `end`, even if regions lack it. Returns whether more of it is
  // left.
  core::Result<bool> forget_before(storage::Position end);

  // Keeps the log from `position` on for a reader that needs all of it; with nullopt that reader
  // needs none any more. See LogSegments.
  void hold(const std::string& reader, std::optional<storage::Position> position);

  // Returns whether a region is known to have all of a vector, as far as it has the histories here;
  // on its disk, or, with kApplied, applied. The leader with the greatest reign that has told
  // anything decides; where reigns are not counted, one member that has it is enough.
  enum class Has : std::uint8_t { kDurable, kApplied };
  [[nodiscard]] bool has(const std::string& region, const core::VersionVector& vector, Has what,
                         const Exchange& exchange) const;
  // Returns how far a region has an origin in this sense.
  [[nodiscard]] core::Seq reached(const std::string& region, core::Origin of, Has what,
                                  const Exchange& exchange) const;
  // The same of one member, by its own origin; `shown`: how far it says to be by other ways.
  [[nodiscard]] core::Seq reached(core::Origin member, core::Origin of, Has what,
                                  const Exchange& exchange, core::Seq shown = 0) const;
  [[nodiscard]] const LogSegments& segments() const { return segments_; }
  [[nodiscard]] const RegionReports& reports() const { return reports_; }
  [[nodiscard]] RegionReports& reports() { return reports_; }
  // {region: first record of the log that it lacks}, as of the last check; only regions that lack
  // any.
  [[nodiscard]] const std::map<std::string, storage::Position>& lacked() const { return lacked_; }

 private:
  // Finds the first record that each region lacks.
  core::Result<void> look(const Exchange& exchange, const WaitedFor& waited_for);
  void look_at_forks(const Exchange& exchange);
  // The durable vector of a leader by all its messages; `peer` is null when it is no peer.
  [[nodiscard]] core::VersionVector on_disk(core::Origin origin, const Peer* peer) const;
  // Returns whether the list of regions says that an origin has ended.
  [[nodiscard]] bool is_gone(const std::string& region, core::Origin origin) const;
  // Returns the part of a leader's durable vector that is of the history here, as far as it is
  // known.
  core::VersionVector of_this_history(core::Origin leader, const core::VersionVector& durable,
                                      const Exchange& exchange);
  // A directory that a region is waited for by; `peer` is null when it is no peer.
  struct Member {
    core::Origin origin = 0;
    const Peer* peer = nullptr;
  };
  // Those of a region, this one left out.
  [[nodiscard]] std::vector<Member> members(const std::string& region,
                                            const Exchange& exchange) const;
  [[nodiscard]] bool has_said(const Member& member) const;
  // Those that decide what a region has: of those that have told anything the one with the greatest
  // reign, or all.
  [[nodiscard]] std::vector<Member> deciding(const std::string& region,
                                             const Exchange& exchange) const;
  // Returns that of each member of a region.
  std::vector<core::VersionVector> by_leader(const std::string& region, const Exchange& exchange);
  // Returns what a region that has told nothing must have had: what its writes depend on. It may
  // lack its own writes: its leader may have lost them with its power, or fallen back to a copy.
  [[nodiscard]] core::VersionVector seen_by(const std::string& region) const;
  // The same of a member: it may never have written anything.
  [[nodiscard]] core::VersionVector seen_by(const Member& member) const;
  // The first record that `durable` does not cover; the end of the log when there is none.
  [[nodiscard]] storage::Position first_lacked(const core::VersionVector& durable) const;
  // Keeps the chain hashes at the positions that regions showed last, before the log forgets them.
  void keep_chains_at(const core::VersionVector& shown);
  void keep_chains(const std::set<std::string>& regions, const Exchange& exchange);
  [[nodiscard]] bool forgetting() const { return segments_.first() < keep_from_; }
  core::Result<void> forget_slice();
  // Writes reports and running time, when they are due although there is no other commit.
  core::Result<void> remember(core::Millis now);

  CommittedState& state_;
  const RegionList& regions_;
  const SettledOrigins& settled_;
  LogSegments segments_;
  RegionReports reports_;
  ForkPlaces forks_;
  // {a leader: the greatest positions that it has shown, and that this replica had by then}
  std::map<core::Origin, core::VersionVector> covered_;
  std::map<std::string, storage::Position> lacked_;
  storage::Position keep_from_ = 0;  // All records before it may be forgotten.
  core::Millis now_ms_ = -1;         // Of the last tick; -1 before the first.
  core::Millis next_ms_ = 0;
  core::Millis remembered_ms_ = 0;      // When reports were written last.
  core::Millis stored_running_ms_ = 0;  // The running time as its row says.
  bool running_due_ = false;
  bool trims_signatures_ = true;  // The log has forgotten batches that may have signatures beside.
};

}  // namespace anabranch::regions
