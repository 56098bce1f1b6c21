// The replica: one region's state and protocol, without I/O of its own. No threads, sockets,
// clocks, files or randomness: writes, messages and the time come in, effects go out, on top of a
// Storage. tests/model/model.py specifies its effects on rows; the simulator and the leader run
// this class.
//
//   begin    begins a local transaction in the open group      commit   closes the group: one batch
//   step     takes a message in                                apply    applies what is deliverable
//   tick     heartbeats, stalls, trimming                      durable  tells what is on disk
//
// Effects are in effects() until the owner takes them. Invariants: 1. nothing is sent, shown to
// readers or acknowledged before the commit it follows from; 2. a batch is applied exactly once,
// when all that it depends on has been; 3. after a failed commit nothing more is written, applied
// or sent; a commit that is refused (Failure::passes) has changed nothing and has no number, and
// the next write and the next tick try again. Not thread-safe; readers use snapshots of the storage
// and names().
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/hlc.h"
#include "core/result.h"
#include "regions/background.h"
#include "regions/clocks/stable_time.h"
#include "regions/conflicts/conflict_log.h"
#include "regions/delivery/inbox.h"
#include "regions/exchange/exchange.h"
#include "regions/exchange/seen_followers.h"
#include "regions/local_writer.h"
#include "regions/log/log_keeper.h"
#include "regions/members/met_addresses.h"
#include "regions/membership.h"
#include "regions/policies.h"
#include "regions/presence/presence_exchange.h"
#include "regions/replica_options.h"
#include "regions/state/committed.h"
#include "regions/state/lost_log.h"
#include "regions/wire/alarms.h"
#include "regions/wire/effect.h"

namespace anabranch::regions {

class Replica {
 public:
  // Opens the storage and continues where it ends. Both references must outlive the replica. Fails
  // with kInvalid when the storage belongs to another region or mesh, kCorrupt when it cannot be
  // read, kIo when the opening cannot be recorded.
  static core::Result<std::unique_ptr<Replica>> open(storage::Storage& storage,
                                                     const core::WallClock& clock,
                                                     ReplicaOptions options);

  // ---- Local writes.

  // Returns the open group, begun when there is none; staged writes can be read from its stage.
  Group& group() { return writer_.group(); }
  // Begins a transaction of the open group, or a part of the one that is open already. Throws
  // kClosed after a failed commit, and kReadOnly on a follower.
  [[nodiscard]] OpenTransaction begin() { return writer_.begin(); }
  // Commits the open group as one batch, or lets go of it when it is empty. Returns the position in
  // the log that holds all writes so far.
  core::Result<storage::Position> commit() { return writer_.commit(); }
  // The same in two steps; the group must be dirty. Between them more may be staged, in the next
  // group, which has this one in its base; nothing else may be called but names() and readers of
  // the storage, which do not see the commit. The first returns whether the storage waits for the
  // disk meanwhile; it tells by Storage::committed_fd() when the second need not wait.
  core::Result<bool> begin_commit() { return writer_.begin_commit(); }
  core::Result<void> finish_commit() { return writer_.finish_commit(); }
  // Whether a commit is under way.
  [[nodiscard]] bool committing() const { return state_.committing(); }
  // Tells readers of a row that is staged or about to be committed, if it is that of an expiry.
  void note_expiry(const core::Path& path) { state_.note_expiry(path); }

  // ---- The leader as a member of the mesh.

