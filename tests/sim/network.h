// A deterministic network of real replicas in virtual time: one thread, one seed.
//
// It carries the effects of N replicas, as encoded messages, over links that delay, lose, repeat
// and reorder, break and heal, clog or go silent; stops replicas, moves their clocks, fails their
// disks, and starts them again on their disks, or on a backup. The replicas are those of
// production, over storage in memory. All writes are told to a ledger, so that wrong() can compare
// the visible state of each replica with the demanded one at any moment. New kinds of fault belong
// here, and get a row in faults.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "leader/sweeps/erased_sweep.h"
#include "leader/sweeps/expiry_sweep.h"
#include "leader/sweeps/orphan_sweep.h"
#include "leader/sweeps/request_sweep.h"
#include "regions/wire/effect.h"
#include "tests/crdt/random.h"
#include "tests/node.h"
#include "tests/shown_values.h"
#include "tests/sim/carried.h"
#include "tests/sim/chooser.h"
#include "tests/sim/ledger.h"
#include "tests/sim/presence_ledger.h"
#include "tests/sim/seals.h"
#include "tests/sim/stray.h"
#include "tests/sim/traffic.h"
#include "tests/sim/underway.h"
#include "tests/three_way.h"

namespace anabranch::test {

class Network {
 public:
  // How long an absent region keeps expired keys from being cleared.
  static constexpr core::Millis kExpiryWaitMs = 10'000;
  static constexpr core::Millis kSweepGapMs = 30;  // At most, between two slices of a sweep.
  using Index = std::size_t;
  enum class Restart : std::uint8_t { kClean, kPowerLoss };  // The latter without unsynced bytes.

  // Lazy disks have foreign writes durable, and passed on, with the next heartbeat only. With an
  // interval this holds for own writes too, but all are sent at once: acknowledged writes may be
  // lost with the power.
  enum class Disks : std::uint8_t { kPrompt, kLazy, kInterval };
  // kEverybody: every peer is believed. kSigned: links prove the regions at their ends, and batches
  // that are passed on are believed as far as the region that wrote them has signed them.
  enum class Trust : std::uint8_t { kEverybody, kSigned };
  explicit Network(std::uint64_t seed, Disks disks = Disks::kPrompt,
                   regions::ReplicaLimits limits = {}, Trust trust = Trust::kEverybody);

  // Machines that are added from now on have the storage engine; its draws follow from the seed,
  // and change no others. For prompt disks and those with an interval.
  void run_on_engine(std::uint64_t seed) { engine_ = std::make_unique<Random>(seed); }

  // Regions that are added from now on write themselves into the list of regions.
  void announce() { announce_ = true; }

  // ---- Its shape.

  // Adds a region without connections; the first one has the index 0.
  Index add();
  // Adds a follower of a region's leader, without connections.
  Index add_follower(Index leader);
  // Links two regions; the first one dials.
  void connect(Index one, Index other);
  // `size` regions, linked as the name says; the middle of a star is 0.
  void mesh(Index size);
  void line(Index size);
  void ring(Index size);
  void star(Index size);

  // ---- Events.

  // Random choices from now on follow from this seed.
  void reseed(std::uint64_t seed) {
    random_ = Random(seed);
    if (engine_) *engine_ = Random(~seed);
  }
  void set_weather(Weather weather) { weather_ = weather; }
  [[nodiscard]] const Weather& weather() const { return weather_; }
  // Breaks the links between two regions, and both notice; heal() links them anew.
  void cut(Index one, Index other);
  void heal(Index one, Index other);
  // Loses all messages in one direction, unnoticed by both sides; until unmute().
  void mute(Index from, Index to) { muted_.emplace(from, to); }
  void unmute(Index from, Index to) { muted_.erase({from, to}); }
  // Withholds the messages in one direction until a moment.
  void clog(Index from, Index to, core::Millis until) { clogged_[{from, to}] = until; }
  // Sends again up to `count` old messages, also of links and processes that are gone.
  std::size_t replay(Index from, Index to, std::size_t count);

