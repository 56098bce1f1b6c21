// The replica: one region's state and protocol, without I/O of its own. No threads, sockets,
// clocks, files or randomness: writes, messages and the time come in, effects go out, on top of a
// Storage. tests/model/model.py specifies what it does to rows; the simulator and the leader run
// this class.
//
//   write    stages a local transaction in the open group      commit   closes the group: one batch
//   step     takes a message in                                apply    applies what is deliverable
//   tick     heartbeats, stalls, trimming                      durable  what the disk has now
//
// Effects are in effects() until the owner takes them. Invariants: 1. nothing is sent, shown to
// readers or acknowledged before the commit it follows from; 2. a batch is applied exactly once,
// when all that it depends on has been; 3. after a failed commit nothing more is written, applied
// or sent. Not thread-safe; readers use snapshots of the storage and names().
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/hlc.h"
#include "core/result.h"
#include "regions/clocks/clock_jumps.h"
#include "regions/clocks/clock_watch.h"
#include "regions/clocks/heard_clocks.h"
#include "regions/clocks/passed_clocks.h"
#include "regions/delivery/clears_aside.h"
#include "regions/delivery/hold_buffer.h"
#include "regions/delivery/provenance.h"
#include "regions/delivery/signer.h"
#include "regions/delivery/unproven.h"
#include "regions/exchange/exchange.h"
#include "regions/group.h"
#include "regions/log/log_keeper.h"
#include "regions/members/region_list.h"
#include "regions/members/settled_origins.h"
#include "regions/rejoin/rejoin.h"
#include "regions/snapshot/snapshots.h"
#include "regions/state/committed.h"
#include "regions/state/reserve.h"
#include "regions/verify/divergence.h"
#include "regions/verify/verifier.h"
#include "regions/wire/effect.h"
#include "rows/stage/sweep.h"
#include "storage/storage.h"

namespace anabranch::regions {

// Bounds of what is held in memory, under way and on disk. Tests make them tiny.
struct ReplicaLimits {
  LogLimits log{};
  std::uint64_t reserve_bytes = 0;  // See Options::reserve_bytes.
  std::uint64_t window_bytes = Exchange::kWindowBytes;
  std::size_t hold_bytes_max = HoldBuffer::kBytesMax;
  std::size_t slice_ops_max = 1000;  // Of foreign batches applied in one commit.
  SnapshotLimits snapshots{};
  // Where more rows are stored below a prefix, a clear of it is done by a mask and swept later.
  std::size_t own_clear_rows_direct = 1000;
  std::size_t foreign_clear_rows_direct = 1000;
  rows::SweepLimits sweep{};  // Of one slice.
  RejoinLimits rejoin{};
  // Where more rows are stored below the prefix of a foreign clear, what it leaves is counted
  // ahead.
  std::size_t clear_rows_counted_at_once = 8000;

  // Returns the bytes that one peer may have under way to here: what a full hold buffer has no room
  // for is asked for again, and comes with a window of what follows each time.
  [[nodiscard]] std::uint64_t window() const {
    return std::max<std::uint64_t>(
        std::min<std::uint64_t>(hold_bytes_max / kWindowPart, window_bytes), 1);
  }
  static constexpr std::size_t kWindowPart = 8;
};

struct ReplicaOptions {
  core::Hash128 mesh;
  std::string region;
  // Random numbers for this opening: the origin counts only in an empty directory, or when a new
  // incarnation begins.
  core::Origin fresh_origin = 0;
  std::uint64_t nonce = 0;
  // The operator wants a new incarnation.
  bool new_origin = false;
  // More random numbers, for incarnations that begin while it runs. Without it they follow from the
  // nonce, which two copies of one running machine have in common.
  std::function<core::Origin()> random_origin = {};
  // With it, what others than its own leader send is applied as far as its region has signed it.
  // Must outlive the replica; null: nothing is signed, and everybody is believed.
  const Signatures* signatures = nullptr;
  // What decides between concurrent scores; must outlive the replica. Null: `lww` does.
  const rows::Resolvers* resolvers = nullptr;
  core::Millis drift_ms_max = core::HybridClock::kDriftMaxMs;
  // For how long a leader that is away keeps keys that have expired from being cleared.
  core::Millis expiry_wait_ms = core::Millis{24} * 3600 * 1000;
  // It takes no writes of its own, and nobody waits for it, until promote().
  bool follows = false;
  // Whether it writes itself into the list of regions, a transaction of its own for each origin.
  bool announce = false;
  // Whether its batches carry checksums. Without, it writes as versions did that had none: for
  // tests of living with these.
  bool checksums = true;
  ReplicaLimits limits{};
};

class Replica final : private Participant, private RowWatcher {
 public:
  static constexpr std::size_t kDeadRowsMax = 100'000;
  static constexpr std::size_t kAlarmsMax = 1000;  // Different ones.
  static constexpr std::uint64_t kOriginsPerOpeningMax = 10;
  // Between two times that subscriptions are reopened for a new list of regions.
  static constexpr core::Millis kCloseMs = 1'000;
  // Between two standings that differ only in what is on the disk.
  static constexpr core::Millis kStandingMs = 5'000;
  // Of one region, those that follow now under a name that is in no list, and have led.
  static constexpr std::ptrdiff_t kFormerLeadersMax = 16;
  static constexpr std::size_t kSliceBytesMax = std::size_t{4} << 20U;
  // Slices are so much larger while nobody writes here, when no write has to wait for them: fewer
  // commits, each with a sync, and fewer pages written twice.
  static constexpr std::size_t kQuietScale = 8;
  static constexpr core::Millis kQuietMs = 1000;
  // With so much to apply, nothing more is asked for.
  static constexpr std::size_t kHeldEnoughBytes = Exchange::kWindowBytes;

