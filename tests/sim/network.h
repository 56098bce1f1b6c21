// A deterministic network of real replicas in virtual time: one thread, one seed.
//
// It carries the effects of N replicas, as encoded messages, over links that delay, lose, repeat
// and reorder, break and heal, clog or go silent; stops replicas, moves their clocks, fails their
// disks, and starts them again on what their disks hold, or on a backup. The replicas are those of
// production, over storage in memory. Everything written is told to a ledger, so that wrong() can
// say at any moment what must be visible where.
//
// New kinds of fault belong here, and get a row in faults.cc.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "leader/erased_sweep.h"
#include "leader/expiry_sweep.h"
#include "regions/wire/effect.h"
#include "tests/crdt/random.h"
#include "tests/node.h"
#include "tests/sim/intruder.h"
#include "tests/sim/ledger.h"
#include "tests/sim/seals.h"
#include "tests/sim/stray.h"

namespace anabranch::test {

// What messages go through.
struct Weather {
  double loss = 0;  // Probabilities.
  double repeat = 0;
  core::Millis delay_ms_min = 1;
  core::Millis delay_ms_max = 1;
  bool reorder = false;          // Otherwise what one link carries one way arrives in order.
  std::size_t bytes_per_ms = 0;  // What one link carries one way; 0: any amount.
};

// What the weather has done.
struct Carried {
  std::uint64_t messages = 0;
  std::uint64_t lost = 0;
  std::uint64_t repeated = 0;
  std::uint64_t overtaken = 0;
  std::uint64_t silenced = 0;
  std::uint64_t clogged = 0;
  std::uint64_t slowed = 0;
  std::uint64_t rotten = 0;
  std::uint64_t rotten_batches = 0;
  std::uint64_t turned_away = 0;  // Intruders.
  std::uint64_t failed_commits = 0;
  std::uint64_t restored = 0;  // Regions that have started on a backup...
  std::uint64_t strayed = 0;   // ...or, unnoticed, on an old copy...
  std::uint64_t together = 0;  // ...while others did.
  std::uint64_t unsaid = 0;    // Messages that say where histories part.
};

class Network {
 public:
  // For how long a region that is away keeps expired keys from being cleared.
  static constexpr core::Millis kExpiryWaitMs = 10'000;
  static constexpr core::Millis kSweepGapMs = 30;  // At most, between two slices of a sweep.
  using Index = std::size_t;
  // Without the process; without the unsynced tail.
  enum class Restart : std::uint8_t { kClean, kPowerLoss };

  // Disks that are lazy have foreign writes durable, and passed on, with the next heartbeat only.
  // With an interval this holds for own writes too, but all are sent at once: what is acknowledged
  // may be lost with the power.
  enum class Disks : std::uint8_t { kPrompt, kLazy, kInterval };
  // Whether everybody is believed; or links prove who is at their ends, and what is passed on is
  // believed as far as the region that wrote it has signed it.
  enum class Trust : std::uint8_t { kEverybody, kSigned };
  explicit Network(std::uint64_t seed, Disks disks = Disks::kPrompt,
                   regions::ReplicaLimits limits = {}, Trust trust = Trust::kEverybody);

  // Regions that are added from now on write themselves into the list of regions.
  void announce() { announce_ = true; }

  // ---- Its shape.

  // Adds a region that is connected to nobody; the first one has the index 0.
  Index add();
  // Adds a follower of a region's leader, which is connected to nobody either.
  Index add_follower(Index leader);
  // Links two regions; the first one dials.
  void connect(Index one, Index other);
  // `size` regions, linked as the name says; the middle of a star is 0.
  void mesh(Index size);
  void line(Index size);
  void ring(Index size);
  void star(Index size);

  // ---- What happens to it.