  // Ends a region's process and starts it again on its disk.
  void restart(Index at, Restart how);
  // Ends it in the middle of a write: committed, neither synced nor acknowledged. Lazy disks, and
  // engines, only.
  void lose_write(Index at, const std::function<void(regions::Group&)>& function);
  // The n-th commit from now fails (1: the next). Then no write succeeds there until a restart.
  void fail_commit(Index at, std::uint64_t n);
  void refuse(Index at, std::size_t n);  // Its next n commits, for a cause that passes.
  // Copies its disk; and starts it again on the copy, in another place. Not for a stray, and not
  // while any region strays: that might fall back behind the fork.
  void backup(Index at);
  void restore(Index at);
  // copy: copies its disk. put_back: puts the copy back in its place, unnoticed: the leader then
  // writes on under its origin, cut off from all, while others have its writes after the copy. They
  // meet again with heal(), notice, and it gives way as soon as it can. put_back does nothing, and
  // returns false, when some region has none of the writes after the copy, so that no history forks
  // for all; when a neighbour has no log of them, and cannot tell where the histories part; when
  // the region cannot write; or when it may not stray.
  void copy(Index at);
  bool put_back(Index at);
  // A leader that was put back was to write: where the disk has refused that, nothing forks.
  void look_for_fork(Index at);
  // The number of regions that may stray at once, none beside another: after giving way a region
  // has no log any more that tells where a neighbour's history parts. 1 until this is called.
  void allow_strays(std::size_t most) { strays_max_ = most; }
  [[nodiscard]] bool may_stray(Index at) const;
  [[nodiscard]] bool anybody_strays() const;
  // An operator does what the alarm about a history says that no log tells any more: begins a
  // region that is behind, and has raised it, anew from an empty directory. Returns false when
  // there is none of which another region has everything.
  bool begin_anew();
  // Loses messages about forks, with this probability, until it is calm.
  void lose_histories(double rate) { histories_lost_ = rate; }
  // Makes a follower a leader of its region, besides the one that there may be; or starts a leader
  // again as a follower. The role of then is also that of its next start.
  void promote(Index at);
  void demote(Index at);
  // Returns a listed follower, linked with a leader, that may take its place; nullopt if there is
  // none, or if the leader takes no writes now.
  [[nodiscard]] std::optional<Index> heir_of(Index leader);
  // Returns whether the disk of a follower has all that its leader has, as far as that knows.
  [[nodiscard]] bool covers(Index heir, Index leader);
  // Makes a leader a follower, in the same process, and the heir, `after` that, a leader; or the
  // former one again where that cannot be. Returns false if the leader did not step down.
  bool hand_over(Index leader, Index heir, core::Millis after);
  // Tries to write at a follower, which must refuse and be left as it was.
  void try_to_write(Index at, const std::function<void(regions::Group&)>& function);
  // An operator at one region retires another one, or takes that back.
  void retire(Index at, Index whom, regions::Retirement retirement);
  // For failures: the progress of a stray leader with giving way; empty for others.
  [[nodiscard]] std::string stray_text(Index at);
  // Its process gets no turns until a moment.
  void freeze(Index at, core::Millis until) { machines_[at].frozen_until_ms = until; }
  // Its wall clock moves at once, or goes at so many times the usual speed from now on.
  void jump_clock(Index at, core::Millis by);
  void set_clock_speed(Index at, int times);
  // Changes a byte in each of the next parts of snapshots that are sent.
  void rot_snapshots(std::size_t parts) { parts_to_rot_ = parts; }
  // Changes a byte of some record in the log on a region's disk. Returns whether there was one.
  bool flip_record(Index at);
  // Ends a process and changes a bit of what only its log has, as the engine writes it; starts it
  // again. Returns whether writes are missing there since.
  bool flip_log(Index at);
  // Damages some values of the rows on a region's disk, and of what is derived from rows, until the
  // region has taken all its rows again, or falls back to a copy. Returns whether there were any;
  // of two regions only one may lack values at a time.
  bool rot_values(Index at);
  // Returns whether another region has all that the log of this one has no more.
  [[nodiscard]] bool others_suffice(Index at) const;
  // Whether values may be damaged on its disk.
  [[nodiscard]] bool rotten(Index at) const { return machines_[at].rotten; }
  // Changes a byte in each of the next batches that are sent, of those that carry checksums.
  void rot_batches(std::size_t batches) { batches_to_rot_ = batches; }
  // From now on every other opened region writes as versions before checksums did.
  void write_as_before() { former_ = true; }
  // Members that follow may lead one day, and leaders list them.
  void list_members() { lists_ = true; }
  // Members of a region that are added from now on choose its leader by themselves, and another one
  // when they have heard none for so long. They may lead, and are listed.
  void choose_leaders(core::Millis promote_after_ms) {
    lists_ = true;
    promote_after_ms_ = promote_after_ms;
  }
  [[nodiscard]] bool chooses() const { return promote_after_ms_ > 0; }
  // Whether a region has other members.
  [[nodiscard]] bool has_members(Index at) const { return members_of(at).size() > 1; }
  // It gives its lead to another member.
  [[nodiscard]] bool leaves(Index at) const {
    const auto& chooser = machines_[at].candidate.chooser;
    return chooser && chooser->leaves();
  }
  [[nodiscard]] Candidate& candidate(Index at) { return machines_[at].candidate; }
  // An operator has a leader give its lead to another member; returns whether it begins to.
  bool ask_to_hand_over(Index at);
  // Lets time pass until each region has one leader, all of its members know that, and it stays so.
  // Returns the error in words when that takes longer than it may; else empty. Calm only.
  [[nodiscard]] std::string run_until_led();
  // Has an intruder dial a region; it stays until shut_out_intruders(). Returns its region's name.
  std::string intrude(Index at, Malice malice);
  void shut_out_intruders();
  // Shuts intruders out, and starts leaders again that they had close; returns whether there were.
  bool start_denied_again();
  // Has an intruder show a region more of its origin than it has, so that it goes on under another
  // one; returns false when there is no intruder.
  bool doubt(Index at);
  [[nodiscard]] std::size_t intruders() const { return guests_.size(); }
  // Heals and unmutes all links, starts the regions that stand still, in the calmest weather.
  void calm_down();

