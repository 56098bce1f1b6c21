// What a leader knows of itself and of its peers, as `anabranch status` shows it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace anabranch {

// How far an origin, one incarnation of one leader, has been applied.
struct AppliedStatus {
  std::string origin;  // 16 hexadecimal digits.
  std::string region;  // Empty when it is not known yet.
  std::uint64_t seq = 0;
  // "ended" when a later incarnation or the region's retirement says so, "settled" when nothing of
  // it will arrive anywhere any more; else empty.
  std::string state;
};

// Another leader.
struct PeerStatus {
  std::string region;   // Empty when it has never been connected.
  std::string address;  // The address that is dialled; empty when it dials us.
  std::string origin;   // Empty when it has never been connected.
  bool connected = false;
  bool paused = false;
  bool follower = false;            // It serves reads only; nobody waits for it.
  std::uint64_t lag_ops = 0;        // Ops applied here that it has not shown to have applied.
  std::int64_t lag_ms = 0;          // For how long it has not had everything; 0 when it has.
  std::uint64_t behind_ops = 0;     // Ops it has shown that are not applied here.
  std::int64_t clock_ahead_ms = 0;  // Of its clock before this one's; 0 when it is not known.
  bool diverged = false;     // Has applied the same but holds other rows: see anabranch verify.
  std::string note;          // What is wrong with it, for people; empty when nothing is.
  std::string away_why;      // Why it is not connected, for people; empty when it is.
  std::int64_t away_ms = 0;  // For how long it has not been; 0 when it is.
  std::uint64_t tries = 0;   // How often it was dialled in vain since it was connected last.
};

// Who was turned away from the port where other leaders connect, since the start. The log names
// them.
struct RefusedStatus {
  std::uint64_t unknown_keys = 0;        // Connections with a key that nobody known has.
  std::uint64_t expired_keys = 0;        // With a key that is not, or no longer, valid.
  std::uint64_t failed_handshakes = 0;   // Without a key, with another protocol, or silent.
  std::uint64_t excess_connections = 0;  // Too many at once.
  std::uint64_t endless_messages = 0;    // That sent a message without end.
  std::uint64_t rubbish = 0;             // Frames and messages that mean nothing.
  std::uint64_t lies = 0;                // Writes passed on that their region has not signed.
  std::uint64_t greetings = 0;           // Of another mesh, or of another region than the key's.
};

// A region that was ever known here.
struct RegionStatus {
  std::string region;
  bool connected = false;          // This one is, to itself.
  std::string retirement;          // "retired" or "lost"; empty while it is waited for.
  std::uint64_t pinned_bytes = 0;  // Of this leader's log, about, kept because it lacks them.
  std::int64_t pinned_ms = 0;      // For how long it has lacked the oldest of them, about.
};

// An origin with two histories, because two leaders have written under it. Neither side takes what
// only the other has of it, nor what depends on that, until one gives way.
struct ForkStatus {
  std::string origin;
  std::string region;                // That wrote under it.
  std::uint64_t common = 0;          // Up to here both histories are known to be the same...
  std::uint64_t differs = 0;         // ...and from here on, at the latest, they are not.
  std::uint64_t here = 0;            // How far it has been applied here.
  std::vector<std::string> same;     // The regions that have the history that is here.
  std::vector<std::string> others;   // Those that have another one.
  std::vector<std::string> waiting;  // Regions whose writes wait, since they depend on another one.
};

// A leader that gives way: it joins as if it were empty, and writes again what only it has.
struct RejoinStatus {
  std::string stage;          // "joining", then "logging"; empty when it does not give way.
  std::uint64_t taken = 0;    // Ops of its log that could be taken over as they were...
  std::uint64_t renamed = 0;  // ...and that were written again under new origins.
  std::uint64_t left = 0;     // Batches that are still to be logged.
  std::string failed;         // Why the last attempt was given up; empty when none was.
};

// A snapshot that is under way: for a leader that lacks writes which no log has any more.
struct SnapshotStatus {
  std::string region;             // Of the other side.
  std::string stage;              // "sending", "receiving" or "merging".
  std::uint64_t rows = 0;         // Done in this stage.
  std::uint64_t rows_total = 0;   // 0 while it is not known.
  std::uint64_t bytes = 0;        // Transferred.
  std::uint64_t bytes_total = 0;  // 0 while it is not known.
  std::uint64_t rows_per_second = 0;
  std::int64_t seconds_left = -1;  // -1 while it is not known.
};

// The watches and open documents of an embedded store.
struct WatchesStatus {
  std::uint64_t watches = 0;
  std::uint64_t documents = 0;
  std::uint64_t behind = 0;     // Watches that read the log on their own: begun late, or too slow.
  std::uint64_t lost = 0;       // How often one was told to look anew, since the start.
  std::uint64_t slow = 0;       // Functions that have been running for over a second...
  std::uint64_t ever_slow = 0;  // ...and how many have, since the start.
  std::uint64_t thrown = 0;     // Functions that have thrown, since the start; the log has what.
  std::string failed;           // Why nothing can be told at present; empty as long as all is well.
};

struct StoreStatus {
  std::string region;
  bool follower = false;  // Until it is promoted.
  std::string origin;
  std::string origin_why;  // Why it began; empty for the first one of a data directory.
  std::string mesh;
  std::string endpoint;                // Where it listens; empty when it does not.
  std::vector<AppliedStatus> applied;  // The version vector, in the order of origins.
  std::vector<PeerStatus> peers;       // In the order of regions, then addresses.
  std::vector<RegionStatus> regions;   // In the order of their names.
  std::vector<ForkStatus> forks;
  RejoinStatus rejoin;
  std::vector<SnapshotStatus> snapshots;
  std::vector<std::string> clocks;      // Clocks that are wrong, a sentence for each.
  std::vector<std::string> unproven;    // Writes that nobody has signed for 30 s, likewise.
  std::vector<std::string> log_damage;  // Records of the log that are damaged, a sentence each.
  std::uint64_t log_records = 0;        // Ever written; the oldest of them may be trimmed.
  std::uint64_t log_bytes = 0;          // Kept now, about.
  std::int64_t log_age_ms = 0;          // For how long the oldest of them has been kept, about.
  std::uint64_t held_batches = 0;       // Received, waiting for others that they depend on.
  std::uint64_t resolver_failures = 0;  // Resolvers that threw and were overruled.
  std::uint64_t rows = 0;               // That are stored and not empty.
  std::uint64_t expiries = 0;           // Deadlines that are stored; of a key mostly one.
  std::uint64_t expired_waiting = 0;    // Keys that have expired here and are not cleared yet.
  std::uint64_t expired_cleared = 0;    // By this leader, since the start.
  std::string digest;                   // Over them, 32 hexadecimal digits.
  std::uint64_t diverged = 0;           // How often a peer was found to hold other rows.
  bool keyed = false;                   // Links have keys.
  RefusedStatus refused;
  // A transaction of this process (an embedded store's) that has been running for over 10 s, on
  // which everybody waits: for how long, and in which thread, as the operating system numbers it.
  // 0 when there is none. While there is one, all else here is as it was before.
  std::int64_t transaction_ms = 0;
  std::uint64_t transaction_thread = 0;
  std::uint64_t long_transactions = 0;  // So many since the start.
  WatchesStatus watches;
  bool full = false;     // The disk is: writes that add are refused.
  bool writable = true;  // False after a failed commit: reads only, until reopened.
};

}  // namespace anabranch
