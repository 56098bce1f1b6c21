// The status of a leader and of its peers, as `anabranch status` shows it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace anabranch {

// How far an origin, one incarnation of one leader, has been applied.
struct AppliedStatus {
  std::string origin;  // 16 hexadecimal digits.
  std::string region;  // Empty while unknown.
  std::uint64_t seq = 0;
  // "ended" once a later incarnation or the region's retirement says so, "settled" once no write
  // of it will arrive anywhere any more; else empty.
  std::string state;
};

// Another leader.
struct PeerStatus {
  std::string region;   // Empty before its first connection.
  std::string address;  // The address that is dialled; empty when the peer dials this leader.
  std::string origin;   // Empty before its first connection.
  bool connected = false;
  bool paused = false;
  bool follower = false;      // The peer serves reads only; no log is kept for it.
  std::uint64_t lag_ops = 0;  // Ops applied here that the peer has not confirmed as applied.
  std::int64_t lag_ms = 0;    // For how long the peer has lacked ops; 0 when it has all.
  // How far it is behind: the age of the oldest write made here that its region has not confirmed
  // as applied, by this leader's steady clock and since its start; 0 when there is none.
  std::int64_t behind_ms = 0;
  std::uint64_t behind_ops = 0;     // Ops the peer has announced that are not applied here.
  std::int64_t clock_ahead_ms = 0;  // Its clock minus this leader's; 0 while unknown.
  bool diverged = false;  // Has applied the same ops but holds other rows: see anabranch verify.
  bool resolvers_differ = false;  // It has other Options::resolvers: it may show other values.
  // Names of functions of native policies in force that it lacks, with ", " between them: it shows
  // the last written there. Empty when it lacks none.
  std::string absent_functions;
  std::string note;          // A problem with the peer, for people; empty when there is none.
  std::string away_why;      // Why it is not connected, for people; empty when it is.
  std::int64_t away_ms = 0;  // For how long it has been disconnected; 0 when connected.
  std::uint64_t tries = 0;   // Failed dials since the last connection.
  // The time to the next dial, 0 while one is under way; -1 when none will come: it is connected,
  // or it dials this leader.
  std::int64_t next_try_ms = -1;
  // Since the connection began, one side still lacks writes that the other had then.
  bool catching_up = false;
  // How long the last heartbeat took to the peer and back, with the time that both leaders needed
  // to look at it; -1 while unknown.
  std::int64_t round_trip_ms = -1;
  // Ops in batches, some of them perhaps repeated, since the two processes met.
  std::uint64_t sent_ops = 0;
  std::uint64_t received_ops = 0;
  // Ops applied here that the peer has not confirmed to be on its disk, and, as behind_ms, the age
  // of the oldest write made here among them.
  std::uint64_t not_durable_ops = 0;
  std::int64_t not_durable_ms = 0;
  // Bytes of batches sent to it that it has not confirmed as received: queued, on the way, or
  // waiting there.
  std::uint64_t queued_bytes = 0;
  // For how long the two have not been known to be equal: since they last compared the digests of
  // all rows, while neither lacked anything, and found them equal; -1 when they never did.
  std::int64_t equal_ago_ms = -1;
};

// Connections and messages refused on the port of the other leaders, since the start. The log names
// their senders.
struct RefusedStatus {
  std::uint64_t unknown_keys = 0;        // Connections with a key of no known region.
  std::uint64_t expired_keys = 0;        // With a key that is not, or no longer, valid.
  std::uint64_t failed_handshakes = 0;   // Without a key, with another protocol, or silent.
  std::uint64_t excess_connections = 0;  // Too many at once.
  std::uint64_t oversized_messages = 0;  // That sent a message without end.
  std::uint64_t malformed_frames = 0;    // Frames and messages that do not decode.
  std::uint64_t forged_batches = 0;      // Writes passed on without the signature of their region.
  std::uint64_t greetings = 0;           // Of another mesh, or of another region than the key's.
};

// Something that an operator should know, in words. Foreign text in it is as it came.
struct WarningStatus {
  std::string kind;        // A word for programs, as "away"; docs/operations/alarms.md has all.
  std::string peer;        // The region or address of the peer that it is about; may be empty.
  bool critical = false;   // Data are in danger, or writes are refused, but for a drain.
  std::string text;        // What is wrong...
  std::string what_to_do;  // ...and the remedy.
};