  // Random choices from now on follow from this seed.
  void reseed(std::uint64_t seed) { random_ = Random(seed); }
  void set_weather(Weather weather) { weather_ = weather; }
  [[nodiscard]] const Weather& weather() const { return weather_; }
  // Breaks the links between two regions, and both notice; heal() links them anew.
  void cut(Index one, Index other);
  void heal(Index one, Index other);
  // Loses everything that goes one way, and nobody notices; until unmute().
  void mute(Index from, Index to) { muted_.emplace(from, to); }
  void unmute(Index from, Index to) { muted_.erase({from, to}); }
  // Withholds what goes one way until a moment.
  void clog(Index from, Index to, core::Millis until) { clogged_[{from, to}] = until; }
  // Sends again up to `count` old messages, also of links and processes that are gone.
  std::size_t replay(Index from, Index to, std::size_t count);

  // Ends a region's process and starts it again on what its disk holds.
  void restart(Index at, Restart how);
  // Ends it in the middle of a write: committed, neither synced nor acknowledged. Lazy disks only.
  void lose_write(Index at, const std::function<void(regions::Group&)>& function);
  // The n-th commit from now fails (1: the next). Then nothing is written there until a restart.
  void fail_commit(Index at, std::uint64_t n);
  // Copies its disk; and starts it again on the copy, in another place. Not of who strays, and not
  // while anybody does: that might fall back behind the fork.
  void backup(Index at);
  void restore(Index at);
  // Copies its disk, to be put back where it was, unnoticed: the leader then writes on under its
  // origin, cut off from all, while others have what it wrote after the copy. They meet again with
  // heal(), notice, and it gives way as soon as it can. Putting back does nothing, and returns
  // false, when some region has nothing that was written after the copy, so that no history forks
  // for all; when a neighbour has no log of that, and cannot tell where the histories part; when it
  // cannot write; or when it may not stray.
  void copy(Index at);
  bool put_back(Index at);
  // So many may stray at once, none beside another: who has given way has no log any more that
  // tells where a neighbour's history parts. 1 until this is called.
  void allow_strays(std::size_t most) { strays_max_ = most; }
  [[nodiscard]] bool may_stray(Index at) const;
  [[nodiscard]] bool anybody_strays() const;
  // Loses messages that say where histories part, with this probability, until it is calm.
  void lose_histories(double rate) { histories_lost_ = rate; }
  // Makes a follower a leader of its region, besides the one that there may be; or starts a leader
  // again as a follower. What it does then, it does at its next start as well.
  void promote(Index at);
  void demote(Index at);
  // Tries to write at a follower, which must refuse and be left as it was.
  void try_to_write(Index at, const std::function<void(regions::Group&)>& function);
  // An operator at one region retires another one, or takes that back.
  void retire(Index at, Index whom, regions::Retirement retirement);
  // For failures: how a stray leader is with giving way; empty for others.
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
  // Changes a byte in each of the next batches that are sent, of those that carry checksums.
  void rot_batches(std::size_t batches) { batches_to_rot_ = batches; }
  // Regions that are opened from now on, every other one of them, write as versions did that knew
  // no checksums.
  void write_as_before() { former_ = true; }
  // Has an intruder dial a region; it stays until somebody shuts it out. Returns its region's name.
  std::string intrude(Index at, Malice malice);
  void shut_out_intruders();
  // Has an intruder show a region more of its origin than it has, so that it goes on under another
  // one; false when none is there.
  bool doubt(Index at);
  [[nodiscard]] std::size_t intruders() const { return guests_.size(); }
  // Heals and unmutes everything, starts what stands still, in the calmest weather.
  void calm_down();

  // Does for a replica what a leader's turn does, and carries out what it wants.
  void turn(Index at);
  // Whether a process gets turns now.
  [[nodiscard]] bool running(Index at) const;
  // Whether a region takes writes now; whether it is read from: that, or it is a follower that
  // runs.
  [[nodiscard]] bool writable(Index at) const;
  [[nodiscard]] bool readable(Index at) const {
    return writable(at) || (follows(at) && running(at));
  }
  [[nodiscard]] bool follows(Index at) const { return machines_[at].follows; }
  // Whether a region has no other leader, whether that runs or not.
  [[nodiscard]] bool leads_alone(Index at) const;
  // Commits a transaction durably and tells the ledger; or `transactions` of them in one batch.
  // Returns whether it was acknowledged: only a failing disk refuses.
  bool write(Index at, const std::function<void(regions::Group&)>& function,
             std::size_t transactions = 1);
  // Lets time pass.
  void run(core::Millis duration);
  // Lets time pass until every region has every write; returns whether that took at most so long.
  [[nodiscard]] bool run_until_equal(core::Millis at_most);
  // The same until every incarnation that has a successor is settled everywhere.
  [[nodiscard]] bool run_until_settled(core::Millis at_most);