  // Does the work of a leader's turn for a replica, and carries out its effects.
  void turn(Index at);
  // Whether a process gets turns now.
  [[nodiscard]] bool running(Index at) const;
  // writable: returns whether a region takes writes now; readable: whether it is read from, as a
  // writable region or as a follower that runs.
  [[nodiscard]] bool writable(Index at) const;
  [[nodiscard]] bool readable(Index at) const {
    return writable(at) || (follows(at) && running(at));
  }
  [[nodiscard]] bool follows(Index at) const { return machines_[at].follows; }
  // Returns whether a region has no other leader, running or not.
  [[nodiscard]] bool leads_alone(Index at) const;
  // Commits a transaction durably and tells the ledger; or `transactions` of them in one batch.
  // Returns whether it was acknowledged: only a failing disk refuses.
  bool write(Index at, const std::function<void(regions::Group&)>& function,
             std::size_t transactions = 1);
  // Publishes a message of presence, if the process runs.
  void publish(Index at);
  // Lets time pass.
  void run(core::Millis duration);
  // Lets time pass until every region has every write; returns whether that took at most so long.
  [[nodiscard]] bool run_until_equal(core::Millis at_most);
  // The same until every incarnation that has a successor is settled everywhere.
  [[nodiscard]] bool run_until_settled(core::Millis at_most);
  // The same until no region stores rows inside elements that were erased; the time counts from
  // when all of them have looked at all rows.
  [[nodiscard]] bool run_until_no_orphans(core::Millis at_most);
  // The rows inside erased elements that are still stored, a line each.
  [[nodiscard]] std::string orphans_text();