// A region that was ever known here.
struct RegionStatus {
  std::string region;
  bool connected = false;          // This region is, to itself.
  std::string retirement;          // "retired" or "lost"; empty while this leader waits for it.
  std::uint64_t pinned_bytes = 0;  // Of this leader's log, about, kept for the region.
  std::int64_t pinned_ms = 0;      // For how long the region has lacked the oldest of them, about.
};

// An origin with two histories, because two leaders have written under it. Neither side accepts
// writes of the other side's history, nor writes that depend on them, until one side gives way.
struct ForkStatus {
  std::string origin;
  std::string region;                // The region of the origin.
  std::uint64_t common = 0;          // Up to here both histories are known to be equal...
  std::uint64_t differs = 0;         // ...and from here on, at the latest, they differ.
  std::uint64_t here = 0;            // How far the origin has been applied here.
  std::vector<std::string> same;     // The regions that have this leader's history.
  std::vector<std::string> others;   // The regions that have another one.
  std::vector<std::string> waiting;  // Regions whose writes wait, since they depend on another one.
};

// The rejoin of a leader that gives way: it joins as if it were empty, and writes again the ops
// that only it has.
struct RejoinStatus {
  std::string stage;          // "joining", then "logging"; empty when it does not give way.
  std::uint64_t taken = 0;    // Ops of its log taken over as they were...
  std::uint64_t renamed = 0;  // ...and ops written again under new origins.
  std::uint64_t left = 0;     // Batches still to be logged.
  std::string failed;         // Why the last attempt failed; empty when none did.
};

// A snapshot under way: for a leader that lacks writes that no log has any more.
struct SnapshotStatus {
  std::string region;             // The region of the other side.
  std::string stage;              // "sending", "receiving" or "merging".
  std::uint64_t rows = 0;         // Done in this stage.
  std::uint64_t rows_total = 0;   // 0 while unknown.
  std::uint64_t bytes = 0;        // Transferred.
  std::uint64_t bytes_total = 0;  // 0 while unknown.
  std::uint64_t rows_per_second = 0;
  std::int64_t seconds_left = -1;  // -1 while unknown.
  std::uint64_t log_bytes = 0;     // Sending: of the log that is kept for it meanwhile, about.
};

// The watches and open documents of an embedded store.
struct WatchesStatus {
  std::uint64_t watches = 0;
  std::uint64_t documents = 0;
  std::uint64_t behind = 0;  // Watches that read the log on their own: begun late, or too slow.
  std::uint64_t lost = 0;    // Resyncs sent to watches, whole texts to observers, since the start.
  std::uint64_t slow = 0;    // Functions that have been running for over a second...
  std::uint64_t ever_slow = 0;  // ...and how many have, since the start.
  std::uint64_t thrown = 0;     // Functions that threw, since the start; the log names the errors.
  std::string failed;           // Why no changes can be delivered at present; empty when they can.
};

// Conflicts that a policy has met, since the start.
struct ConflictRuleStatus {
  std::string policy;          // As Loser::policy; "others" for all beyond a hundred.
  std::string prefix;          // Of the policy; empty if no row of a policy ruled the key.
  std::uint64_t met = 0;       // Values came to stand beside each other.
  std::uint64_t replaced = 0;  // Several values were replaced unread, or when one was put back.
  std::uint64_t hidden = 0;    // Rows of a type that is not shown.
  std::uint64_t doomed = 0;    // Values under a deadline that was set without knowledge of them.
};

// The log of losers (Store::losers).
struct ConflictsStatus {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  std::uint64_t bytes_max = 0;
  std::uint64_t dropped_full =
      0;                          // Entries dropped for want of room, since the directory exists...
  std::uint64_t dropped_old = 0;  // ...and by their age.
  std::vector<ConflictRuleStatus> rules;
};

// The modules of plugins that are loaded, and how runs of them ended, since the start. A run
// answers one conflict; answers that are kept need none. All ends but `values` show the last
// written.
struct PluginsStatus {
  std::uint64_t modules = 0;   // Loaded now, those that were refused included: at most 32.
  std::uint64_t machines = 0;  // That wait for a conflict now: at most 4 of a module.
  std::uint64_t values = 0;    // With a value to show.
  std::uint64_t declined = 0;
  std::uint64_t out_of_fuel = 0;
  std::uint64_t out_of_stack = 0;
  std::uint64_t traps = 0;
  std::uint64_t bad_answers = 0;    // Outside of the module's memory.
  std::uint64_t large_answers = 0;  // Over 1 MiB.
};