  // Opens the storage and continues where it ends. Both references must outlive the replica. Fails
  // with kInvalid when the storage belongs to another region or mesh, kCorrupt when it cannot be
  // read, kIo when the opening cannot be recorded.
  static core::Result<std::unique_ptr<Replica>> open(storage::Storage& storage,
                                                     const core::WallClock& clock,
                                                     ReplicaOptions options);

  // ---- Local writes.

  // The open group, begun when there is none: what it has staged can be read from its stage.
  Group& group();
  // Whether the open group holds transactions that are not committed yet.
  [[nodiscard]] bool dirty() const { return open_ && !open_->group.empty(); }
  // Runs a function as a transaction of the open group, or as a part of the one that runs already.
  // What it throws undoes it and comes out here.
  void write(const std::function<void(Group&)>& function);
  // Commits the open group as one batch, or lets go of it when it is empty. Gives the position in
  // the log that holds all writes so far.
  core::Result<storage::Position> commit();
  // Writes into the list of regions, if that is due, that this leader has opened its origin. The
  // group must not be dirty.
  core::Result<void> announce();
  // Takes writes from now on, under a new origin, if it has followed until now.
  core::Result<void> promote(core::Millis now);
  [[nodiscard]] bool follows() const { return options_.follows; }
  // Stages that nobody waits for a region any more, that it is lost for good, or, with kNone, that
  // it counts again. Fails with kInvalid, naming the reason, when that cannot be.
  core::Result<void> retire(std::string_view region, Retirement retirement);

  // Gives way to the other history of an origin that has two: begins to join as if empty and to
  // write again what only this side has (rejoin.h). With `adopt` also what another region wrote
  // under that origin, although its leader has the other history. The group must not be dirty.
  // Fails with kInvalid, naming the reason, when that cannot be.
  core::Result<void> resolve_fork(core::Origin origin, bool adopt, core::Millis now);
  // What it does to give way; null when it does not.
  [[nodiscard]] const Rejoin* rejoin() const { return rejoin_.get(); }
  // Why the last attempt was given up; nothing when none was.
  [[nodiscard]] const std::optional<core::Failure>& rejoin_failed() const { return rejoin_failed_; }

  // ---- The other leaders. The time is any steady clock's.

  // `region` is who must be at the other end; empty when that is open.
  void link_up(LinkId link, std::string address, core::Millis now, std::string region = {});
  void link_down(LinkId link);
  void step(LinkId link, Message message, core::Millis now);
  // A message that could not be decoded.
  void reject(LinkId link) { effects_.push_back(Reject{link}); }
  // Applies a slice of what was received and is deliverable, in one commit. Returns whether more is
  // waiting. The group must not be dirty.
  core::Result<bool> apply(core::Millis now);
  // Does a slice of what goes on in the background: snapshots that are sent, received and merged.
  // Returns whether more is waiting. The group must not be dirty.
  core::Result<bool> work(core::Millis now);
  // Asks a peer for a snapshot, as tick() does when no log has what is lacking here.
  void ask_for_snapshot(core::Origin peer, core::Millis now);
  // Drops the dead slots that it knows of and that nothing waits for any more.
  core::Result<void> collect();
  // Whether large clears are done but not swept yet. Until then this replica holds more than what
  // it shows; and its own clears of counters are not all in its log yet.
  [[nodiscard]] bool sweeping() const { return !state_.masks()->empty(); }
  // How the members of sorted sets are scored.
  [[nodiscard]] const rows::Scores& scores() const { return state_.scores(); }
  // Whether orders of scores are to be made or removed. Until then rankings may be slow.
  [[nodiscard]] bool ordering() const { return ordering_; }
  // Whether sweep() has anything to do.
  [[nodiscard]] bool tidying() const { return sweeping() || ordering(); }
  // Sweeps a slice, in one commit, or, when nothing is left to sweep, does a slice of the work on
  // orders. Returns whether there is more. The group must not be dirty.
  core::Result<bool> sweep();
  void tick(core::Millis now);
  [[nodiscard]] core::Millis next_tick_ms() const;