  // ---- Queries.

  [[nodiscard]] core::Millis now() const { return now_; }
  [[nodiscard]] core::Millis wall(Index at) const;
  [[nodiscard]] Index size() const { return machines_.size(); }
  [[nodiscard]] Node& node(Index at) { return *machines_[at].node; }
  // Whether connect() was called for two regions, in this order or the other.
  [[nodiscard]] bool connected(Index one, Index other) const {
    return connections_.contains({one, other}) || connections_.contains({other, one});
  }
  [[nodiscard]] bool is_cut(Index one, Index other) const {
    return cut_.contains({one, other}) || cut_.contains({other, one});
  }
  [[nodiscard]] bool broken(Index at) const { return machines_[at].broken; }
  [[nodiscard]] const regions::Background& background_of(Index at) const {
    return machines_[at].node->replica().background();
  }
  [[nodiscard]] Random& random() { return random_; }
  // Whether a region has every write.
  [[nodiscard]] bool complete(Index at) const;
  // The first error, in words: that of failure(), different rows at equal vectors, counts, and
  // differences from the oracle for each region. Empty when there is none.
  [[nodiscard]] std::string wrong();
  // Has each region publish a message, and lets time pass. Returns the first one that a region did
  // not hear although it was connected, or what else went wrong; empty when nothing did. Calm only.
  [[nodiscard]] std::string wrong_presence();
  // Errors noticed on the way: a batch applied twice or too early, a clock that went back.
  [[nodiscard]] const std::string& failure() const { return failure_; }
  // {origin and first seq: times that the batch has arrived at a region}
  using Arrivals = std::map<std::pair<core::Origin, core::Seq>, int>;
  [[nodiscard]] const Arrivals& arrivals(Index at) const { return machines_[at].arrivals; }
  void forget_arrivals();
  // Returns the id of a request that may be sent: a new one, or one of the last.
  [[nodiscard]] std::string request_id(Random& random);
  // All alarms of the replicas.
  [[nodiscard]] const std::vector<std::string>& alarms() const { return alarms_; }
  [[nodiscard]] const Carried& carried() const { return carried_; }
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  // {origin: seq} of origins that a region took for settled while a backup, or a region that it had
  // not heard of, had more of them without its knowledge.
  [[nodiscard]] const std::map<core::Origin, core::Seq>& settled_unknowing() const {
    return settled_unknowing_;
  }
  // Messages and turns so far.
  [[nodiscard]] std::uint64_t events() const { return events_done_; }
  // Messages that have been sent and have not arrived.
  [[nodiscard]] std::uint64_t underway() const { return events_.size(); }