  // ---- What can be seen.

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
  [[nodiscard]] Random& random() { return random_; }
  // Whether a region has every write.
  [[nodiscard]] bool complete(Index at) const;
  // The first thing that is not as it must be, in words: what failure() says, different rows at
  // equal vectors, counts, and what the oracle demands of each region. Empty when there is none.
  [[nodiscard]] std::string wrong();
  // What was noticed on the way: a batch applied twice or too early, a clock that went back.
  [[nodiscard]] const std::string& failure() const { return failure_; }
  // How often each batch has arrived at a region: {origin and first seq: times}.
  using Arrivals = std::map<std::pair<core::Origin, core::Seq>, int>;
  [[nodiscard]] const Arrivals& arrivals(Index at) const { return machines_[at].arrivals; }
  void forget_arrivals();
  // All that replicas wanted an operator to read.
  [[nodiscard]] const std::vector<std::string>& alarms() const { return alarms_; }
  [[nodiscard]] const Carried& carried() const { return carried_; }
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  // The origins that somebody took for settled while a backup, or a region that it had not heard
  // of, had more of them, which it could not know; and where.
  [[nodiscard]] const std::map<core::Origin, core::Seq>& settled_unknowing() const {
    return settled_unknowing_;
  }
  // Messages and turns so far.
  [[nodiscard]] std::uint64_t events() const { return events_done_; }

 private:
  struct Clock {
    core::Millis wall_ms = 0;   // What it showed...
    core::Millis since_ms = 0;  // ...then.
    int speed = 1;
  };
  // What is truly known of another machine's clock, from whomever: when it said so...
  struct HeardOf {
    core::Millis at_ms = -1;
    core::Millis wall_ms = 0;  // ...what it showed then...
    core::Millis off_ms = 0;   // ...and by how much it was ahead of the own one.
    core::Origin origin = 0;   // As which it said so.
  };
  using Hearsay = std::map<Index, HeardOf>;
  // When a machine has looked at its clock, and how far that was ahead of virtual time then.
  struct Look {
    core::Millis at_ms = 0;
    core::Millis ahead_ms = 0;
  };
  struct Machine {
    std::string region;
    bool follows = false;
    bool has_led = false;  // It follows now.
    bool owes = false;     // It follows, and has led: what its large clears took it lists now.
    std::unique_ptr<Seals> seals;  // Null without keys.
    std::unique_ptr<Node> node;
    std::unique_ptr<leader::ExpirySweep> expiries;
    core::Millis next_expiry_ms = 0;
    std::unique_ptr<leader::ErasedSweep> erased;
    core::Millis next_erased_ms = 0;
    Hearsay heard;
    core::Millis jumped_ms = -1;  // When its clock did at the earliest, in this opening; or -1.
    std::optional<Look> look;
    // What time it was there, for keys that expire, when a batch was written.
    std::map<std::pair<core::Origin, core::Seq>, core::Millis> written_ms;
    std::unique_ptr<storage::MemoryStorage> backup;
    core::VersionVector backup_vector;
    std::unique_ptr<storage::MemoryStorage> copy;
    core::Origin copied_origin = 0;
    core::Seq copied_seq = 0;                              // Of that origin.
    std::optional<Stray> stray;                            // Until it has given way.
    std::string refused;                                   // Why it could not begin to.
    std::set<std::pair<core::Origin, core::Seq>> flipped;  // Records, by origin and last seq.
    int openings = 0;
    int kills = 0;                         // While it gave way.
    std::optional<core::Hash128> settled;  // What it called settled when that was looked at.
    core::VersionVector synced;            // What survives power loss.
    core::VersionVector ever;              // What was on its disk before it fell back behind that.
    core::VersionVector gone;  // What its log need not have: it came by a snapshot, or was cut.
    Ledger::Trail trail;
    Arrivals arrivals;
    Clock clock;
    core::Millis wall_max_ms = 0;
    core::Millis start_ms = 0;  // No tick before, so that ticks do not coincide.
    core::Millis next_collect_ms = 0;
    core::Millis next_work_ms = 0;  // Of what goes on in the background; far away without any.
    core::Millis next_sweep_ms = 0;
    core::Millis frozen_until_ms = 0;
    // Effects from before a failed commit that are not carried out yet; those are the last that may
    // send something.
    std::optional<std::size_t> may_send;
    bool broken = false;
    bool dead = false;  // Its process has ended.
  };
  // One end of a live link; the other end has the link `other`.
  struct End {
    Index at = 0;
    regions::LinkId other = 0;
    core::Millis last_arrival_ms = 0;  // There.
    core::Millis busy_until_ms = 0;    // The way there.
  };
  struct Event {
    core::Millis at_ms = 0;
    std::uint64_t order = 0;
    regions::LinkId link = 0;  // At the receiver.
    std::uint8_t kind = 0;
    std::string body;
    bool rubbish = false;                            // Nobody may go on with who sent it.
    std::shared_ptr<const Hearsay> heard = nullptr;  // Of a heartbeat.
    bool operator>(const Event& other) const {
      return std::pair(at_ms, order) > std::pair(other.at_ms, other.order);
    }
  };
  // An intruder, at the far side of a link of a region.
  struct Guest {
    Index at = 0;
    std::unique_ptr<Intruder> intruder;
    core::Millis last_arrival_ms = 0;
  };
  struct OldMessage {
    std::uint8_t kind = 0;
    std::string body;
  };
  // What one region sent to another: one message of a few, the newest ones.
  struct Memory {
    std::uint64_t sent = 0;
    std::deque<OldMessage> messages;
  };