  // ---- Time, for keys that expire.

  // Up to which deadline nobody else can let a key live longer: the clock of every other leader is
  // known to have passed it, and everything that it wrote before has been applied here; or it is
  // not waited for any longer (heard_clocks.h). In milliseconds since 1970; crdt::Expiry::kNever
  // without other leaders. Retired regions count, those declared lost do not.
  [[nodiscard]] core::Millis passed_ms(core::Millis now);
  // Whether this leader may clear at all: its wall clock has not moved against its steady one
  // lately, and does not stand alone against those of several regions.
  [[nodiscard]] bool may_clear(core::Millis now);
  // A sentence for each clock that is wrong, or was and goes on winning; by region, the own one
  // under an empty name, and what it is about.
  [[nodiscard]] std::map<std::string, std::string> clock_complaints(core::Millis now) const;
  // The newest timestamp that is stored: the clock never goes back behind it.
  [[nodiscard]] core::Hlc stored_clock() const { return state_.stored_clock(); }
  // Tells readers of a row that is staged or about to be committed, if it is that of an expiry.
  void note_expiry(const core::Path& path);
  // Stores one of now, so that the other regions can be told. The group must not be dirty.
  core::Result<void> store_clock();
  // Records that nothing more will be written: the last call of a leader that ends as it should, so
  // that the next opening goes on under the same origin.
  core::Result<void> close();
  // What the storage has up to `position` may be sent: it is durable, or need not be.
  void durable(storage::Position position, core::Millis now);
  bool pause(std::string_view peer) { return exchange_->pause(peer); }
  bool resume(std::string_view peer);

  // Begins to compare rows with these regions, or with all peers; see Verifier.
  void verify(std::vector<std::string> regions, core::Millis now);
  [[nodiscard]] std::vector<regions::Verdict> verdicts() const { return verifier_->verdicts(); }

  // What the owner has to carry out; it takes or clears them.
  [[nodiscard]] Effects& effects() { return effects_; }

  // ---- What is known.

  [[nodiscard]] const Identity& identity() const { return state_.identity(); }
  [[nodiscard]] const Applied& applied() const { return state_.applied(); }
  [[nodiscard]] const ChainHashes& chains() const { return state_.chains(); }
  // The log as everybody should read it, and what of it was found damaged. Any thread may read.
  [[nodiscard]] const SoundLog& log() const { return state_.log(); }
  [[nodiscard]] const Exchange& exchange() const { return *exchange_; }
  [[nodiscard]] const HoldBuffer& held() const { return held_; }
  [[nodiscard]] const Provenance& provenance() const { return provenance_; }
  // What has been waiting for its proof too long.
  [[nodiscard]] const Unproven& unproven() const { return unproven_; }
  // What is kept of the log, and for whom.
  [[nodiscard]] LogKeeper& keeper() { return keeper_; }
  [[nodiscard]] const LogKeeper& keeper() const { return keeper_; }
  [[nodiscard]] const Snapshots& snapshots() const { return *snapshots_; }
  // Every region that was ever known, as committed.
  [[nodiscard]] const RegionList& regions() const { return regions_; }
  // Whether the disk has everything that is applied.
  [[nodiscard]] bool all_durable() const { return state_.all_durable(); }
  // The origins of which nothing will ever arrive any more; see settled_origins.h.
  [[nodiscard]] const SettledOrigins& settled() const { return settled_; }
  [[nodiscard]] const ClockWatch& clocks() const { return clocks_; }
  [[nodiscard]] const rows::Names& names() const { return state_.names(); }
  // Over the rows as they are committed: of the same moment as applied().
  [[nodiscard]] const rows::Digests& digests() const { return state_.digests(); }
  // The digest to compare with those of others; nothing while it says nothing.
  [[nodiscard]] std::optional<core::Hash128> digest() const;
  [[nodiscard]] const Divergence& divergence() const { return divergence_; }
  // The rows as they are committed.
  [[nodiscard]] std::unique_ptr<rows::SnapshotReader> reader(
      rows::Tallies tallies = rows::Tallies::kAsShown) const {
    return state_.reader(tallies);
  }
  // The rows as all replicas have them that have applied the same: for comparing and for sending.
  [[nodiscard]] std::unique_ptr<rows::SnapshotReader> logged_reader() const {
    return reader(rows::Tallies::kAsLogged);
  }
  // How much room there is, as of the last group, slice or tick.
  [[nodiscard]] const Reserve& reserve() const { return reserve_; }
  // Why nothing is written any more; nothing while all is well.
  [[nodiscard]] const std::optional<core::Failure>& broken() const { return state_.broken(); }
  // Writes nothing any more, as after a failed commit.
  void close_for_writes(core::Failure why) { state_.fail(std::move(why)); }