 private:
  struct Clock {
    core::Millis wall_ms = 0;   // Its reading...
    core::Millis since_ms = 0;  // ...at this time.
    int speed = 1;
  };
  // A state of a machine's rows that a reader keeps, and the values it has shown there.
  struct KeptShown {
    std::unique_ptr<rows::SnapshotReader> rows;
    ShownValues values;
  };
  struct Machine {
    std::string region;
    bool follows = false;
    bool set_to_follow = false;  // The setting that it starts with.
    bool stored_role = false;    // Its disk says that it has stepped down.
    bool has_led = false;        // It follows now.
    // It follows, and has led: it now lists the tallies that its large clears took.
    bool owes = false;
    std::unique_ptr<Seals> seals;  // Null without keys.
    std::unique_ptr<Node> node;
    std::optional<KeptShown> kept_shown;  // Reads from the node: destroyed before it.
    Candidate candidate;                  // Likewise.
    std::unique_ptr<leader::ExpirySweep> expiries;
    core::Millis next_expiry_ms = 0;
    std::unique_ptr<leader::ErasedSweep> erased;
    core::Millis next_erased_ms = 0;
    std::unique_ptr<leader::OrphanSweep> orphans;
    core::Millis next_orphans_ms = 0;
    std::unique_ptr<leader::RequestSweep> requests;
    core::Millis next_requests_ms = 0;
    Hearsay heard;
    Hearsay heard_right;          // The last ones that were right.
    core::Millis jumped_ms = -1;  // The earliest jump of its clock in this opening; or -1.
    std::optional<Look> look;
    // Times that others may have believed of it, and that it forgot when it restarted, since all
    // clocks that it heard had gone back: {later than, up to}.
    std::vector<std::pair<core::Millis, core::Millis>> gone_back;
    // The time there, for keys that expire, when a batch was written.
    std::map<std::pair<core::Origin, core::Seq>, core::Millis> written_ms;
    std::unique_ptr<Disk> backup;
    core::VersionVector backup_vector;
    std::unique_ptr<Disk> copy;
    core::Origin copied_origin = 0;
    core::Seq copied_seq = 0;       // Of that origin.
    std::optional<Stray> stray;     // Until it has given way...
    std::optional<Stray> gave_way;  // ...and behind that.
    std::string refused;            // Why it could not begin to give way.
    bool unclear = false;  // In this opening it has raised the alarm of an unclear history.
    std::set<std::pair<core::Origin, core::Seq>> flipped;  // Records, by origin and last seq.
    bool rotten = false;                                   // Values may be damaged on its disk.
    bool was_rotten = false;                               // At some time.
    bool takes_again = false;                              // It knows, and takes its rows again.
    // All that it had when its log lost some of that; until it no longer says so.
    std::optional<core::VersionVector> lost;
    int openings = 0;
    core::Millis opened_ms = 0;            // The time of the last one.
    int kills = 0;                         // While it gave way.
    std::optional<core::Hash128> settled;  // Its settled hash at the last check.
    core::VersionVector synced;            // The vector that survives power loss...
    storage::Position synced_to = 0;       // ...and the log that does.
    core::VersionVector ever;              // Its durable vector before it fell back behind that.
    // Batches that its log need not have: they came by a snapshot, or were cut.
    core::VersionVector gone;
    Ledger::Trail trail;
    Arrivals arrivals;
    Clock clock;
    core::Millis wall_max_ms = 0;
    core::Millis start_ms = 0;  // No tick before, so that ticks do not coincide.
    core::Millis next_collect_ms = 0;
    core::Millis next_work_ms = 0;  // Of background work; far away without any.
    core::Millis next_sweep_ms = 0;
    core::Millis frozen_until_ms = 0;
    // The effects from before a failed commit that are not carried out yet; those are the last that
    // may send something.
    std::optional<std::size_t> may_send;
    bool broken = false;
    bool refusing = false;  // No fault is under way but one that passes.
    bool dead = false;      // Its process has ended.
  };
  Index add(std::string region, bool follows);
  // The name of a machine here: that of its region, and for a follower also its number.
  [[nodiscard]] std::string name(Index at) const;
  void link(Index one, Index other);
  void unlink(Index one, Index other);
  // Closes a leader and its storage, now and then, before its process ends.
  void close_at_times(Index at);
  // Ends the process of a region, without a last turn; returns the links that broke.
  std::vector<std::pair<Index, Index>> stop(Index at);
  // Puts a disk where none was before.
  void move(Disk& disk);
  [[nodiscard]] std::unique_ptr<Disk> make_disk();
  // Ends the process of a region and starts another one on `disk`.
  void reopen(Index at, std::unique_ptr<Disk> disk);
  // Follows a log from where it was before the region started again: it may have the commits that
  // failed then.
  void follow_failed(Index at, const Ledger::Trail& before, core::Origin origin);
  void sync(Index at);
  // Notes what of the log, as followed, is on the disk.
  void note_synced(Index at);
  // The region at the near end of a link; nullopt when the link is gone.
  [[nodiscard]] std::optional<Index> receiver(regions::LinkId link) const;
  void arrive(Event event);
  // Sends an intruder's frames; and notes that a region has rejected its link.
  void post(regions::LinkId link, std::vector<Frame> frames);
  void turn_away(Index at, regions::LinkId link);
  // Takes in a message of an intruder, and checks its consequences.
  void arrive_from_guest(Index at, const Event& event, core::Result<regions::Message> message);
  void tick(Index at);
  void work(Index at);
  void carry_out(Index at);
  void send(Index from, regions::LinkId link, const regions::Message& message);
  // The bytes that travel; changed on their way if a fault asked for it.
  std::string encode(const regions::Message& message);
  void push(Index from, Index to, End& end, std::uint8_t kind, std::string body,
            std::shared_ptr<const Hearsay> heard = nullptr);
  void schedule(Event event);
  Event next_event();
  [[nodiscard]] core::Millis arrival_ms(Index from, Index to, End& end, std::size_t bytes);
  [[nodiscard]] core::Millis next_turn_ms(Index at) const;
  [[nodiscard]] core::Millis next_tick_ms(Index at) const;
  // Whether `other` has more than the copy of `at`, and can tell its history from another one.
  [[nodiscard]] bool is_ahead_of_copy(Index other, Index at) const;
  // Asks a stray leader to give way; and takes it back into the ledger when it has.
  void ask_to_give_way(Index at);
  [[nodiscard]] bool goes_unsaid(std::uint8_t kind);
  void take_back(Index at);
  // Whether damage of its log has put a leader back to before it had given way: it does so again.
  bool strays_again(Index at, const core::VersionVector& before);
  [[nodiscard]] bool cannot_give_way(Index at) const;
  // Now and then ends the process of a leader that gives way, and starts it again.
  void note_alarm(Index at, const std::string& text);
  void kill_who_gives_way();
  // The vector of a machine in the history that the ledger knows.
  [[nodiscard]] const core::VersionVector& history(const Machine& machine) const;
  // The region has written under its own origin, behind `own`: a follower must not, but for the
  // resets that it owes.
  void check_may_write(Index at, core::Seq own);
  void step_down(Index at);
  [[nodiscard]] core::Millis promote_after_ms() const {
    constexpr core::Millis kListed = 2'000;
    return chooses() || !lists_ ? promote_after_ms_ : kListed;
  }
  // A member's turn with its cards.
  void beat(Index at);
  [[nodiscard]] core::Millis next_beat_ms(Index at) const;
  [[nodiscard]] Index next_to_beat() const;
  // A member makes a decision about its role, by its cards or by an operator.
  void decide(Index at, bool by_hand, const std::function<void(Chooser&)>& decision);
  void begin_to_choose(Index at);
  void take_cards(Index at, regions::LinkId link, const regions::MemberCards& message);
  void send_cards(Index at);
  void look_soon(Index at);
  void check_promoted(Index at, const Candidate::Before& before);
  void check_stepped_down(Index at, const Candidate::Before& before);
  void check_card(Index at);
  void check_start(Index at);
  void check_stored_reign(Index at, std::uint64_t shown);
  [[nodiscard]] std::vector<Index> members_of(Index at) const;
  // The error in the choice of a region's leader, in words; empty when there is none.
  [[nodiscard]] std::string wrong_leader(Index at);
  [[nodiscard]] std::string members_text(Index at);
  [[nodiscard]] bool left_to_operator(Index at);
  // It follows or not as its replica says.
  void see_role(Index at);
  void follow(Index at);  // Tells the ledger the new records in a replica's log.
  // A region must be able to prove to others what it has just applied, since `before`.
  void check_proven(Index at, const core::VersionVector& before);
  void check_settled(Index at);  // The origins that a region has come to call settled.
  // The error in an origin's being settled at one region; empty when there is none.
  std::string settled(Index at, core::Origin origin, core::Seq seq);
  // Returns whether a machine that does not count has more of it; counts_for tells the machines
  // that count for settling.
  bool settles_unknowing(Index at, core::Origin origin, core::Seq seq);
  [[nodiscard]] bool counts_for(Index at, Index whom);
  // A region goes on beyond the settled end of an origin: that is no fault if no region waited for
  // it.
  void forgive_followers(Index at);
  void show_members(Index at);  // As cards do, to a leader.
  // Does a slice of the sweep after large clears.
  void sweep(Index at);
  // Clears a slice of the expired keys.
  void expire(Index at);
  [[nodiscard]] std::unique_ptr<leader::ExpirySweep> make_expiry_sweep(Node& node) const;
  [[nodiscard]] static std::unique_ptr<leader::ErasedSweep> make_erased_sweep(Node& node);
  // Forgets a slice of the removed elements of remove-wins sets; no region may do that while
  // another one may write, or has written, an insert that a removed element would have won over.
  void forget(Index at);
  // Clears a slice of the rows inside elements that are not in their lists of containers any more.
  [[nodiscard]] static std::unique_ptr<leader::OrphanSweep> make_orphan_sweep(Node& node);
  void clear_orphans(Index at);
  // The rows inside elements that a region shows and must hide, or the reverse, in words; else
  // empty.
  [[nodiscard]] std::string wrong_orphan(Index at);
  // The rows of a region inside elements that were erased.
  [[nodiscard]] std::vector<core::Path> orphans(Index at);
  // Tidies up behind requests, and forgets some.
  [[nodiscard]] static std::unique_ptr<leader::RequestSweep> make_request_sweep(Node& node);
  void forget_requests(Index at);
  [[nodiscard]] std::string wrong_request(Index at);
  void check_forgotten(Index at);
  // No region may clear a key before its deadline by the clocks of the others, or while another
  // region may have written to it before.
  void check_cleared(Index at);
  // The machine has looked at its clock, and detected a jump since the last time.
  void look_at_clock(Index at);
  [[nodiscard]] std::shared_ptr<const Hearsay> hearsay(Index at) const;
  [[nodiscard]] bool has_greeted(Index at, regions::LinkId link, const regions::Message& message);
  void hear(Index at, const Hearsay& all);
  [[nodiscard]] bool given_up(Index at, Index other, core::Millis deadline) const;
  // Whether a machine knows that another one was declared lost.
  [[nodiscard]] bool lost(Index at, Index other);
  [[nodiscard]] bool counts_for_clearing(Index at, Index other);
  [[nodiscard]] bool stands_alone(Index at);
  [[nodiscard]] bool may_have_renewed(Index at, Index other, core::Millis deadline);
  // A reader that keeps a state must see the values of then, whatever policies have come. Keeps the
  // newest state from now on.
  [[nodiscard]] std::string wrong_kept_values(Index at);
  // Returns a digest of the values that readers of a region see.
  [[nodiscard]] core::Hash128 shown_digest(Index at);
  // The keys that a region hides as expired and must show, or the reverse, in words; else empty.
  [[nodiscard]] std::string wrong_expiry(Index at);
  // Whether messages of presence go between two machines; the machines that those of one reach.
  [[nodiscard]] bool talk(Index one, Index other);
  [[nodiscard]] std::set<Index> reached_from(Index publisher);
  [[nodiscard]] Index next_to_turn() const;
  // The time of the next event, a message or a tick; step() lets it happen.
  [[nodiscard]] core::Millis next_ms() const;
  void step();
  void set_wall(Index at);
  // Records, at a restart, whether a leader forgets the time that it had shown before.
  void look_back(Index at, core::Millis before);
  void look_at_refusals(Index at);
  [[nodiscard]] bool is_denied(Index at) const;
  // Keeps the first failure.
  void note(Index at, const std::string& failure);
  [[nodiscard]] const core::VersionVector& on_disk(Index at) const;
  // Whether a result tells of a failure other than one that passes, or than of a damaged value.
  static bool breaks(const auto& result) { return !result.ok() && !result.failure().passes; }
  [[nodiscard]] bool fails(Index at, const auto& result) const {
    return breaks(result) && !(rotten(at) && result.failure().code == ErrorCode::kCorrupt);
  }
  // Returns false when it met a damaged value, which undoes it.
  bool run_transaction(Index at, const std::function<void(regions::Group&)>& function);
  // Commits the open group, and tells the ledger; calls the function meanwhile, or behind it.
  bool commit_group(Index at, const std::function<void()>& beside);
  core::Result<storage::Position> commit(Index at, const std::function<void()>& beside);
  // Looks whether a region has taken its rows again, or what its log had lost.
  void look_at_damage(Index at);
  void look_at_loss(Index at);
  // Changes a byte of a batch on its way.
  void rot(std::string& batch);
  // Damaged records on a disk must not be sent.
  void check_sent(Index from, const regions::Message& message);
  // A replica's statements about itself must be true.
  void check_shown(Index at, const regions::Message& message);
  // No record may be forgotten without need while others lack it.
  void tick_and_check(Index at);
  void check_kept(Index at);
  [[nodiscard]] bool waits_for(Index at, Index other);
  void forgive_cut(Index at);
  // The vector that every replica has, even after its worst possible fault.
  [[nodiscard]] core::VersionVector floor() const;
  // The join of all vectors.
  [[nodiscard]] core::VersionVector kept() const;