  Index add(std::string region, bool follows);
  // What a machine is called here: as its region, and a follower with its number besides.
  [[nodiscard]] std::string name(Index at) const;
  void link(Index one, Index other);
  void unlink(Index one, Index other);
  // Ends the process of a region, without a last turn; gives the links that broke.
  std::vector<std::pair<Index, Index>> stop(Index at);
  // Puts a disk where none was before.
  void move(storage::MemoryStorage& disk);
  // Ends the process of a region and starts another one on `disk`.
  void reopen(Index at, std::unique_ptr<storage::MemoryStorage> disk);
  void sync(Index at);
  // The region at the near end of a link; nothing when the link is gone.
  [[nodiscard]] std::optional<Index> receiver(regions::LinkId link) const;
  void arrive(Event event);
  // What an intruder sends, and when a region has called that rubbish.
  void post(regions::LinkId link, std::vector<Frame> frames);
  void turn_away(Index at, regions::LinkId link);
  // Takes in what an intruder has sent, and looks at what must follow from it.
  void arrive_from_guest(Index at, const Event& event, core::Result<regions::Message> message);
  void tick(Index at);
  void work(Index at);
  void carry_out(Index at);
  void send(Index from, regions::LinkId link, const regions::Message& message);
  // The bytes that travel; changed on their way when that was asked for.
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
  // Now and then ends the process of a leader that gives way, and starts it again.
  void kill_who_gives_way();
  // What a machine has of the history that the ledger knows.
  [[nodiscard]] const core::VersionVector& history(const Machine& machine) const;
  // Has written under its own origin: a follower must not.
  void check_may_write(Index at);
  // Tells the ledger what a replica has added to its log.
  void follow(Index at);
  // Looks at what a region has come to call settled.
  void check_settled(Index at);
  // What is wrong with an origin being settled at one region; empty when nothing is.
  std::string settled(Index at, core::Origin origin, core::Seq seq);
  // Whether a machine that does not count has more of it. Which of them count for settling.
  bool settles_unknowing(Index at, core::Origin origin, core::Seq seq);
  [[nodiscard]] bool counts_for(Index at, Index whom);
  // A region goes on beyond where an origin was settled: that is no fault where nobody waited for
  // it.
  void forgive_followers(Index at);
  // A slice of what large clears left.
  void sweep(Index at);
  // A slice of what has expired.
  void expire(Index at);
  [[nodiscard]] std::unique_ptr<leader::ExpirySweep> make_expiry_sweep(Node& node) const;
  [[nodiscard]] static std::unique_ptr<leader::ErasedSweep> make_erased_sweep(Node& node);
  // A slice of what was removed from remove-wins sets; nobody may forget that while another region
  // may write, or has written, what it would have won over.
  void forget(Index at);
  void check_forgotten(Index at);
  // Nobody may clear a key before its deadline by the clocks of the others, or while another region
  // may have written to it before.
  void check_cleared(Index at);
  // It has looked at its clock, and noticed that this has jumped since the last time.
  void look_at_clock(Index at);
  [[nodiscard]] std::shared_ptr<const Hearsay> hearsay(Index at) const;
  void hear(Index at, const Hearsay& all);
  [[nodiscard]] bool given_up(Index at, Index other, core::Millis deadline) const;
  [[nodiscard]] bool counts_for_clearing(Index at, Index other);
  [[nodiscard]] bool stands_alone(Index at);
  [[nodiscard]] bool may_have_renewed(Index at, Index other, core::Millis deadline);
  // What a region hides as expired and must show, or the other way round, in words; else empty.
  [[nodiscard]] std::string wrong_expiry(Index at);
  [[nodiscard]] Index next_to_turn() const;
  // When the next thing happens, a message or a tick; and lets it happen.
  [[nodiscard]] core::Millis next_ms() const;
  void step();
  void set_wall(Index at);
  // Keeps the first failure.
  void note(Index at, const std::string& failure);
  [[nodiscard]] const core::VersionVector& on_disk(Index at) const;
  // Changes a byte of a batch on its way.
  void rot(std::string& batch);
  // What is damaged on a disk must not be sent.
  void check_sent(Index from, const regions::Message& message);
  // What a replica says of itself must be so.
  void check_shown(Index at, const regions::Message& message);
  // Nothing may be forgotten without need that others lack.
  void tick_and_check(Index at);
  void check_kept(Index at);
  [[nodiscard]] bool waits_for(Index at, Index other);
  void forgive_cut(Index at);
  // What every replica has, and has even after the worst that can happen to it.
  [[nodiscard]] core::VersionVector floor() const;
  // What is somewhere.
  [[nodiscard]] core::VersionVector kept() const;