  // Writes into the list of regions, if that is due, that this leader has opened its origin, and
  // the proposals of its region. The group must not be dirty.
  core::Result<void> announce();
  // Takes writes from now on, if it has followed until now: under its present origin if that is
  // listed here, else under a new one. Where it may lead by itself one day, or its region counts
  // reigns, it does so under the next one, unless lead_under() has told another.
  core::Result<void> promote(core::Millis now);
  // The same for a member that is handed the lead: under the next reign, and its directory has that
  // it leads. Fails with kInvalid, and follows on, where the list of regions does not have it.
  core::Result<void> take_over(core::Millis now);
  // Writes a member of its region into the list of regions, if it is not there, as one that may
  // lead; all wait for it from then on. see_members() has told of it. The group must not be dirty.
  // Fails with kInvalid where that cannot be: its origin is lost, has ended, or is another's; the
  // list is full; or a greater reign than the own one is known.
  core::Result<void> list_member(const core::Hash128& node, core::Origin origin);
  // Leads from now on, leads on under another reign, or follows on, as a Candidacy has decided; the
  // role is on the disk before anything else is done. Of a start that has listened the present
  // origin is kept, else as by promote(). The group must not be dirty. Fails, and stays as it is,
  // where the disk refuses. It must follow where the role does not lead.
  core::Result<void> take_role(const RoleRow& role, core::Millis now);
  // The reverse: follows from now on, if it has led until now, under the same origin. The group
  // must not be dirty, and no commit be under way. begin() refuses writes behind this call, also
  // where it fails; all that was written is on the disk then, and so is the new role. Where the
  // disk refuses that for now, a later tick stores it. Resets that its large clears owe are still
  // written by sweeps. Fails with kInvalid, and leads on, while it gives way to another history.
  core::Result<void> step_down(core::Millis now);
  // Looks at the newest cards of the other members of its region: a leader lists those that may
  // lead, with the next announce(). `known` is the greatest reign that any of them names, `now` is
  // of the clock of their `made_ms`.
  void see_members(std::vector<ShownMember> members, std::uint64_t known, core::Millis now) {
    members_.see(std::move(members), known, now);
  }
  // Tells under which reign it leads; see Membership.
  void lead_under(std::uint64_t reign, bool blind) { members_.lead_under(reign, blind); }
  // Stages that a region is retired, that it is lost for good, or, with kNone, that it counts
  // again. Fails with kInvalid, naming the reason, when that cannot be.
  core::Result<void> retire(std::string_view region, Retirement retirement) {
    return members_.retire(region, retirement);
  }
  // Stages that one origin of a region is lost for good; see Membership.
  core::Result<void> declare_lost(std::string_view region, core::Origin origin) {
    return members_.declare_lost(region, origin);
  }
  // The same of a member, by its node; see Membership.
  core::Result<void> declare_lost(std::string_view region, const core::Hash128& node) {
    return members_.declare_lost(region, node);
  }
  // The policies and modules of the mesh: stages that one is set or removed.
  [[nodiscard]] Policies& policies() { return policies_; }

  // ---- The other leaders. The time is any steady clock's.

  // `region` is the one that must be at the other end; empty when any may be.
  void link_up(LinkId link, std::string address, core::Millis now, std::string region = {});
  void link_down(LinkId link);
  // Takes a message in.
  void step(LinkId link, Message message, core::Millis now);
  // Tells that a part of a long message comes in; or, with `all`, that all of it is here, before
  // step(). Meanwhile nothing is asked for again on that link.
  void part_came(LinkId link, bool all, core::Millis now);
  // Tells the weight (turn_of) of all that has left of a lane of a link since it came up. Without
  // ReplicaLimits::bounded_outbox it need not be told.
  void bodies_left(LinkId link, Lane lane, std::uint64_t weight) {
    exchange_.bodies_left(link, lane, weight);
  }
  // Pauses a peer, or ends its pause. Returns whether its name is known; see Links.
  bool pause(std::string_view peer) { return exchange_.pause(peer); }
  bool resume(std::string_view peer);
  // Sends a message of presence to all that hear it, `held_ms` after it was published; its lengths
  // must be those of a Presence. Those of others come as effects.
  void publish(std::string channel, std::string body, core::Millis held_ms, core::Millis now);
  // The effects that the owner has to carry out; it takes or clears them, and may add its own.
  [[nodiscard]] Effects& effects() { return effects_; }

  // ---- Work.

  // Applies a slice of the deliverable batches, in one commit. The group must not be dirty. Returns
  // whether more is waiting.
  core::Result<bool> apply(core::Millis now);
  // The work beside writing and applying, in slices.
  [[nodiscard]] Background& background() { return background_; }

  // ---- Time, disk and end.

  void tick(core::Millis now);
  [[nodiscard]] core::Millis next_tick_ms() const;
  // Returns the deadline up to which this leader may clear expired keys, -1 for none; see
  // StableTime.
  [[nodiscard]] core::Millis clearable_ms(core::Millis now) { return time_.clearable_ms(now); }
  // Forgets what the log has lost (LostLog), and removes the files with it that openings have set
  // aside. The group must not be dirty.
  core::Result<void> forget_losses();
  // Stores all that the parts have to record, without a write. The group must not be dirty.
  core::Result<void> store();
  // Stores a timestamp of now, so that the other regions can be told. The group must not be dirty.
  core::Result<void> store_clock();
  // Tells that the records up to `position` may be sent: they are durable, or need not be.
  void durable(storage::Position position, core::Millis now);
  // Writes nothing any more, as after a failed commit.
  void close_for_writes(core::Failure why) { state_.fail(std::move(why)); }
  // Records that nothing more will be written: the last call of a leader that ends as it should, so
  // that the next opening goes on under the same origin.
  core::Result<void> close();

