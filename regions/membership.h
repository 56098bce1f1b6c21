// This leader as a member of the mesh: the committed list of regions, the region reports of this
// leader and of the others (wire/region_report.h), and the origins that have ended by all of these.
//
// Invariant: the positions that this leader reports are on its disk. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "regions/delivery/inbox.h"
#include "regions/exchange/exchange.h"
#include "regions/local_writer.h"
#include "regions/log/log_keeper.h"
#include "regions/members/lister.h"
#include "regions/members/region_list.h"
#include "regions/members/settled_origins.h"
#include "regions/state/committed.h"
#include "regions/state/role_row.h"
#include "regions/wire/alarms.h"

namespace anabranch::regions {

class Membership final : public Participant, public RowWatcher {
 public:
  // Between two times that subscriptions are reopened for a new list of regions.
  static constexpr core::Millis kCloseMs = 1'000;
  // Between two reports that differ only in the positions on the disk.
  static constexpr core::Millis kReportMs = 5'000;
  // The former leaders of one region that follow now, under an origin that is in no list.
  static constexpr std::ptrdiff_t kFormerLeadersMax = 16;

  struct Owner {
    CommittedState& state;
    Exchange& exchange;
    LogKeeper& keeper;
    Inbox& inbox;
    LocalWriter& writer;
    std::function<bool()> takes_snapshot;  // Whether a snapshot is being received or merged.
    Alarms& alarms;
    Effects& effects;
  };

  // All that the owner refers to must outlive this. It need not be complete before load().
  explicit Membership(Owner owner) : owner_(std::move(owner)) {}

  // Reads the settled origins; the applied vector must have been loaded.
  core::Result<void> load(const storage::Snapshot& snapshot) { return settled_.load(snapshot); }
  // Reads the list of regions, now and after each commit that touches it.
  core::Result<void> load_list();

  // Takes in a report that came on a link.
  void on(LinkId link, RegionReport report);
  // Renews the report of this leader, when that is due.
  void renew_report(core::Millis now);
  // Sends the reports that a peer lacks.
  void send_reports(LinkId link, const core::VersionVector& known);
  // Returns whether a message is refused, since its region was declared lost.
  [[nodiscard]] bool refuses(LinkId link, const Message& message);
  // Returns whether a batch that came on a link is accepted.
  [[nodiscard]] bool accepts(LinkId link, const BatchMessage& message,
                             const core::Batch& batch) const;

  // Writes into the list of regions, if that is due, that this leader has opened its origin, and
  // those before it; the row of its reign; and members that may lead. All that is on the disk then,
  // also where the storage syncs later.
  core::Result<void> announce();
  // Looks at the newest cards of the other members of the region; `known` is the greatest reign
  // that they name.
  void see(std::vector<ShownMember> members, std::uint64_t known, core::Millis now);
  // Has a member listed with the next announce(), without waiting until it is ripe.
  void list_soon(const core::Hash128& node) { lister_.ask(node); }
  // Tells under which reign it leads, now or as soon as it leads; 0: none, and it writes no row of
  // it. A blind leader writes none, and lists nobody.
  void lead_under(std::uint64_t reign, bool blind);
  [[nodiscard]] std::uint64_t reign() const { return reign_; }
  [[nodiscard]] bool blind() const { return blind_; }
  // Goes on from the stored row of its role.
  void go_on(const RoleRow& role);
  // It leads no more, under no reign; those that it has known it knows.
  void step_down();
  // The greatest reign that is known here.
  [[nodiscard]] std::uint64_t known_reign() const {
    return std::max({reign_, known_reign_, regions_.newest_reign(self().region).reign});
  }
  // Whether the present origin is in the list, and has neither ended nor was declared lost.
  [[nodiscard]] bool is_listed() const { return regions_.counts(self().region, self().origin); }
  // Stages that a region is retired, is lost for good, or, with kNone, counts again.
  // Fails with kInvalid, naming the reason, when that cannot be.
  core::Result<void> retire(std::string_view region, Retirement retirement);
  // Stages that one origin of a region is lost for good, with those before it that no other origin
  // goes on from; other origins of the same directory, and of the region, count as before. Fails
  // with kInvalid, naming the reason and the remedy, when that cannot be.
  core::Result<void> declare_lost(std::string_view region, core::Origin origin);
  // Stages that a member of a region is lost for good, by its node: its origins that the list has,
  // each as by the function above, whether it is connected or not. Fails with kInvalid where it is
  // this one, or has none.
  core::Result<void> declare_lost(std::string_view region, const core::Hash128& node);
  // Takes an origin for settled no longer: a write of it has come.
  void unsettle(core::Origin origin);
  // Every region that was ever known, as committed.
  [[nodiscard]] const RegionList& list() const { return regions_; }
  // The origins that will never go on; see settled_origins.h.
  [[nodiscard]] const SettledOrigins& settled() const { return settled_; }
  [[nodiscard]] SettledOrigins& settled() { return settled_; }