  Random random_;
  Disks disks_;
  regions::ReplicaLimits limits_;
  bool announce_ = false;
  // Somebody wrote who is in no list, or two under one origin: what then settles is not judged.
  bool had_outsiders_ = false;
  std::map<core::Origin, core::Seq> settled_unknowing_;
  Trust trust_;
  rows::Resolvers resolvers_{{}};
  core::Millis now_ = 0;
  core::Millis sweep_gap_ms_max_ = kSweepGapMs;
  Weather weather_;
  std::vector<Machine> machines_;
  std::set<std::pair<Index, Index>> connections_;  // As connect() was called.
  std::set<std::pair<Index, Index>> cut_;          // Of those.
  std::set<std::pair<Index, Index>> muted_;
  std::map<std::pair<Index, Index>, core::Millis> clogged_;
  std::map<std::pair<Index, Index>, Memory> old_;
  std::map<regions::LinkId, End> ends_;
  std::map<regions::LinkId, Guest> guests_;
  std::uint64_t last_guest_ = 0;
  std::uint64_t last_opening_ = 0;
  std::size_t parts_to_rot_ = 0;
  double histories_lost_ = 0;
  std::size_t strays_max_ = 1;
  std::size_t batches_to_rot_ = 0;
  bool former_ = false;
  regions::LinkId last_link_ = 0;
  std::vector<Event> events_;  // A heap, the next one first.
  std::uint64_t last_order_ = 0;
  std::uint64_t last_file_ = 0;  // Numbers places of disks.
  std::uint64_t events_done_ = 0;
  Carried carried_;
  Ledger ledger_;
  std::vector<std::string> alarms_;
  std::string failure_;
};

}  // namespace anabranch::test