  Random random_;
  std::unique_ptr<Random> engine_;  // Null: all is in memory.
  Disks disks_;
  regions::ReplicaLimits limits_;
  bool announce_ = false;
  // A region outside every list wrote, or two under one origin: later settling is not judged.
  bool had_outsiders_ = false;
  std::map<core::Origin, core::Seq> settled_unknowing_;
  Trust trust_;
  rows::Resolvers resolvers_{{}, {three_way()}};
  core::Millis now_ = 0;
  std::set<core::Millis> ends_ms_;  // When leaders stopped.
  core::Millis sweep_gap_ms_max_ = kSweepGapMs;
  Weather weather_;
  std::vector<Machine> machines_;
  std::set<std::pair<Index, Index>> connections_;  // As connect() was called.
  std::set<std::pair<Index, Index>> cut_;          // Of those.
  std::set<std::pair<Index, Index>> muted_;
  std::map<std::pair<Index, Index>, core::Millis> clogged_;
  std::map<std::pair<Index, Index>, SentMessages> old_;
  std::map<regions::LinkId, End> ends_;
  std::map<regions::LinkId, Guest> guests_;
  std::uint64_t last_guest_ = 0;
  std::uint64_t last_opening_ = 0;
  std::size_t parts_to_rot_ = 0;
  double histories_lost_ = 0;
  std::size_t strays_max_ = 1;
  std::size_t batches_to_rot_ = 0;
  bool former_ = false;
  bool lists_ = false;
  core::Millis promote_after_ms_ = 0;  // 0: roles change as faults strike.
  regions::LinkId last_link_ = 0;
  std::vector<Event> events_;  // A heap, the next one first.
  std::uint64_t last_order_ = 0;
  std::uint64_t last_file_ = 0;  // Numbers places of disks.
  std::uint64_t events_done_ = 0;
  Carried carried_;
  Ledger ledger_;
  PresenceLedger presence_;
  std::uint64_t last_request_ = 0;
  std::set<core::Path> forgotten_requests_;   // By any machine: not sent again.
  std::set<core::Path> forgotten_unknowing_;  // By a leader that did not know all others.
  std::vector<std::string> alarms_;
  std::string failure_;
};

}  // namespace anabranch::test