 private:
  static constexpr unsigned kNumbersPerOpening = 32;  // As a power of 2.
  struct OpenGroup {
    std::unique_ptr<rows::SnapshotReader> base;
    Group group;
  };

  Replica(storage::Storage& storage, ReplicaOptions options);
  core::Result<void> load();
  core::Result<void> load_regions();
  // Takes what has ended only from new subscriptions, and from disks, if the list has changed.
  void close_ended(core::Millis now);
  // Whether anything of an origin has come that is not applied yet.
  [[nodiscard]] bool holds(core::Origin origin) const;
  // Where this replica stands, once everything is on its disk; without number and signature.
  [[nodiscard]] Standing make_standing() const;
  // Whether others would settle by this what they would not settle by what was said last, or the
  // other way round.
  [[nodiscard]] bool closed_otherwise(const Standing& now) const;
  // Says anew where this replica stands, when that is due.
  void renew_standing(core::Millis now);
  void take(LinkId link, Standing standing);
  // Whether others wait for what this replica says of itself: it leads, or it has led.
  [[nodiscard]] bool is_waited_for() const;
  // Whether the list knows the leader that says a standing.
  [[nodiscard]] bool is_listed(const Standing& standing) const;
  // Lets go of standings in favour of one whose incarnation is not in the list; false when that has
  // to stay outside.
  bool make_room_for(const Standing& standing);
  // Whether a standing is of an incarnation that may still be there.
  [[nodiscard]] bool may_stand(const Standing& standing) const;
  // Sends the standings that a peer lacks.
  void send_standings(LinkId link, const core::VersionVector& known);
  // Settles what all standings settle.
  void settle();
  // An origin goes on.
  void unsettle(core::Origin origin);
  // All origins of a region that are known from anywhere.
  [[nodiscard]] std::vector<core::Origin> origins_of(std::string_view region) const;
  // Whether a message is of a region that was declared lost, with which nothing is exchanged.
  [[nodiscard]] bool refuse_lost(LinkId link, const Message& message);
  // Names what of the log was found damaged, and keeps the chain hashes around it: others must be
  // able to see that the histories before and behind it are the same.
  void name_damage();
  // What was received is no batch, or a damaged one.
  void refuse(LinkId link, const BatchMessage& received);
  // Whether a batch that came on a link is taken.
  [[nodiscard]] bool may_come(LinkId link, const BatchMessage& message,
                              const core::Batch& batch) const;
  void take(LinkId link, Heartbeat& heartbeat, core::Millis now);
  // Notes what a heartbeat says of its sender's clock.
  void observe_clock(LinkId link, const Heartbeat& heartbeat, core::Millis now);
  void complain_of_clocks(core::Millis now);
  core::Result<void> record_opening();
  core::Result<void> record_identity(std::vector<storage::Change> changes = {});
  [[nodiscard]] core::Origin fresh_origin();
  // Begins a new incarnation; it counts when it is recorded.
  void begin_origin(std::string why);
  // Begins a new incarnation when what peers have shown forbids to write on as this one.
  core::Result<void> heed_doubt(core::Millis now);
  // Begins a new origin while it runs, and greets everybody anew once that is recorded.
  core::Result<void> go_on_as_new(std::string why, core::Millis now);
  core::Result<void> recover(const storage::StoredRecord& record);
  core::Batch make_batch(std::vector<core::Transaction> transactions) const;
  [[nodiscard]] std::string encode(const core::Batch& batch) const;
  // All that a batch's leader had applied of other origins: the changes it carries, on what is
  // known.
  [[nodiscard]] core::VersionVector deps_of(const core::Batch& batch) const;
  // Applies a batch to a stage and goes on to its end.
  void apply_batch(rows::Stage& stage, const HeldBatch& held, const core::VersionVector& deps);
  // Goes on to the end of a batch whose effects are staged.
  void advance(const core::Batch& batch, const core::VersionVector& deps, std::string_view bytes);
  // Commits ops of this leader's own with a slice: stages them as its next batch.
  HeldBatch stage_own(rows::Stage& stage, std::vector<core::Op> ops);
  // Before a foreign batch: lists the waiting tallies that it adds to. Nothing when there are none.
  std::optional<HeldBatch> list_waiting(rows::Stage& stage, const core::Batch& batch);
  core::Result<void> sweep_slice(rows::Stage& stage);
  core::Result<bool> order_slice();
  // The next batch to be applied to a slice; nothing when there is none now.
  std::optional<HeldBatch> next_batch(rows::Stage& stage);
  // Counts on for a large foreign clear. Returns whether something can be applied.
  bool look_ahead();
  // How large slices are: 1, or kQuietScale when the last local write is long ago.
  std::size_t slice_scale(core::Millis now);
  // Applies deliverable batches until there were `ops_max` ops; gives what was applied.
  std::vector<HeldBatch> apply_slice(rows::Stage& stage, std::size_t ops_max);
  // Drops a row's dead slots where that is safe, and remembers the row when some stay.
  void leaves(const core::Path& path, crdt::Row& row) override;
  // What is committed now, to be compared.
  [[nodiscard]] Inspection inspect() const;
  // Compares digests with a peer that has applied the same.
  void compare(LinkId link, const Heartbeat& heartbeat);
  // Takes a batch in to be applied: at once when its own leader sent it, else when it is proven.
  void hold(LinkId link, HeldBatch held, core::Millis now);
  // Whether a batch that is not the next one of its origin is not here: there was no room for it.
  [[nodiscard]] bool had_no_room(core::Origin origin, core::Seq first) const;
  // Whether a batch may wait here as a whole until it is proven.
  [[nodiscard]] bool has_room(const HeldBatch& held) const;
  // With much waiting, takes in the position that a batch carries the signature of.
  void prove_before(const HeldBatch& held, const std::string& region, core::Millis now);
  // Sends a link what is signed of some origins.
  void send_positions(LinkId link, const core::VersionVector& origins);
  // Takes a signed position in.
  void take(LinkId link, const SignedPosition& position, core::Millis now);
  void take(Provenance::Outcome outcome, core::Millis now);
  // The region that an origin is known to be of, as far as applied batches or greetings tell.
  [[nodiscard]] std::string region_of(core::Origin origin) const;
  // Finds signatures of where origins have stopped because what comes next waits for others.
  void prove_stops();
  // Tells an operator of what has been waiting for its proof too long.
  void complain_of_unproven(core::Millis now);
  // Signs what is due, passes on what is new, and keeps it now and then.
  void sign_and_pass_on(core::Millis now);
  // Whether a batch continues the chain that was applied.
  [[nodiscard]] bool continues_chain(const core::Batch& batch) const;
  // Applies and commits a slice.
  core::Result<void> commit_slice(rows::Stage& stage, std::size_t ops_max);
  core::Result<void> commit_batches(rows::Stage& stage, std::span<const HeldBatch> batches);
  void record(Commit& commit) override;
  void committed(const Commit& commit) override;
  void open_snapshots();
  // Goes on with a rejoin that an earlier opening has begun.
  core::Result<void> resume_rejoin();
  core::Result<void> load_parted();
  void make_rejoin(RejoinState state);
  core::Result<void> begin_rejoin(RejoinState state, std::string why, core::Millis now);
  // Where histories part, when this leader gives way to a peer.
  [[nodiscard]] core::Result<RejoinState> rejoin_with(core::Origin peer, core::Origin origin,
                                                      bool adopt) const;
  // Why it is not known where the histories of an origin part; `in_log` says whether this side's
  // next batch is in the log.
  [[nodiscard]] std::string why_unknown(core::Origin peer, core::Origin origin, bool in_log) const;
  // Whether somebody has written the branch again that begins here behind `common`.
  [[nodiscard]] bool was_rewritten(core::Origin origin, core::Seq common) const;
  // Whether the writes of a forked origin are this leader's to write again.
  [[nodiscard]] bool may_rewrite(core::Origin origin) const;
  // What was learnt and promised of the former history is void.
  void taken_over(const std::set<core::Origin>& changed);
  // Ends one that cannot go on, with everything as it was.
  core::Result<void> give_up_rejoin(core::Millis now);
  // A slice of the logging stage. Returns whether there is more.
  core::Result<bool> log_slice(core::Millis now);
  void end_rejoin(core::Millis now);
  // A peer refuses this leader.
  void take(const Refusal& refusal);
  // Gives way when a peer has said that this region was declared lost.
  core::Result<void> heed_loss(core::Millis now);
  // Keeps the log for those who take a snapshot.
  void hold_log();
  // Hands a message of snapshots on; false when it is another one.
  bool take_snapshot_message(LinkId link, Message& message, core::Millis now);
  // Notes what a heartbeat says of clocks; and what this leader's says.
  void hear_clocks(LinkId link, const Heartbeat& heartbeat, core::Millis now);
  [[nodiscard]] core::VersionVector shown_clocks(core::Millis now);
  [[nodiscard]] std::vector<ClockWord> clock_words(core::Millis now) const;
  // The other leaders whose clocks must pass a deadline, each with its region.
  [[nodiscard]] std::map<core::Origin, std::string> clocks_waited_for() const;
  // Looks at the own clock: whether it has moved, and how far it is ahead.
  void look_at_clock(core::Millis now);
  // Tells readers how late it is at least, so that they do not go back.
  void post_time();
  // Stores what was heard of clocks, when that is due.
  core::Result<void> store_heard(core::Millis now);
  // Remembers a row that has dead slots.
  void note_dead(const core::Path& path, const crdt::Row& row);
  // Lets go of the open group.
  void drop_group() { open_.reset(); }
  void alarm_once(std::string text);
  // Takes back what the exchange wants to send: the vector may count what was not stored.
  void send_nothing();