// The messages of Store::publish and Store::listen, since the start.
struct PresenceStatus {
  std::uint64_t listeners = 0;  // Now.
  std::uint64_t published = 0;  // By this store.
  std::uint64_t received = 0;   // From peers, each time that one came.
  std::uint64_t heard = 0;      // Of these, those that are told to listeners and passed on.
  std::uint64_t sent = 0;       // To peers: own ones, and those passed on.
  // Dropped:
  std::uint64_t repeated = 0;  // Had come before, another way.
  std::uint64_t old = 0;       // Over 5 s.
  std::uint64_t far = 0;       // Not passed on, since it had come over 16 links.
  std::uint64_t excess = 0;    // Came faster than a peer may send.
  std::uint64_t crowded = 0;   // Of more leaders at once than are remembered.
  std::uint64_t held_up = 0;   // Not sent to a peer that had too much under way.
  std::uint64_t unsent = 0;    // Published faster than the store sent them.
  std::uint64_t missed = 0;    // By listeners whose functions were slow.
};

// A member: a data directory whose process runs, as its newest card shows it. One is shown every
// second, or more often, and all pass it on: so those are known, too, that no link leads to.
struct MemberStatus {
  std::string node;  // Names the directory: 32 hexadecimal digits.
  std::string name;  // Options::node_name.
  std::string region;
  std::string zone;         // Options::zone.
  std::string role;         // "leads", "follows", "starts", "leaves", "spare", or "unknown".
  bool self = false;        // This store.
  std::uint64_t rank = 0;   // Options::rank.
  bool fresh = false;       // Its card came within the last seconds.
  std::int64_t age_ms = 0;  // Of its card; it is forgotten after 10 minutes.
  std::uint64_t hops = 0;   // The links of its card's way; 0 for this store.
  bool fit = false;         // It takes writes, or could; else `why` says why not, for people.
  std::string why;
  std::int64_t promote_after_ms = 0;  // Options::promote_after_ms.
  bool able = false;                  // It would lead by itself if there was no leader.
  std::uint64_t reign = 0;            // The number of its leadership while it leads; 0: none.
  bool blind = false;                 // It leads, and has heard no other member since.
  std::string origin;                 // Under which it writes, or would.
  // How old the leader's own writes are that a follower is sure to have; 0 of a leader, -1 while
  // unknown.
  std::int64_t lag_ms = -1;
  // Where it says that clients and other members reach it; empty where it says nothing.
  std::string announce_redis;
  std::string announce_redis_tls;
  std::string announce_sentinel;
  std::string announce_peer;
  // A problem, for people, and its remedy; empty when there is none.
  std::string note;
  std::string remedy;
};

// The cards of members, since the start.
struct CardsStatus {
  std::uint64_t sent = 0;      // To peers: own ones, and those passed on.
  std::uint64_t received = 0;  // From peers, each time that one came.
  std::uint64_t taken = 0;     // Of these, those that were newer than the ones here.
  // Dropped:
  std::uint64_t repeated = 0;  // Were not newer.
  std::uint64_t old = 0;       // Over 10 minutes.
  std::uint64_t forged = 0;    // Without the signature of their region, or with an absurd reign.
  std::uint64_t excess = 0;    // Came faster than a peer may send.
  // Messages on links whose peer is not known yet, or no longer, or of another mesh.
  std::uint64_t strange = 0;
  std::uint64_t crowded = 0;  // Of more members than are remembered.
  std::uint64_t held_up = 0;  // Not passed on to a peer that gets as many as it may.
  std::uint64_t unread = 0;   // Messages with cards that were too long, or of which too many wait.
};

// The commits of local writes since the opening. Writers share a commit, so there may be fewer of
// them than transactions. Times are those of a commit with its sync, in microseconds; p50 and p99
// are up to a quarter too great.
struct Statistics {
  std::uint64_t commits = 0;
  std::uint64_t commits_failed = 0;  // Of these.
  std::uint64_t commit_us_p50 = 0;
  std::uint64_t commit_us_p99 = 0;
  std::uint64_t commit_us_max = 0;
};

