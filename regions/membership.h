// This leader as a member of the mesh: the list of regions as it is committed, the report of where
// this leader stands, those of the others, and the origins that have ended by all of it.
//
// Invariant: what it reports is on its disk. Not thread-safe.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "regions/delivery/inbox.h"
#include "regions/exchange/exchange.h"
#include "regions/local_writer.h"
#include "regions/log/log_keeper.h"
#include "regions/members/region_list.h"
#include "regions/members/settled_origins.h"
#include "regions/snapshot/snapshots.h"
#include "regions/state/committed.h"
#include "regions/wire/alarms.h"

namespace anabranch::regions {

class Membership final : public Participant, public RowWatcher {
 public:
  // Between two times that subscriptions are reopened for a new list of regions.
  static constexpr core::Millis kCloseMs = 1'000;
  // Between two reports that differ only in what is on the disk.
  static constexpr core::Millis kReportMs = 5'000;
  // Of one region, those that follow now under a name that is in no list, and have led.
  static constexpr std::ptrdiff_t kFormerLeadersMax = 16;

  struct Owner {
    CommittedState& state;
    Exchange& exchange;
    LogKeeper& keeper;
    Inbox& inbox;
    LocalWriter& writer;
    const Snapshots& snapshots;
    Alarms& alarms;
    Effects& effects;
  };

  // All that the owner refers to must outlive this. It need not be complete before load().
  explicit Membership(Owner owner) : owner_(owner) {}

  // Reads what was settled; what was applied must have been loaded.
  core::Result<void> load(const storage::Snapshot& snapshot) { return settled_.load(snapshot); }
  // Reads the list of regions, now and after each commit that touches it.
  core::Result<void> load_list();

  // A report that came on a link.
  void on(LinkId link, RegionReport report);
  // Says anew where this leader stands, when that is due.
  void renew_report(core::Millis now);
  // Sends the reports that a peer lacks.
  void send_reports(LinkId link, const core::VersionVector& known);
  // Whether a message is of a region that was declared lost, with which nothing is exchanged.
  [[nodiscard]] bool refuses(LinkId link, const Message& message);
  // Whether a batch that came on a link is taken.
  [[nodiscard]] bool accepts(LinkId link, const BatchMessage& message,
                             const core::Batch& batch) const;

  // Writes into the list of regions, if that is due, that this leader has opened its origin.
  core::Result<void> announce();
  // Stages that nobody waits for a region any more, that it is lost for good, or, with kNone, that
  // it counts again. Fails with kInvalid, naming the reason, when that cannot be.
  core::Result<void> retire(std::string_view region, Retirement retirement);
  // An origin goes on.
  void unsettle(core::Origin origin);
  // Every region that was ever known, as committed.
  [[nodiscard]] const RegionList& list() const { return regions_; }
  // The origins of which nothing will ever arrive any more; see settled_origins.h.
  [[nodiscard]] const SettledOrigins& settled() const { return settled_; }
  [[nodiscard]] SettledOrigins& settled() { return settled_; }

  void leaves(const core::Path& path, crdt::Row& /*row*/) override {
    if (RegionList::prefix().is_prefix_of(path)) touched_ = true;
  }
  void applied(const core::Batch& batch) override { unsettle(batch.origin); }
  void record(Commit& commit) override { settled_.record(commit); }
  void committed(const Commit& commit) override;

 private:
  static constexpr unsigned kNumbersPerOpening = 32;  // As a power of 2.

  // Where this leader stands, once everything is on its disk; without number and signature.
  [[nodiscard]] RegionReport make_report() const;
  // Whether others would settle by this what they would not settle by what was said last, or the
  // other way round.
  [[nodiscard]] bool closes_others(const RegionReport& now) const;
  // Takes what has ended only from new subscriptions, and from disks, if the list has changed.
  void close_ended(core::Millis now);
  // Whether others wait for what this leader says of itself: it leads, or it has led.
  [[nodiscard]] bool is_waited_for() const;
  // Whether the list knows the leader that says a report.
  [[nodiscard]] bool is_listed(const RegionReport& report) const;
  // Lets go of reports in favour of one whose incarnation is not in the list; false when that has
  // to stay outside.
  bool make_room_for(const RegionReport& report);
  // Whether a report is of an incarnation that may still be there.
  [[nodiscard]] bool is_current(const RegionReport& report) const;
  // Settles what all reports settle.
  void settle() { settled_.look(regions_, owner_.keeper.reports()); }
  // All origins of a region that are known from anywhere.
  [[nodiscard]] std::vector<core::Origin> origins_of(std::string_view region) const;
  [[nodiscard]] const Identity& self() const { return owner_.state.identity(); }

  Owner owner_;
  RegionList regions_;
  SettledOrigins settled_{owner_.state.applied()};
  bool loaded_ = false;
  bool touched_ = false;            // A row of the list is in the commit that is being made.
  core::Hash128 list_;              // Of the list that was looked at last.
  core::Hash128 closed_by_;         // Of the one by which ended origins were closed last.
  std::set<core::Origin> ended_;    // What had ended by that.
  core::Millis next_close_ms_ = 0;  // When it may be done again.
  std::uint64_t reports_made_ = 0;  // In this opening.
  core::Millis report_ms_ = 0;      // When the last one was.
};

}  // namespace anabranch::regions