  ReplicaOptions options_;
  CommittedState state_;
  Divergence divergence_;
  RegionList regions_;
  SettledOrigins settled_{state_.applied()};
  LogKeeper keeper_;
  bool regions_touched_ = false;      // A row of the list is in the commit that is being made.
  core::Hash128 list_;                // Of the list that was looked at last.
  core::Hash128 closed_by_;           // Of the one by which ended origins were closed last.
  std::set<core::Origin> ended_;      // What had ended by that.
  core::Millis next_close_ms_ = 0;    // When it may be done again.
  std::uint64_t standings_made_ = 0;  // In this opening.
  core::Millis standing_ms_ = 0;      // When the last one was.
  ClockWatch clocks_;
  std::set<std::string> wrong_clocks_;  // Of the complaints that were made and still hold.
  PassedClocks passed_;
  HeardClocks heard_{options_.drift_ms_max};
  ClockJumps jumps_{options_.drift_ms_max};
  core::Hlc shown_clock_;            // As heartbeats say.
  core::Millis believed_ms_ = 0;     // What others may believe of that.
  bool opening_sent_ = false;        // The first batch of this opening has been committed.
  std::uint64_t origins_begun_ = 0;  // While it runs.
  std::optional<OpenGroup> open_;
  bool wrote_ = false;  // Local writes were committed since slice_scale() was last asked.
  core::Millis wrote_ms_ = 0;
  HoldBuffer held_;
  Reserve reserve_;
  bool starved_ = false;  // Batches could be applied if there were room.
  ClearsAside aside_;
  bool ordering_ = true;
  std::set<core::Path> dead_;  // Rows with dead slots, at most kDeadRowsMax of them.
  Provenance provenance_{state_.applied()};
  Unproven unproven_;
  Signer signer_{options_.signatures, state_.identity(), state_.applied()};
  core::Millis next_keep_ms_ = 0;  // When signatures are stored without another reason.
  Effects effects_;
  std::unique_ptr<Exchange> exchange_;
  std::unique_ptr<Verifier> verifier_;
  std::unique_ptr<Snapshots> snapshots_;
  std::unique_ptr<Rejoin> rejoin_;
  std::optional<core::Failure> rejoin_failed_;  // Why the last one was given up.
  bool lost_ = false;                           // A peer says so.
  bool logging_ = false;                        // The records of a commit are of the old log.
  std::set<std::string> alarms_;
};

}  // namespace anabranch::regions