// Backups of the data directory (`anabranch backup`).
struct BackupStatus {
  // The last one that was verified: when it was begun, in milliseconds since 1970; 0: never...
  std::int64_t made_ms = 0;
  std::int64_t age_ms = 0;  // ...how long ago by this clock, 0 when there is none...
  std::uint64_t rows = 0;   // ...its rows, the bytes of its files, the digest of its rows...
  std::uint64_t bytes = 0;
  std::string digest;
  std::string path;      // ...and where it was written.
  std::string stage;     // Of one that is running: "writing" or "verifying"; else empty.
  bool overdue = false;  // Older than Options::backup_alarm_ms, or there is none.
};

// The reading of all that is stored (Options::scrub_ms). Times are milliseconds since 1970.
struct ScrubStatus {
  std::int64_t finished_ms = 0;  // The end of the last whole one; 0: none yet.
  std::int64_t begun_ms = 0;     // The beginning of the one under way; 0: none is.
  std::uint64_t done = 0;        // Values and records of the log that it has read...
  std::uint64_t total = 0;       // ...of so many, about.
  std::uint64_t damaged = 0;     // Damaged values that the newest one has met.
};

struct StoreStatus {
  std::string region;
  bool follower = false;  // True until promoted.
  std::string origin;
  std::string origin_why;  // Why the origin began; empty for the first one of a data directory.
  std::string mesh;
  std::string endpoint;                // The listening address; empty when the leader only dials.
  std::vector<AppliedStatus> applied;  // The version vector, in the order of origins.
  // In the order of regions, then addresses; without those of regions that are retired or lost and
  // not connected, and without this leader itself.
  std::vector<PeerStatus> peers;
  std::vector<RegionStatus> regions;  // In the order of their names.
  std::vector<ForkStatus> forks;
  RejoinStatus rejoin;
  std::vector<SnapshotStatus> snapshots;
  std::vector<std::string> clocks;      // Wrong clocks, a sentence for each.
  std::vector<std::string> unproven;    // Writes without a signature for 30 s, likewise.
  std::vector<std::string> log_damage;  // Damaged records of the log, a sentence each.
  // What the log has lost: writes that were on this leader's disk once and are missing, or may be,
  // a sentence for each time that an opening found so. It stands until all has come back from other
  // leaders, or is written again (`anabranch salvage --apply`); where it cannot be told how much is
  // missing, until an operator ends it (`anabranch salvage --forget`).
  std::vector<std::string> log_lost;
  // Of files that openings have set aside, since they may have lost writes: they stay until
  // `anabranch salvage --forget`.
  std::uint64_t set_aside_bytes = 0;
  std::uint64_t log_records = 0;  // Ever written; the oldest of them may be trimmed.
  std::uint64_t log_bytes = 0;    // Kept now, about.
  std::int64_t log_age_ms = 0;    // For how long the oldest of them has been kept, about.
  BackupStatus backup;
  ScrubStatus scrub;
  // Sorted sets to be ordered anew, and scopes of keys to be searched for such since a policy has
  // changed; counted up to 1000. Until then ranks there take time in proportion to the set.
  std::uint64_t orders_left = 0;
  std::uint64_t held_batches = 0;           // Received, waiting for batches that they depend on.
  std::uint64_t waiting_subscriptions = 0;  // To peers that were just asked often, for 10 ms.
  // Origins that are not followed through a certain peer for 30 s, since it was silent, lagged or
  // passed on false batches.
  std::uint64_t avoided_sources = 0;
  // Positions that peers are asked for, since the log here cannot compare them after giving way.
  std::uint64_t wanted_positions = 0;
  std::uint64_t resolver_failures = 0;  // Resolvers threw, or plugins had no answer.
  // Alarms about the functions between concurrent values, the last one of each function and kind: a
  // sentence with the key. At most 20.
  std::vector<std::string> resolver_alarms;
  std::uint64_t resolver_slow = 0;       // Calls that took over 10 ms.
  std::uint64_t resolver_unstable = 0;   // Second calls, about a row in 64, with another answer.
  std::uint64_t answers_kept_bytes = 0;  // The answers of resolvers kept in memory, at most 16 MiB.
  std::uint64_t answers_found = 0;       // Decisions by an answer that was kept...
  std::uint64_t answers_asked = 0;       // ...and those that called a resolver.
  PluginsStatus plugins;
  std::uint64_t policies = 0;  // In force.
  // Policies in force that this leader cannot decide by, a sentence each: of a kind unknown to this
  // version, or of a function that it lacks.
  std::vector<std::string> policy_troubles;
  std::uint64_t absent_functions = 0;  // Conflicts met that a lacking function was to decide.
  ConflictsStatus conflicts;
  // Memory of the whole process, with the pages of the data that it has read; 0 while unknown.
  std::uint64_t memory_bytes = 0;
  std::uint64_t disk_bytes = 0;          // Taken by the files of the data directory.
  std::uint64_t disk_free_bytes = 0;     // Of the file system there, for this process.
  std::uint64_t disk_reserve_bytes = 0;  // With less room than this, writes that add are refused.
  // Of the storage engine: the files of its write-ahead log; memory with writes that are not in its
  // tables yet, or that readers still hold; how often such memory was written to the tables since
  // the start, and whether it is now; the bytes of log that the tables lack, which the next start
  // applies again.
  std::uint64_t storage_log_bytes = 0;
  std::uint64_t storage_waiting_bytes = 0;
  std::uint64_t storage_flushes = 0;
  bool storage_flushing = false;
  std::uint64_t storage_redo_bytes = 0;
  // "sync", "interval" or "none" (Options::durability); bytes of log that a loss of power would
  // take.
  std::string durability;
  std::uint64_t storage_unsynced_bytes = 0;
  // Damaged values in its tables that readers have met since the start, a sentence for each of the
  // first 20.
  std::vector<std::string> storage_damage;
  // Why all rows are to be taken again from another region, and are as soon as one with all of them
  // is connected, and what each connected region lacks, if none has all; empty when they need not.
  std::string rows_again;
  std::uint64_t rows = 0;             // Stored rows that are not empty.
  std::uint64_t expiries = 0;         // Stored deadlines, about; mostly one for each key.
  std::uint64_t expired_waiting = 0;  // Keys that have expired here and are not cleared yet.
  std::uint64_t expired_cleared = 0;  // By this leader, since the start.
  std::uint64_t requests = 0;         // Remembered (Scope::once), about.
  // Their additions and puts that several regions executed, or that were corrected since.
  std::uint64_t requests_repeated = 0;
  std::uint64_t requests_forgotten = 0;    // By this leader, since the start.
  std::uint64_t requests_corrections = 0;  // Of sums, written by this leader, since the start.
  std::string digest;                      // Over all rows, 32 hexadecimal digits.
  std::uint64_t diverged = 0;              // How often a peer was found to hold other rows.
  bool keyed = false;                      // Links have keys.
  RefusedStatus refused;
  // A transaction of this process (an embedded store's) that has been running for over 10 s and
  // blocks all other writers: for how long, and the number of its thread in the operating system. 0
  // when there is none. While there is one, all other fields are as they were before.
  std::int64_t transaction_ms = 0;
  std::uint64_t transaction_thread = 0;
  std::uint64_t long_transactions = 0;  // Such transactions since the start.
  std::uint64_t async_waiting = 0;      // Writes of transact_async that have not begun.
  WatchesStatus watches;
  PresenceStatus presence;
  std::vector<MemberStatus> members;  // This store, then in the order of regions, then names.
  CardsStatus cards;
  Statistics statistics;
  // For how long this leader has known of the oldest write that a connected peer has and that is
  // not applied here; 0 when there is none.
  std::int64_t behind_ms = 0;
  bool slowed = false;  // Local writes are slowed for that: see Options::lag_slow_ms.
  // How long ago the oldest state of the data that somebody still reads was replaced, to a second;
  // 0 when there is none.
  std::int64_t read_ms = 0;
  bool read_too_long = false;           // That is longer than Options::read_ms_max.
  std::vector<WarningStatus> warnings;  // Critical ones first.
  bool draining = false;  // Writes of applications are refused, until that is undone or reopened.
  bool full = false;      // The disk is full: writes that add are refused.
  // Writes are refused for want of a descriptor, room or memory, or the like, until that has
  // passed; it is tried again all the time.
  bool refusing = false;
  // False after a failed commit, or when the directory is gone: reads only, until reopened.
  bool writable = true;
};

}  // namespace anabranch