  // ---- The state, to be read.

  [[nodiscard]] const Identity& identity() const { return state_.identity(); }
  [[nodiscard]] const Applied& applied() const { return state_.applied(); }
  [[nodiscard]] const rows::Names& names() const { return state_.names(); }
  // Which sums have a correction, and how many requests are remembered.
  [[nodiscard]] rows::PublishedRequests& requests() {
    return state_.applied().published_requests();
  }
  // Returns a reader of the committed rows: as readers see them, or, for comparing and sending, as
  // all replicas have them that have applied the same.
  [[nodiscard]] std::unique_ptr<rows::SnapshotReader> reader(
      rows::Tallies tallies = rows::Tallies::kAsShown) const {
    return state_.reader(tallies);
  }
  // Why nothing is written any more; nothing while all is well.
  [[nodiscard]] const std::optional<core::Failure>& broken() const { return state_.broken(); }
  // Whether commits were refused a moment ago, for a cause that may pass.
  [[nodiscard]] bool refusing() const { return refusing_; }
  static constexpr core::Millis kRefusingMs = 1'000;
  // Gets what the next commit needs from the system, for one that must not be refused any more.
  core::Result<void> make_ready() { return state_.make_ready(); }

  [[nodiscard]] const CommittedState& state() const { return state_; }
  // A start whose role is not decided yet (ReplicaOptions).
  [[nodiscard]] bool listens() const { return listens_; }
  // See ReplicaOptions.
  [[nodiscard]] core::Millis promote_after_ms() const { return options_.promote_after_ms; }
  [[nodiscard]] LocalWriter& writer() { return writer_; }
  [[nodiscard]] const LocalWriter& writer() const { return writer_; }
  [[nodiscard]] const Membership& members() const { return members_; }
  [[nodiscard]] const Policies& policies() const { return policies_; }
  [[nodiscard]] const ConflictLog& conflicts() const { return conflicts_; }
  [[nodiscard]] const Exchange& exchange() const { return exchange_; }
  [[nodiscard]] const Inbox& inbox() const { return inbox_; }
  [[nodiscard]] const PresenceExchange& presence() const { return presence_; }
  [[nodiscard]] const LogKeeper& keeper() const { return keeper_; }
  [[nodiscard]] const StableTime& time() const { return time_; }
  [[nodiscard]] const LostLog& lost() const { return lost_; }
  [[nodiscard]] LostLog& lost() { return lost_; }
  [[nodiscard]] const MetAddresses& met() const { return met_; }
  // The followers of its region that it has ever seen.
  [[nodiscard]] const SeenFollowers& followers() const { return followers_; }
  [[nodiscard]] const Background& background() const { return background_; }

 private:
  Replica(storage::Storage& storage, ReplicaOptions options);
  // Notes who has greeted at a dialled address.
  void note_meeting(LinkId link, const Greeting& greeting);
  // Tries whether commits are still refused, if they were, and tells of the change.
  void try_again(core::Millis now);
  // Whether it still has to write resets of its own clears, or a branch again.
  [[nodiscard]] bool owes() const;
  // Whether its region counts reigns.
  [[nodiscard]] bool counts_reigns() const {
    return options_.promote_after_ms > 0 || members_.known_reign() > 0;
  }
  // Records that it follows, and, once it owes nothing, that it is at rest (Identity).
  core::Result<void> come_to_rest();
  // The role under which it is promoted; nothing where its directory has none.
  [[nodiscard]] std::optional<RoleRow> next_role(bool counts_reigns) const;
  // Records, before it leads, that it does, and that it is at rest no more; without a role, as its
  // directory has none, the second alone. Or records that it follows.
  core::Result<void> store_role(const std::optional<RoleRow>& role);
  core::Result<void> lead(const std::optional<RoleRow>& role, core::Millis now);

  ReplicaOptions options_;
  Effects effects_;
  Alarms alarms_{effects_};
  CommittedState state_;
  LostLog lost_;
  MetAddresses met_;
  Membership members_;
  Exchange exchange_;
  LocalWriter writer_;
  Policies policies_;
  ConflictLog conflicts_;
  Inbox inbox_;
  LogKeeper keeper_;
  StableTime time_;
  Background background_;
  PresenceExchange presence_;
  std::uint64_t refusals_ = 0;  // As of the last tick.
  core::Millis refused_ms_ = 0;
  bool refusing_ = false;
  bool owes_role_ = false;  // It follows, and its disk may not say so.
  bool listens_ =
      options_.listens;  // A start whose role is not decided: it follows, and is not at rest.
  SeenFollowers followers_;
};

}  // namespace anabranch::regions