  void leaves(const core::Path& path, crdt::Row& /*row*/) override {
    if (RegionList::prefix().is_prefix_of(path)) touched_ = true;
  }
  void applied(core::Origin origin, core::Seq /*first*/) override { unsettle(origin); }
  void record(Commit& commit) override { settled_.record(commit); }
  void committed(const Commit& commit) override;

 private:
  static constexpr unsigned kNumbersPerOpening = 32;  // As a power of 2.

  // Returns the report for the time when everything is on the disk; without number and signature.
  [[nodiscard]] RegionReport make_report() const;
  // Returns whether other leaders would settle other origins by this report than by the last one
  // of this leader.
  [[nodiscard]] bool closes_others(const RegionReport& now) const;
  // If the list has changed: accepts ended origins only from disks, by new subscriptions.
  void close_ended(core::Millis now);
  // Returns whether other leaders wait for the reports of this one: it leads, or it has led.
  [[nodiscard]] bool is_waited_for() const;
  // Returns whether all is on the disk; at times it waits for that.
  [[nodiscard]] bool is_durable(core::Millis now);
  // The former origins of this directory that the list does not know, each with the one before it,
  // the newest first: those of a follower that has led, and of a leader that has announced none.
  [[nodiscard]] std::vector<std::pair<core::Origin, core::Origin>> unannounced() const;
  // The rows of origins that announce() has to write: of other members, and its own.
  [[nodiscard]] std::vector<Lister::Row> members_due();
  void add_own(std::vector<Lister::Row>& rows) const;
  [[nodiscard]] bool owes_reign() const;
  // Returns the newest former origin of this directory that the list knows; 0 if it knows none, or
  // if nothing is left that tells.
  [[nodiscard]] core::Origin listed_before() const;
  // Returns whether the list knows the leader of a report.
  [[nodiscard]] bool is_listed(const RegionReport& report) const;
  // Drops reports to make room for one of an incarnation that is not in the list. Returns false if
  // there is no room for it.
  bool make_room_for(const RegionReport& report);
  // Returns whether the incarnation of a report may still be there.
  [[nodiscard]] bool is_current(const RegionReport& report) const;
  // Settles the origins that all reports settle.
  void settle() { settled_.look(regions_, owner_.keeper.reports()); }
  // An origin of the list, and those before it in its line that no other origin has followed.
  [[nodiscard]] std::vector<core::Origin> left_behind(core::Origin origin) const;
  // Returns why an origin cannot be declared lost, as a sentence; empty when it can.
  [[nodiscard]] std::string why_not_lost(std::string_view region, core::Origin origin) const;
  // All origins of a region that are known from anywhere.
  [[nodiscard]] std::vector<core::Origin> origins_of(std::string_view region) const;
  [[nodiscard]] const Identity& self() const { return owner_.state.identity(); }

  Owner owner_;
  RegionList regions_;
  Lister lister_;
  std::uint64_t reign_ = 0;
  std::uint64_t known_reign_ = 0;
  bool blind_ = false;
  SettledOrigins settled_{owner_.state.applied()};
  bool loaded_ = false;
  bool touched_ = false;            // A row of the list is in the commit that is being made.
  core::Hash128 list_;              // The hash of the last list looked at.
  core::Hash128 closed_by_;         // The hash of the list by which origins were closed last.
  std::set<core::Origin> ended_;    // The origins that had ended by that.
  core::Millis next_close_ms_ = 0;  // When it may be done again.
  std::uint64_t reports_made_ = 0;  // In this opening.
  core::Millis report_ms_ = 0;      // When the last one was.
  core::Millis durable_ms_ = 0;     // When all was last on the disk.
};

}  // namespace anabranch::regions
